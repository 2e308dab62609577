"""Counting calls as the interpreter itself tells them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from pytest_distil.mark.task import Task


class Counting:
    """An interceptor that counts, and lets the originals answer."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Count a call."""
        self.calls.append(task.name)
        return task.function(*args, **kwargs)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Count a call of a coroutine function."""
        self.calls.append(task.name)
        return await task.function(*args, **kwargs)


def entries(code: CodeType, run: Callable[[], Any]) -> int:
    """Return how often `run` entered a code object."""
    count = 0

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is code

    before = sys.getprofile()
    sys.setprofile(profile)
    threading.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return count
