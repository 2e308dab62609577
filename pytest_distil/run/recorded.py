"""What an earlier session holds of the tasks that are evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import Example
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.text import Json, compact
from pytest_distil.store.session import read_examples, read_manifest

_OWNERS = {"self", "cls"}
"""Parameters that are part of a call only where their class has fields."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The examples of one session, by task and fingerprint."""

    name: str
    folder: Path
    manifest: Manifest
    examples: Mapping[tuple[str, str], Example]

    @classmethod
    def read(cls, folder: Path) -> Recorded:
        """Read a session; raise `DataError` where it is damaged."""
        examples = {(one.task, one.fingerprint): one for one in read_examples(folder)}
        return cls(folder.name, folder, read_manifest(folder), examples)

    def longest_reply(self, task: str) -> int | None:
        """Return the bytes of a task's longest result; None where there is none."""
        lengths = (len(compact(one.result).encode()) for (name, _), one in self.examples.items() if name == task)
        return max(lengths, default=None)

    def tasks(self) -> set[str]:
        """Return the names of the tasks."""
        return {task for task, _ in self.examples}

    def tests(self) -> set[str]:
        """Return the node ids of the tests that vouch for the examples."""
        return {test for one in self.examples.values() for test in one.tests}

    def training(self, task: str) -> list[Example]:
        """Return what a model of the task may be trained on."""
        return [one for one in self.examples.values() if one.task == task and not one.held_out]

    def of_tests(self, tests: Iterable[str]) -> list[Example]:
        """Return the examples that some tests vouch for, in the order of the tests."""
        order = {test: place for place, test in enumerate(tests)}
        placed = [
            (min(places), one)
            for one in self.examples.values()
            if (places := [order[test] for test in one.tests if test in order])
        ]
        return [one for _, one in sorted(placed, key=lambda pair: (pair[0], pair[1].task, pair[1].fingerprint))]


def fits(arguments: Mapping[str, Json], brief: Brief) -> bool:
    """Return whether a recorded call can still be made: its arguments are today's parameters."""
    unknown = arguments.keys() - set(brief.parameters)
    missing = set(brief.parameters) - arguments.keys() - _OWNERS
    return not unknown and not missing
