"""What is known while originals run and tests wait for the model; classes, so that no frame is added to tracebacks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from pytest_distil.mark.task import Task
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.recorder import Running


@dataclass(slots=True)
class Trying(Attempt):
    """An attempt of a test in an evaluating run."""

    raised: dict[tuple[str, str], None] = field(default_factory=dict)
    """Task and arguments of calls whose original raised."""
    pure: int | None = None
    """How many rows stood before the first value that was not the original's; None where none was received here."""


class Inside(Running):
    """An original runs: which, in which thread, and whether it raised."""

    __slots__ = ("_arguments", "_running", "_thread")

    def __init__(self, running: Counter[int], task: Task, attempt: Attempt, arguments: str | None) -> None:
        """Take the count of running originals by thread, and the encoded call; None for one that is left out."""
        super().__init__(task, attempt)
        self._running = running
        self._arguments = arguments

    def __enter__(self) -> None:
        super().__enter__()
        self._thread = threading.get_ident()
        self._running[self._thread] += 1

    def __exit__(self, kind: type[BaseException] | None, *more: object) -> None:
        self._running[self._thread] -= 1
        if kind is None or self._arguments is None or not isinstance(self._attempt, Trying):
            super().__exit__(kind, *more)
            return
        super().__exit__(None)
        self._attempt.raised[self._task.name, self._arguments] = None


class Contradicting:
    """An original runs a second time: what it gives or raises is noted, and the test sees nothing of it."""

    def __init__(self, task: Task, *, note: Callable[[Task, Any, Exception | None], None]) -> None:
        self.result: Any = None
        self._task = task
        self._note = note
        self._inside = Running(task, Attempt(""))

    def __enter__(self) -> Self:
        self._inside.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        self._inside.__exit__(None)
        if error is not None and not isinstance(error, Exception):
            return False
        self._note(self._task, self.result, error)
        return True


class Waiting:
    """A test waits for the model; where its limit of time or a cancelled task ends that, the model was the reason."""

    __slots__ = ("_attempt",)

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        """Begin to wait."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._attempt.different = True
