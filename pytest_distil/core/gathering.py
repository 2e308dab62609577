"""What vouched calls add up to: duplicates merged, conflicts settled, sides decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Literal

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import CONFLICT, OUTVOTED, Conflict, Example, HeldOut, LeftOut, fingerprint
from pytest_distil.core.dataset import Rules, held_out_side
from pytest_distil.core.text import Json, canonical, parse

_FEW = 16
"""Tests of one result that are kept as a tuple, which is small; more as a set, which takes another one quickly."""

_Tests = tuple[str, ...] | set[str]
_Seen = tuple[str, _Tests]
"""A result as JSON text, and the tests that saw it."""


class _Entry:
    """What is known of one call. A million of them must fit into memory, so it is as small as Python allows."""

    __slots__ = ("held_out", "result", "results", "tests")

    def __init__(self, result: str, tests: _Tests, held_out: HeldOut) -> None:
        self.result = result
        self.tests = tests
        self.held_out = held_out
        """Where a test or a session keeps the call from training."""
        self.results: dict[str, _Seen] | None = None
        """The different results by their canonical text, where there are several; `result` then means nothing."""


class Gathering:
    """Takes vouched calls in any order, and gives the same examples for every order."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._entries: dict[str, dict[str, _Entry]] = {}
        """By task and by arguments as they were written: equal calls may differ in the order of a dict's keys."""
        self._tests: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, task: str, arguments: str, result: str, *, tests: tuple[str, ...], held_out: HeldOut = False) -> None:
        """Add a call and its result, both as JSON text; `held_out` says that it is kept from training."""
        entries = self._entries.get(task)
        if entries is None:
            entries = self._entries[task] = {}
        entry = entries.get(arguments)
        if entry is None:
            entries[arguments] = _Entry(result, self._tests.setdefault(tests, tests), held_out)
        else:
            entry.held_out = _stricter(entry.held_out, held_out)
            _add_result(entry, result, tests)

    def results(self, task: str) -> list[str]:
        """Return the different results of a task as JSON text, sorted."""
        return sorted({text for entry in self._entries.get(task, {}).values() for text, _ in _seen(entry)})

    def each(self, briefs: Mapping[str, Brief]) -> Iterator[Example | Conflict]:
        """Yield each call as an example, as a conflict, or as both where the conflict was settled.

        Sorted by task and fingerprint; of a settled conflict the example comes first.
        """
        for task, entries in sorted(self._entries.items()):
            brief = briefs[task]
            for digits, text, entry in _distinct(task, entries):
                arguments = parse(text)
                # A test that saw another result made the call too: where it is held out, the call is.
                by_rule = held_out_side(brief, arguments, _every_test(entry), self._rules)
                held_out = _stricter(entry.held_out, by_rule)
                settled = _settle(entry, self._rules.conflicts)
                if settled:
                    yield _example(digits, arguments, held_out, brief, settled)
                if entry.results:
                    yield _conflict(digits, arguments, held_out, brief, entry.results)


def _example(digits: str, arguments: dict[str, Json], held_out: HeldOut, brief: Brief, seen: _Seen) -> Example:
    result, tests = seen
    return Example(
        task=brief.task,
        dataset=brief.dataset,
        fingerprint=digits,
        arguments=arguments,
        result=parse(result),
        held_out=held_out,
        group=canonical(arguments[brief.group]) if brief.group and brief.group in arguments else None,
        tests=tuple(sorted(tests)),
    )


def _distinct(task: str, entries: Mapping[str, _Entry]) -> Iterator[tuple[str, str, _Entry]]:
    """Yield fingerprint, text and entry of each call, sorted; of texts that mean the same the smallest."""
    keyed = sorted((fingerprint(task, parse(text)), text) for text in entries)
    for digits, equal in groupby(keyed, key=itemgetter(0)):
        (_, text), *others = equal
        entry = entries[text]
        for _, other in others:
            _merge(entry, entries[other])
        yield digits, text, entry


def _merge(entry: _Entry, other: _Entry) -> None:
    """Add what is known of the same call."""
    entry.held_out = _stricter(entry.held_out, other.held_out)
    for result, tests in _seen(other):
        _add_result(entry, result, tests)


def _seen(entry: _Entry) -> list[_Seen]:
    """Return each different result with its tests."""
    return [(entry.result, entry.tests)] if entry.results is None else [*entry.results.values()]


def _every_test(entry: _Entry) -> tuple[str, ...]:
    """Return all tests that made a call, sorted."""
    return tuple(sorted({test for _, tests in _seen(entry) for test in tests}))


def left_out_by(conflict: Conflict, brief: Brief, *, settled: bool) -> LeftOut:
    """Describe what a conflict leaves out, with its likely cause."""
    tests = [test for _, seen_by in conflict.results for test in seen_by]
    excluded = ", ".join(map(repr, brief.excluded))
    cause = f"; the calls may differ in what is excluded: {excluded}" if excluded else ""
    reason = OUTVOTED if settled else CONFLICT
    first = min(tests, default="")  # no test made what was imported
    return LeftOut(reason, conflict.task, f"{len(conflict.results)} different results{cause}", first)


def _stricter(one: HeldOut, other: HeldOut) -> HeldOut:
    """Return what keeps a call further from training: held out wins, and a whole pattern over an input."""
    if one == other:
        return one
    sides: tuple[HeldOut, ...] = ("pattern", "input", False)
    return next(side for side in sides if side in (one, other))


def _add_result(entry: _Entry, result: str, tests: _Tests) -> None:
    """Add a result, or its tests to the result that it equals."""
    if entry.results is None:
        if _equal(entry.result, result):
            entry.result = min(entry.result, result)
            entry.tests = _and(entry.tests, tests)
            return
        entry.results = {_key(entry.result): (entry.result, entry.tests)}
    key = _key(result)
    known, seen_by = entry.results.get(key, (result, ()))
    entry.results[key] = (min(known, result), _and(seen_by, tests))


def _equal(one: str, other: str) -> bool:
    """Return whether two JSON texts of ours say the same: they then differ in the order of keys at most."""
    return one == other or (len(one) == len(other) and _key(one) == _key(other))


def _key(text: str) -> str:
    return canonical(parse(text))


def _and(tests: _Tests, more: _Tests) -> _Tests:
    """Return tests and some more, each once."""
    if isinstance(tests, set):
        tests.update(more)
        return tests
    if not tests and isinstance(more, tuple):
        return more
    every = (*tests, *(test for test in more if test not in tests))
    return every if len(every) <= _FEW else set(every)


def _settle(entry: _Entry, how: Literal["drop", "majority"]) -> _Seen | None:
    """Return the one result and its tests, or None where they conflict."""
    if entry.results is None:
        return entry.result, entry.tests
    first, second = sorted(entry.results.values(), key=lambda seen: -len(seen[1]))[:2]
    return None if how == "drop" or len(first[1]) == len(second[1]) else first


def _conflict(
    digits: str, arguments: dict[str, Json], held_out: HeldOut, brief: Brief, seen: Mapping[str, _Seen]
) -> Conflict:
    """Return different results of a call as plain JSON."""
    results: list[tuple[Json, tuple[str, ...]]] = [
        (parse(text), tuple(sorted(tests))) for _, (text, tests) in sorted(seen.items())
    ]
    return Conflict(brief.task, brief.dataset, digits, arguments, held_out, tuple(results))
