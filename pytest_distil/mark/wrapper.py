"""What callers of a marked function get in its place."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType
from typing import Any

from pytest_distil.mark import tap
from pytest_distil.mark.task import Task


def wrapped(task: Task) -> Callable[..., Any]:
    """Return a function of the same kind as the task's original, which asks at each call who answers."""
    wrapper = _coroutine_function(task) if inspect.iscoroutinefunction(task.function) else _function(task)
    return _with_extras(wrapper, task.function)


def entrance(task: Task) -> Callable[[], Callable[..., Any]]:
    """Return what tells a trampoline, at each call, what to call: where a task calls itself, at once its original.

    So a recursion is one frame deeper at each level, not one for each function that stands between.
    """
    original, wrapper = task.function, wrapped(task)

    def entry() -> Callable[..., Any]:
        return original if tap.is_own_work(task) else wrapper

    return entry


def _function(task: Task) -> Callable[..., Any]:
    """Wrap a function."""
    original = task.function
    behind: tap.Interceptor | None = tap.UNOPENED

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        nonlocal behind
        interceptor = tap.top
        if interceptor is None:
            if behind is tap.UNOPENED:
                behind = tap.opened(task)
            interceptor = behind
            if interceptor is None:
                return original(*args, **kwargs)
        if tap.is_own_work(task):
            return original(*args, **kwargs)
        return interceptor.call(task, args, kwargs)

    return call


def _coroutine_function(task: Task) -> Callable[..., Any]:
    """Wrap a coroutine function."""
    original = task.function
    behind: tap.Interceptor | None = tap.UNOPENED

    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        nonlocal behind
        interceptor = tap.top
        if interceptor is None:
            if behind is tap.UNOPENED:
                behind = tap.opened(task)
            interceptor = behind
            if interceptor is None:
                return await original(*args, **kwargs)
        if tap.is_own_work(task):
            return await original(*args, **kwargs)
        return await interceptor.call_async(task, args, kwargs)

    return call


def _with_extras(wrapper: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Give `wrapper` the methods that another decorator added to `original`: `cache_clear` and friends."""
    for name in set(dir(original)) - set(dir(FunctionType)) - set(vars(wrapper)):
        if not name.startswith("__"):
            with suppress(Exception):  # a property of somebody else's decorator may raise anything
                setattr(wrapper, name, getattr(original, name))
    return wrapper
