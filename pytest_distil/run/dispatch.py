"""Dispatch: a model answers in the original's place, and where it has no valid answer the original does."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.phrases import plural
from pytest_distil.core.prompt import Prompt
from pytest_distil.mark.errors import EncodingError, InvalidAnswer, ModelError
from pytest_distil.mark.tap import Interceptor
from pytest_distil.mark.task import Task
from pytest_distil.run.call_log import CallLog
from pytest_distil.run.quiet import LOGGER, Running, Trouble
from pytest_distil.run.shadow import Beside, Shadow
from pytest_distil.run.task_model import TaskModel
from pytest_distil.run.translate import Reading

NOT_ASKED = "not asked"
"""What becomes of a call whose arguments have no JSON form."""


class Dispatch:
    """The interceptor of one task in dispatch mode."""

    def __init__(self, task: Task, *, model: str | None, redact: tuple[str, ...] = ()) -> None:
        """Take the model that the environment names, where it does, and the rules by which calls are redacted."""
        self._task = task
        self._wanted = model
        self._redact = redact
        self._model: TaskModel | None = None
        self._opening = threading.Lock()
        self._original: Interceptor = CallLog(task, redact=redact) if task.production.handlers else _Original()
        self._shadow = Shadow(task) if task.production.shadow else None
        self.outcomes: Counter[str] = Counter()
        """Calls by what became of them: `value`, `invalid`, `failed`, `not asked`."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return the model's value; where there is none, run the original or raise."""
        __tracebackhide__ = True
        begun = self._begin(args, kwargs)
        if begun is None:
            return self._original.call(task, args, kwargs)
        answer = begun.model.ask(begun.prompt).result()
        reading, value = begun.model.read(answer)
        if self._settles(reading):
            if begun.beside:
                begun.beside.run(answer)
            return self._value(reading, value)
        result = self._original.call(task, args, kwargs)
        if begun.beside:
            begun.beside.note(answer, result)
        return result

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Do what `call` does for a coroutine function, without blocking its event loop."""
        __tracebackhide__ = True
        begun = self._begin(args, kwargs)
        if begun is None:
            return await self._original.call_async(task, args, kwargs)
        answer = await begun.model.ask_here(begun.prompt)
        reading, value = begun.model.read(answer)
        if self._settles(reading):
            if begun.beside:
                begun.beside.run_async(answer)
            return self._value(reading, value)
        result = await self._original.call_async(task, args, kwargs)
        if begun.beside:
            begun.beside.note(answer, result)
        return result

    @property
    def _is_strict(self) -> bool:
        return self._task.production.fallback == "raise"

    def _begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Begun | None:
        """Return what is asked for a call; None where nothing can be and the original is to run."""
        model = self._opened()
        prompt = model.prompt(args, kwargs)
        if not isinstance(prompt, Trouble):
            return _Begun(model, prompt, self._shadow.draw(model, prompt, args, kwargs) if self._shadow else None)
        self.outcomes[NOT_ASKED] += 1
        if self._is_strict:
            raise EncodingError(self._task.name, f"the model cannot be asked: {prompt.detail}")
        self._tell(NOT_ASKED, prompt.detail)
        return None

    def _opened(self) -> TaskModel:
        """Return the task's model, made at the first call; what is wrong with it is raised at each."""
        with self._opening:
            if self._model is None:
                self._model = TaskModel(self._task, model=self._wanted, redact=self._redact)
            return self._model

    def _settles(self, reading: Reading) -> bool:
        """Count what an answer came to; tell whether the caller gets a value or an error of it."""
        self.outcomes[reading.verdict] += 1
        if reading.verdict == "value" or self._is_strict:
            return True
        self._tell(reading.verdict, reading.reason or "no reason given")
        return False

    def _value(self, reading: Reading, value: Any) -> Any:
        """Return the model's value; raise where there is none."""
        __tracebackhide__ = True
        reason = reading.reason or "no reason given"
        if reading.verdict == "invalid":
            raise InvalidAnswer(self._task.name, reason)
        if reading.verdict == "failed":
            raise ModelError(f"the model gave no answer for {self._task.name}: {reason}")
        return value

    def _tell(self, outcome: str, reason: str) -> None:
        """Warn that the original ran in the model's place: the first time, the tenth, the hundredth, and so on."""
        times = self.outcomes[outcome]
        if 10 ** round(math.log10(times)) == times:
            said = "%s: the original ran in place of the model (%s, %s so far): %s"
            LOGGER.warning(said, self._task.name, outcome, plural(times, "time"), reason)


@dataclass(frozen=True, slots=True)
class _Begun:
    """One call that the model is asked about."""

    model: TaskModel
    prompt: Prompt
    beside: Beside | None
    """The original, where it is to run for comparison."""


class _Original:
    """Runs the original, and nothing else."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original."""
        __tracebackhide__ = True
        with Running(task):
            return task.function(*args, **kwargs)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Await the original."""
        __tracebackhide__ = True
        with Running(task):
            return await task.function(*args, **kwargs)
