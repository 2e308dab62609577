"""The one seam between a marked function and whoever watches or answers its calls."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_distil.mark.task import Task


class Interceptor(Protocol):
    """Stands between the callers of marked functions and their originals; is not shown a task's own work."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer one call of a function."""

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer one call of a coroutine function."""


MODE = "DISTIL_MODE"
"""The environment variable that may say of any task that it is in production otherwise than declared."""

UNOPENED: Any = object()
"""Stands where nobody has asked yet what `opened` returns."""

_DOOR = "pytest_distil.run.production:interceptor"

top: Interceptor | None = None
"""The interceptor in force; read by every marked call, so a plain module variable."""

_installed: list[Interceptor] = []

callers: ContextVar[tuple[Task, ...]] = ContextVar("callers", default=())
"""The tasks whose originals are running in this context, outermost first."""

unobserved: ContextVar[bool] = ContextVar("unobserved", default=False)
"""Whether what runs is the interceptor's own work: a validator of the user's types may call a marked function."""


@contextmanager
def install(interceptor: Interceptor) -> Iterator[None]:
    """Put `interceptor` in force until the block ends; then the one before it (of an outer pytest) is so again."""
    global top  # noqa: PLW0603 - one variable read by every marked call
    _installed.append(interceptor)
    top = interceptor
    try:
        yield
    finally:
        _installed.remove(interceptor)
        top = _installed[-1] if _installed else None


def is_own_work(task: Task) -> bool:
    """Return whether a call is nobody's to answer: made by the very original that it asks for, or by our own work."""
    return unobserved.get() or task in callers.get()


def opened(task: Task) -> Interceptor | None:
    """Return who takes the calls of a task while nothing is installed; None where its original simply runs.

    Asked once for each task, at its first such call. Only a task with a mode or log handlers of its own, or an
    environment that has `DISTIL_MODE`, brings in more than the standard library.
    """
    if task.production.is_idle and not os.environ.get(MODE):
        return None
    module, _, name = _DOOR.partition(":")
    found: Interceptor | None = getattr(import_module(module), name)(task)
    return found
