"""Running an original over a file of inputs: a session without a test that vouches for it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pytest_distil.core.call import ARGUMENT, RAISED, RESULT, LeftOut
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.mark import tap
from pytest_distil.mark.task import Task
from pytest_distil.run.facts import Facts
from pytest_distil.run.importing import add, unvouched
from pytest_distil.run.inputs import Input
from pytest_distil.run.quiet import Trouble, quietly
from pytest_distil.run.stock import Stock
from pytest_distil.run.typed import TypedTask
from pytest_distil.store.home import Home


class Originals:
    """The interceptor while labels are made: every marked function runs its original, whatever production says."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original."""
        return task.function(*args, **kwargs)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Await the original."""
        return await task.function(*args, **kwargs)


class Labelling:
    """Makes the labels of one task."""

    def __init__(self, task: Task, settings: Settings) -> None:
        self._function = task.function
        self._typed = TypedTask(task, redact=settings.redact)
        self._stock = Stock(Facts.now(settings))
        self._is_complete = False

    def run(self, inputs: Sequence[Input], *, at_once: int) -> None:
        """Run the original on all inputs, so many at once; what was done before an interrupt is kept."""
        with tap.install(Originals()):
            if inspect.iscoroutinefunction(self._function):
                asyncio.run(self._run_async(inputs, at_once))
            else:
                self._run(inputs, at_once)
        self._is_complete = True

    def write(self, home: Home) -> tuple[Path, Manifest] | None:
        """Write the session, a partial one where it was interrupted; None where there is nothing to write."""
        if not self._stock.calls:
            return None
        return unvouched(self._stock, home, partial=not self._is_complete)

    @property
    def left_out(self) -> list[LeftOut]:
        """The inputs without a label."""
        return sorted(self._stock.left_out)

    def _run(self, inputs: Sequence[Input], at_once: int) -> None:
        """Run a function in threads."""
        pool = ThreadPoolExecutor(at_once)
        try:
            for result in pool.map(self._result, inputs):
                self._keep(result)
        finally:
            pool.shutdown(cancel_futures=True)

    async def _run_async(self, inputs: Sequence[Input], at_once: int) -> None:
        """Run a coroutine function in one event loop."""
        room = asyncio.Semaphore(at_once)

        async def one(given: Input) -> None:
            async with room:
                self._keep(await self._result_async(given))

        await asyncio.gather(*map(one, inputs))

    def _result(self, given: Input) -> tuple[str, str] | LeftOut:
        """Return arguments and result of a call as JSON text, or why there is no label."""
        arguments = self._arguments(given)
        try:
            result = self._function(*given.call.args, **given.call.kwargs)
        except Exception as error:
            return self._without(RAISED, f"{type(error).__name__}: {error}", given)
        return self._row(given, arguments, result)

    async def _result_async(self, given: Input) -> tuple[str, str] | LeftOut:
        """Do what `_result` does for a coroutine function."""
        arguments = self._arguments(given)
        try:
            result = await self._function(*given.call.args, **given.call.kwargs)
        except Exception as error:
            return self._without(RAISED, f"{type(error).__name__}: {error}", given)
        return self._row(given, arguments, result)

    def _arguments(self, given: Input) -> str | Trouble:
        return quietly(partial(self._typed.encode_call, given.call.args, given.call.kwargs))

    def _row(self, given: Input, arguments: str | Trouble, result: Any) -> tuple[str, str] | LeftOut:
        """Return what is kept of a call that returned."""
        if isinstance(arguments, Trouble):
            return self._without(ARGUMENT, arguments.detail, given)
        text = quietly(partial(self._typed.encode_result, result, arguments))
        return self._without(RESULT, text.detail, given) if isinstance(text, Trouble) else (arguments, text)

    def _without(self, reason: str, detail: str, given: Input) -> LeftOut:
        return LeftOut(reason, self._typed.task.name, detail, given.place)

    def _keep(self, result: tuple[str, str] | LeftOut) -> None:
        """Add a label to the session."""
        if isinstance(result, LeftOut):
            self._stock.left_out[result] += 1
        else:
            add(self._stock, self._typed.brief, *result)
