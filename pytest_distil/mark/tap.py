"""The one seam between a marked function and whoever watches or answers its calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_distil.mark.task import Task


class Interceptor(Protocol):
    """Stands between the callers of marked functions and their originals."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer one call of a function."""

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer one call of a coroutine function."""


top: Interceptor | None = None
"""The interceptor in force; read by every marked call, so a plain module variable."""

_installed: list[Interceptor] = []

callers: ContextVar[tuple[Task, ...]] = ContextVar("callers", default=())
"""The tasks whose originals are running in this context, outermost first."""

unobserved: ContextVar[bool] = ContextVar("unobserved", default=False)
"""Whether the code that runs is the interceptor's own work (a validator of the user's types may call a marked function)."""


@contextmanager
def install(interceptor: Interceptor) -> Iterator[None]:
    """Put `interceptor` in force until the block ends; the one before it (of an outer pytest) is then in force again."""
    global top  # noqa: PLW0603 - one variable read by every marked call
    _installed.append(interceptor)
    top = interceptor
    try:
        yield
    finally:
        _installed.remove(interceptor)
        top = _installed[-1] if _installed else None
