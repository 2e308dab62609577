"""What one attempt of a test has called so far."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from pytest_distil.core.call import LeftOut
from pytest_distil.mark.task import Task

K = TypeVar("K")

_MOST_DETAILS = 20
"""Left-out calls of one reason that are described one by one in one attempt; the rest is counted."""

_MORE = "and more like these"
"""Stands behind every description where descriptions are sorted: those begin with `$`."""

Row = tuple[str, str, str]
"""Task name, arguments and the original's result; the last two as JSON text."""

Tally = dict[K, "count[int]"]
"""How often something happened: a step of `count` cannot be lost between threads, as one of `+= 1` can."""

_MADE_HERE: ContextVar[Attempt | None] = ContextVar("distil_made_here", default=None)
"""The attempt that was made last in this context."""


def _other_threads() -> frozenset[int | None]:
    """Return the threads that run beside this one."""
    return frozenset(thread.ident for thread in threading.enumerate()) - {threading.get_ident()}


@dataclass(slots=True)
class Attempt:
    """What one attempt of a test has called so far; made in the thread that runs the test."""

    test: str
    """Node id."""
    held_out: bool = False
    barred: str | None = None
    """Why calls are left out at the moment: the scope that is running."""
    substitute: bool = False
    """Whether calls receive the model's values."""
    different: bool | None = None
    """Whether one received a value that was not the original's; None where none received the model's."""
    excluded: bool = False
    """Whether the user named something that the test uses, and all its calls are left out."""
    mocks: set[str] = field(default_factory=set)
    """Names of what stands in for the real thing while calls are made."""
    wide: bool = False
    """Whether a fixture wider than a function is being set up, and its calls are kept apart."""
    rows: Tally[Row] = field(default_factory=dict)
    """How often each call was made."""
    wide_rows: Tally[Row] = field(default_factory=dict)
    """The same for calls that are kept apart."""
    left_out: Tally[LeftOut] = field(default_factory=dict)
    strangers: frozenset[int | None] = field(default_factory=_other_threads)
    """Threads that were there before: no test vouches for what they call, unless the test hands them its context."""
    _described: Tally[str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Be found in the context of the test, and in those that are copied from it."""
        _MADE_HERE.set(self)

    def owns_thread(self) -> bool:
        """Return whether what this thread calls is the test's: trio keeps threads, and the next test uses them."""
        return threading.get_ident() not in self.strangers or _MADE_HERE.get() is self

    def leave_out(self, reason: str, task: Task, detail: str = "") -> None:
        """Count a call that becomes no example."""
        one = LeftOut(reason, task.name, _as_utf8(detail), self.test)
        if detail and one not in self.left_out and step(self._described, reason) >= _MOST_DETAILS:
            one = LeftOut(reason, task.name, _MORE, self.test)
        step(self.left_out, one)

    def leave_out_rows(self, reason: str) -> None:
        """Leave out the calls that were kept so far."""
        for (task, *_), times in read(self.rows):
            tally = self.left_out.setdefault(LeftOut(reason, task, "", self.test), count())
            for _ in range(times):
                next(tally)
        self.rows.clear()


def counted(tally: Tally[Row]) -> list[list[Any]]:
    """Return rows with their times, as plain JSON; to be asked once, when the attempt has ended."""
    return [[*row, times] for row, times in read(tally)]


def step(tally: Tally[K], key: K) -> int:
    """Count something, and return how often it was counted before."""
    return next(tally.setdefault(key, count()))


def read(tally: Tally[K]) -> list[tuple[K, int]]:
    """Return what was counted; a thread that goes on counting does no harm, and is not heard."""
    return [(key, next(steps)) for key, steps in list(tally.items())]


def _as_utf8(text: str) -> str:
    """Return text that every file can hold: a user's own message may have lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
