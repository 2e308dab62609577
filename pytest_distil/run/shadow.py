"""Running the original beside the model for a share of the calls, off the caller's path."""

from __future__ import annotations

import asyncio
import atexit
import copy
import inspect
import random
import sys
import threading
import time
from collections.abc import Mapping
from contextvars import copy_context
from functools import partial
from typing import Any

from pytest_distil.core.call import RAISED, RESULT
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.same import is_record
from pytest_distil.core.text import compact
from pytest_distil.mark.task import Task
from pytest_distil.run.drift import DRIFT, Pair
from pytest_distil.run.quiet import Running, Trouble, quietly
from pytest_distil.run.task_model import TaskModel

TOO_MANY = "the original is too slow to run beside so many calls"
NO_COPY = "an argument cannot be copied"
NO_LOOP = "no event loop of asyncio or trio runs the call"

_MOST_AT_ONCE = 16
"""Originals that run beside models in one process."""

_SECONDS_AT_EXIT = 5.0

_room = threading.BoundedSemaphore(_MOST_AT_ONCE)
_tasks: set[asyncio.Task[None]] = set()
"""Held here, because event loops hold their tasks weakly."""


class Shadow:
    """Chooses calls of one task."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._chance = random.SystemRandom()  # no state that forked workers would share

    def draw(self, model: TaskModel, prompt: Prompt, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Beside | None:
        """Return what is to run beside a call; None for most calls."""
        if self._chance.random() >= self._task.production.shadow:
            return None
        copied = quietly(partial(_copied, self._task, args, kwargs))
        if isinstance(copied, Trouble):
            DRIFT.leave_out(NO_COPY)
            return None
        return Beside(self._task, model, prompt, copied)


class Beside:
    """One call that was chosen, with arguments of its own: the caller goes on, and may change those that it gave."""

    def __init__(self, task: Task, model: TaskModel, prompt: Prompt, bound: inspect.BoundArguments) -> None:
        self._task = task
        self._model = model
        self._prompt = prompt
        self._bound = bound

    def run(self, answer: Answer) -> None:
        """Run the original in a thread."""
        if not _room.acquire(blocking=False):
            DRIFT.leave_out(TOO_MANY)
            return
        work = partial(copy_context().run, self._run, answer)
        try:
            threading.Thread(target=work, name="distil-shadow", daemon=True).start()
        except RuntimeError:  # the process is ending, or has no room for another thread
            _room.release()
            DRIFT.leave_out(TOO_MANY)

    def run_async(self, answer: Answer) -> None:
        """Run the original in the caller's event loop, where its clients and locks belong."""
        if not _room.acquire(blocking=False):
            DRIFT.leave_out(TOO_MANY)
        elif not _spawned(partial(self._run_async, answer)):
            _room.release()
            DRIFT.leave_out(NO_LOOP)

    def note(self, answer: Answer, result: Any) -> None:
        """Keep the pair of an answer and what the original has returned in its place."""
        arguments = compact(self._prompt.arguments)
        text = quietly(partial(self._model.typed.encode_result, result, arguments))
        if isinstance(text, Trouble):
            DRIFT.leave_out(RESULT)
        else:
            DRIFT.put(Pair(self._model, arguments, text, answer))

    def _run(self, answer: Answer) -> None:
        try:
            with Running(self._task):
                result = self._task.function(*self._bound.args, **self._bound.kwargs)
        except Exception:
            DRIFT.leave_out(RAISED)
        else:
            self.note(answer, result)
        finally:
            _room.release()

    async def _run_async(self, answer: Answer) -> None:
        try:
            with Running(self._task):
                result = await self._task.function(*self._bound.args, **self._bound.kwargs)
        except Exception:
            DRIFT.leave_out(RAISED)
        else:
            self.note(answer, result)
        finally:
            _room.release()


def _copied(task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
    """Return copies of what is part of a call; clients and connections stay the ones that they are."""
    bound = inspect.signature(task.function).bind(*args, **kwargs)
    owner = next(iter(bound.arguments), None) if task.kind in ("method", "classmethod") else None
    memory: dict[int, Any] = {}
    for name, value in bound.arguments.items():
        if name not in task.exclude and (name != owner or is_record(type(value))):
            bound.arguments[name] = copy.deepcopy(value, memory)
    return bound


def _spawned(work: Any) -> bool:
    """Start a coroutine function in the event loop that runs here; tell whether there is one."""
    trio = sys.modules.get("trio")
    try:
        task = asyncio.get_running_loop().create_task(work(), context=copy_context())
    except RuntimeError:
        if trio is None or not trio.lowlevel.in_trio_run():
            return False
        trio.lowlevel.spawn_system_task(work, name="distil-shadow", context=copy_context())
        return True
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return True


def _finish() -> None:
    """Wait for the originals that still run."""
    until = time.monotonic() + _SECONDS_AT_EXIT
    for _ in range(_MOST_AT_ONCE):
        _room.acquire(timeout=max(0.0, until - time.monotonic()))


atexit.register(_finish)
