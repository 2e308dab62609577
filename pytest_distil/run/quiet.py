"""Our own work on the user's values in production: nothing of it raises, and nothing of it is observed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from pytest_distil.mark import tap
from pytest_distil.mark.errors import EncodingError
from pytest_distil.mark.task import Task

T = TypeVar("T")

LOGGER = logging.getLogger("pytest_distil")
"""Where production says what its operator must know; the standard library shows warnings where nobody set it up."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no result of our work."""

    detail: str


def quietly(work: Callable[[], T]) -> T | Trouble:
    """Return what `work` gives, or why it gives nothing; the user's types may raise whatever they like."""
    token = tap.unobserved.set(True)
    try:
        return work()
    except EncodingError as error:
        return Trouble(str(error))
    except Exception as error:
        return Trouble(f"$: {type(error).__name__}")
    finally:
        tap.unobserved.reset(token)


class Running:
    """Know that a task's original runs: a task that calls itself is called once.

    A class, so that no frame of ours is in tracebacks.
    """

    __slots__ = ("_task", "_token")

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> None:
        self._token = tap.callers.set((*tap.callers.get(), self._task))

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError):  # a coroutine that is closed elsewhere has another context
            tap.callers.reset(self._token)
