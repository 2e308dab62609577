"""What vouched calls add up to: duplicates merged, conflicts settled, sides decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import CONFLICT, Example, HeldOut, LeftOut, fingerprint
from pytest_distil.core.text import Json, canonical


@dataclass(frozen=True, slots=True)
class Rules:
    """How calls are split and conflicts are settled."""

    holdout: float = 0.2
    """The share of calls kept from training, 0 to below 1."""
    holdout_by: Literal["call", "test"] = "call"
    validation: float = 0.1
    """The share of the training side that only watches the training."""
    conflicts: Literal["drop", "majority"] = "drop"


class _Entry:
    """One distinct call. A million of them must fit into memory, so it is as small as Python allows."""

    __slots__ = ("arguments", "brief", "marked", "results")

    def __init__(self, brief: Brief, arguments: str) -> None:
        self.brief = brief
        self.arguments = arguments
        self.results: tuple[tuple[str, tuple[str, ...]], ...] = ()
        """Each different result as JSON text, with the tests that saw it."""
        self.marked = False
        """Whether a test that is marked held_out made it."""


class Gathering:
    """Takes vouched calls in any order, and gives the same examples for every order."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._entries: dict[bytes, _Entry] = {}
        self._tests: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        """Return the number of distinct calls."""
        return len(self._entries)

    def add(self, brief: Brief, arguments: str, result: str, *, test: str, held_out: bool = False) -> None:
        """Add a call and its result, both as JSON text; `held_out` says that the test keeps it from training."""
        key = bytes.fromhex(fingerprint(brief.task, json.loads(arguments)))
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(brief, arguments)
        # Equal calls may differ in the order of a dict's keys: the smallest text stands for all, whichever came first.
        entry.arguments = min(entry.arguments, arguments)
        entry.marked = entry.marked or held_out
        entry.results = _with_result(entry.results, result, self._tests.setdefault(test, (test,)))

    def examples(self) -> Iterator[Example | LeftOut]:
        """Yield each call as an example, or as left out where its results conflict; sorted by task and fingerprint."""
        for key, entry in sorted(self._entries.items(), key=lambda item: (item[1].brief.task, item[0])):
            settled = _settle(entry, self._rules.conflicts)
            if settled is None:
                yield _conflict(entry)
            else:
                yield self._example(key.hex(), entry, *settled)

    def _example(self, digits: str, entry: _Entry, result: str, tests: tuple[str, ...]) -> Example:
        brief, arguments = entry.brief, json.loads(entry.arguments)
        group = canonical(arguments[brief.group]) if brief.group and brief.group in arguments else None
        held_out = held_out_side(brief, arguments, tests, self._rules)
        return Example(
            task=brief.task,
            dataset=brief.dataset,
            fingerprint=digits,
            arguments=arguments,
            result=json.loads(result),
            held_out="pattern" if entry.marked else held_out,
            group=group,
            tests=tests,
        )


def held_out_side(brief: Brief, arguments: Mapping[str, Json], tests: tuple[str, ...], rules: Rules) -> HeldOut:
    """Return on which side of the split a call is: a pure function of its split keys, in which no name of a task is."""
    keys, whole = _split_keys(brief, arguments, tests, rules)
    if any(_share(key) < rules.holdout for key in keys):
        return "pattern" if whole else "input"
    return False


def is_validation(brief: Brief, example: Example, rules: Rules) -> bool:
    """Return whether an example of the training side only watches the training; decided by the same hash."""
    keys, _ = _split_keys(brief, example.arguments, example.tests, rules)
    return not example.held_out and _share(keys[0], part=1) < rules.validation


def test_function(node_id: str) -> str:
    """Return the node id of a test's function, without its parameters."""
    path, separator, name = node_id.rpartition("::")
    return path + separator + name.partition("[")[0]


def _split_keys(
    brief: Brief, arguments: Mapping[str, Json], tests: tuple[str, ...], rules: Rules
) -> tuple[list[str], bool]:
    """Return the keys of a call, and whether they stand for whole patterns."""
    if brief.group and brief.group in arguments:
        return [canonical(arguments[brief.group])], True
    if rules.holdout_by == "test":
        return sorted({test_function(test) for test in tests}), True
    given = {name: value for name, value in arguments.items() if not _is_default(brief, name, value)}
    return [canonical(given)], False


def _is_default(brief: Brief, name: str, value: Json) -> bool:
    return name in brief.defaults and canonical(brief.defaults[name]) == canonical(value)


def _share(key: str, *, part: int = 0) -> float:
    """Return a number from 0 to below 1 that a key always has; each part of its hash gives another."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[part * 8 : part * 8 + 8], "big") / 2**64


def _with_result(
    results: tuple[tuple[str, tuple[str, ...]], ...], result: str, tests: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Add a result, or its test to the result that it equals."""
    for index, (known, seen_by) in enumerate(results):
        if known == result or canonical(json.loads(known)) == canonical(json.loads(result)):
            every = seen_by if tests[0] in seen_by else (*seen_by, *tests)
            return (*results[:index], (min(known, result), every), *results[index + 1 :])
    return (*results, (result, tests))


def _settle(entry: _Entry, how: Literal["drop", "majority"]) -> tuple[str, tuple[str, ...]] | None:
    """Return the one result and its tests, or None where they conflict."""
    if len(entry.results) == 1:
        text, tests = entry.results[0]
        return text, tuple(sorted(tests))
    ranked = sorted(entry.results, key=lambda item: -len(item[1]))
    if how == "drop" or len(ranked[0][1]) == len(ranked[1][1]):
        return None
    return ranked[0][0], tuple(sorted(ranked[0][1]))


def _conflict(entry: _Entry) -> LeftOut:
    """Describe a conflict, with its likely cause."""
    excluded = ", ".join(map(repr, entry.brief.excluded))
    cause = f"; the calls may differ in what is excluded: {excluded}" if excluded else ""
    tests = sorted({test for _, seen_by in entry.results for test in seen_by})
    return LeftOut(CONFLICT, entry.brief.task, f"{len(entry.results)} different results{cause}", tests[0])
