"""What is known of a session beside its calls: `session.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any, Self

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import LeftOut
from pytest_distil.core.text import Json

MANIFEST_VERSION = 1
"""1: the first."""


@dataclass(frozen=True, slots=True)
class TaskNumbers:
    """What a session holds of one task."""

    brief: Mapping[str, Json]
    digests: Mapping[str, str]
    format: str
    """The conversation shape of its lines."""
    calls: int
    """Calls that vouched tests made, repeated ones counted each time."""
    tests: int
    """Tests that vouch for its examples."""
    train: int
    validation: int
    held_out: int
    """Held-out examples, new inputs and new patterns together."""
    patterns: int
    """Of the held-out ones, new patterns."""
    most_common: tuple[str, int] | None
    """The result that most examples have, as canonical text, and how many have it."""
    widest_test: tuple[str, int] | None
    """The test function that most examples come from, and how many do."""
    one_result: tuple[str, int] | None = None
    """The test function that gives the same result for most inputs, and for how many."""
    mocked: int = 0
    """Examples that no test vouches for but those beside which something stood in for the real thing."""
    mocks: Mapping[str, int] = field(default_factory=dict)
    """How many of them by its name: a fixture, a marker, a library."""
    secrets: tuple[str, ...] = ()
    """Parameters whose arguments look like secrets, sorted."""

    @property
    def examples(self) -> int:
        """Distinct calls."""
        return self.train + self.validation + self.held_out


@dataclass(frozen=True, slots=True)
class Manifest:
    """One session."""

    id: str
    started: str
    """UTC, ISO 8601."""
    seconds: float
    versions: Mapping[str, str]
    commit: str | None
    settings: Mapping[str, Json]
    partial: bool
    """Whether only some of the suite's tests ran."""
    recovered: bool
    """Whether it was made from the journal of a killed run."""
    merged: tuple[str, ...]
    """The sessions that it was merged from, oldest first; empty for the session of a run."""
    tests: Mapping[str, int]
    """Attempts that vouched (`passed`), and that did not (`not_passed`)."""
    left_out: Mapping[str, int]
    """Calls by reason."""
    left_out_examples: Mapping[str, LeftOut]
    """The first of each reason."""
    tasks: tuple[TaskNumbers, ...]
    files: Mapping[str, str]
    """SHA-256 by file name."""
    mocks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The test functions beside which something stood in for the real thing, by its name."""
    vouched: bool = True
    """Whether tests vouch for its calls: not for lines that production wrote, nor for inputs that were labelled."""

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as plain JSON."""
        return {"v": MANIFEST_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read what `to_json` made; raise `ValueError` where it is none."""
        if not isinstance(data, dict) or data.get("v") != MANIFEST_VERSION:
            raise ValueError(f"not a session manifest of version {MANIFEST_VERSION}")
        try:
            values = {one.name: data[one.name] for one in fields(cls) if one.name in data or _is_needed(one)}
            tasks = tuple(TaskNumbers(**_as_tuples(task)) for task in data["tasks"])
            mocks = {name: tuple(tests) for name, tests in data.get("mocks", {}).items()}
            firsts = {reason: LeftOut(**one) for reason, one in data["left_out_examples"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a session manifest that is incomplete: {error}") from error
        merged = tuple(data["merged"])
        return cls(**{**values, "tasks": tasks, "left_out_examples": firsts, "merged": merged, "mocks": mocks})

    @property
    def is_whole(self) -> bool:
        """Whether a gate may judge by it unasked: a whole suite vouches for it."""
        return self.vouched and not self.partial

    @property
    def examples(self) -> int:
        """Distinct calls, of all tasks."""
        return sum(task.examples for task in self.tasks)

    def briefs(self) -> dict[str, Brief]:
        """Return the brief of each task, by name."""
        return {task.brief["task"]: Brief.from_json(task.brief) for task in self.tasks}


def _is_needed(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _as_tuples(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's numbers with the tuples that JSON has as lists."""
    tuples = ("most_common", "widest_test", "one_result", "secrets")
    return {**task, **{name: tuple(task[name]) for name in tuples if task.get(name) is not None}}
