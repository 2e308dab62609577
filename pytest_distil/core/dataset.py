"""On which side of the split a call is, and how conflicts are settled: pure functions of the calls."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType
from typing import Literal

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import Example, HeldOut
from pytest_distil.core.text import Json, canonical

_TELLING = frozenset({str, int, bool, NoneType})
"""Types whose equal values have equal JSON; not float (`-0.0 == 0.0`), and no list or dict, which may hold one."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How calls are split and conflicts are settled."""

    holdout: float = 0.2
    """The share of calls kept from training, 0 to below 1."""
    holdout_by: Literal["call", "test"] = "call"
    validation: float = 0.1
    """The share of the training side that only watches the training."""
    conflicts: Literal["drop", "majority"] = "drop"


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


class Cap:
    """Lets each test function contribute so many examples of a task: those with the smallest fingerprints."""

    def __init__(self, most: int | None) -> None:
        """Take how many; None for all."""
        self._most = most
        self._seen: Counter[tuple[str, str]] = Counter()

    def takes(self, example: Example) -> bool:
        """Return whether one of an example's test functions has room for it; to be asked in order of fingerprints.

        What no test made is not capped.
        """
        if self._most is None:
            return True
        functions = {(example.task, test_function(test)) for test in example.tests}
        has_room = [self._seen[function] < self._most for function in functions]
        self._seen.update(functions)
        return any(has_room) or not functions


def part_of(brief: Brief, example: Example, rules: Rules) -> str:
    """Return in which of its dataset's files an example is: `train`, `validation` or `held_out`."""
    if example.held_out:
        return "held_out"
    return "validation" if is_validation(brief, example, rules) else "train"


def test_function(node_id: str) -> str:
    """Return the node id of a test's function, without its parameters."""
    path, separator, name = node_id.partition("::")  # a parameter may hold `::` too
    return path + separator + name.partition("[")[0]


def _split_keys(
    brief: Brief, arguments: Mapping[str, Json], tests: tuple[str, ...], rules: Rules
) -> tuple[list[str], bool]:
    """Return the keys of a call, and whether they stand for whole patterns."""
    if brief.group and brief.group in arguments:
        return [canonical(arguments[brief.group])], True
    if rules.holdout_by == "test" and tests:  # what production wrote has none
        return sorted({test_function(test) for test in tests}), True
    defaults = brief.defaults
    if defaults:
        arguments = {
            name: value
            for name, value in arguments.items()
            if name not in defaults or not _are_equal(value, defaults[name])
        }
    return [canonical(arguments)], False


def _are_equal(value: Json, default: Json) -> bool:
    kind = type(value)
    if kind is not type(default) or value != default:
        return False
    return kind in _TELLING or canonical(default) == canonical(value)


def _share(key: str, *, part: int = 0) -> float:
    """Return a number from 0 to below 1 that a key always has; each part of its hash gives another."""
    return int.from_bytes(_digest(key)[part * 8 : part * 8 + 8], "big") / 2**64


@lru_cache(maxsize=1)  # the parts of a key are asked for one after the other
def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="backslashreplace")).digest()  # a path may be no UTF-8
