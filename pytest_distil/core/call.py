"""Calls, the examples that they become, and those that are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_distil.core.hooked import EXAMPLE_HOOK
from pytest_distil.core.text import Json, canonical

HeldOut = Literal["input", "pattern", False]
"""Whether a call is kept from training: as a new input of a trained pattern, or as a new pattern."""

EXAMPLE_VERSION = 1
"""Version of a line of calls.jsonl. 1: the first."""


def fingerprint(task: str, arguments: Mapping[str, Json]) -> str:
    """Return 32 hexadecimal digits of the SHA-256 of a task's name and arguments; equal calls have equal digits."""
    return hashlib.sha256(f"{task}\n{canonical(arguments)}".encode()).hexdigest()[:32]


def in_sample(digits: str, share: float) -> bool:
    """Return whether a call is in a sample of that share, 0 to 1: a pure function of its fingerprint."""
    return int(digits[:8], 16) / 2**32 < share


@dataclass(frozen=True, slots=True)
class Example:
    """A call and the original's result, with the tests that vouch for it."""

    task: str
    dataset: str
    fingerprint: str
    arguments: Mapping[str, Json]
    result: Json
    held_out: HeldOut
    group: str | None
    """Canonical text of the group argument, where the task declares one."""
    tests: tuple[str, ...]
    """Node ids, sorted."""

    def to_json(self) -> dict[str, Any]:
        """Return a line of calls.jsonl."""
        return {
            "v": EXAMPLE_VERSION,
            "task": self.task,
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "arguments": self.arguments,
            "result": self.result,
            "held_out": self.held_out,
            "group": self.group,
            "tests": list(self.tests),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Example:
        """Read a line of calls.jsonl; raise `ValueError` where it is none."""
        if not isinstance(data, dict) or data.get("v") != EXAMPLE_VERSION:
            raise ValueError(f"not an example of version {EXAMPLE_VERSION}")
        try:
            known = {key: data[key] for key in cls.__dataclass_fields__}
        except KeyError as error:
            raise ValueError(f"an example without {error.args[0]!r}") from error
        return cls(**{**known, "tests": tuple(known["tests"])})


@dataclass(frozen=True, slots=True)
class Conflict:
    """One call with different results, each with the tests that vouch for it."""

    task: str
    dataset: str
    fingerprint: str
    arguments: Mapping[str, Json]
    held_out: HeldOut
    """On which side the call is: shards of a run must say the same of it as the whole."""
    results: tuple[tuple[Json, tuple[str, ...]], ...]
    """Sorted by canonical text; node ids sorted."""

    def to_json(self) -> dict[str, Any]:
        """Return a line of conflicts.jsonl."""
        return {
            "v": EXAMPLE_VERSION,
            "task": self.task,
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "arguments": self.arguments,
            "held_out": self.held_out,
            "results": [{"result": result, "tests": list(tests)} for result, tests in self.results],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Conflict:
        """Read a line of conflicts.jsonl; raise `ValueError` where it is none."""
        if not isinstance(data, dict) or data.get("v") != EXAMPLE_VERSION:
            raise ValueError(f"not a conflict of version {EXAMPLE_VERSION}")
        try:
            known = {key: data[key] for key in cls.__dataclass_fields__}
            results = tuple((one["result"], tuple(one["tests"])) for one in data["results"])
        except KeyError as error:
            raise ValueError(f"a conflict without {error.args[0]!r}") from error
        return cls(**{**known, "results": results})


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """A call that did not become an example."""

    reason: str
    """One of the constants below, so that they can be counted."""
    task: str
    detail: str = ""
    """What it was with this call: a path and its fault."""
    test: str = ""


WIDE_FIXTURE = "made in a fixture wider than a function"
TEARDOWN = "made in teardown"
OUTSIDE = "made outside a test (at import or collection, or by a thread that outlived its test)"
ARGUMENT = "an argument cannot be recorded"
RESULT = "the result cannot be recorded"
REDACTED = "the result tells what was redacted"
RAISED = "the original raised"
NO_SCHEMA = "the return type has no schema"
MARKED = "the test is marked collect=False"
EXCLUDED = "the test uses a fixture that distil_exclude_fixtures names"
CAPPED = "its test function has more examples than distil_max_per_test"
NOT_PASSED = "the test did not pass"
CONFLICT = "conflict: one call, different results"
OUTVOTED = "conflict: outvoted by the result of most tests"
DECLINED = f"{EXAMPLE_HOOK} says so"
FAULTY = f"{EXAMPLE_HOOK} did not work"
TOO_LONG = "the prompt is too long"
