"""A recorder at work, as a test of somebody would have it, and what it has to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_distil.core.text import Json, parse
from pytest_distil.mark import tap
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.recorder import Recorder


class Watched:
    """What was called in one attempt of a test."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._payload: dict[str, Any] | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """What the attempt has to say; it is over then."""
        if self._payload is None:
            attempt, self.recorder.attempt = self.recorder.attempt, None
            assert attempt is not None
            self._payload = self.recorder.payload(attempt)
        return self._payload

    @property
    def calls(self) -> list[tuple[Json, Json]]:
        """Arguments and result of each distinct call, in order."""
        return [(parse(arguments), parse(result)) for _, arguments, result, _ in self.payload["rows"]]

    @property
    def times(self) -> Counter[str]:
        """How often each task was called and recorded."""
        counted: Counter[str] = Counter()
        for task, _, _, times in self.payload["rows"]:
            counted[task] += times
        return counted

    @property
    def left_out(self) -> dict[str, int]:
        """How many calls each reason left out."""
        counted: Counter[str] = Counter()
        for one, times in self.payload["left_out"]:
            counted[one["reason"]] += times
        return dict(counted)

    @property
    def details(self) -> list[str]:
        """What is said of the calls that were left out."""
        return [one["detail"] for one, _ in self.payload["left_out"]]

    def brief(self, task: str) -> dict[str, Any]:
        """Return what is said of a task."""
        (found,) = [one for one in self.payload["briefs"] if one["task"] == task]
        return dict(found)


@contextmanager
def watched(test: str = "t.py::test") -> Iterator[Watched]:
    """Record the calls that are made until the block ends."""
    found = Watched()
    with tap.install(found.recorder):
        found.recorder.attempt = Attempt(test)
        yield found
