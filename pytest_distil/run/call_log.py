"""Collecting outside of our runs: what the original returns becomes lines for `logging` handlers."""

from __future__ import annotations

import inspect
import json
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

from pytest_distil.core.call import ARGUMENT, RESULT
from pytest_distil.formats.lines import training_line
from pytest_distil.mark.task import Task
from pytest_distil.run.quiet import LOGGER, Running, Trouble, quietly
from pytest_distil.run.stock import DEFAULT_FORMAT
from pytest_distil.run.typed import TypedTask
from pytest_distil.run.writer import Writer

WRITER = Writer("distil-log", what="lines for log handlers")
"""Of all tasks, so that lines stand in the order of the calls."""

NOT_WRITTEN = "a log handler failed"
TOO_SLOW = "the log handlers are too slow"


class CallLog:
    """The interceptor of one task with log handlers; it never changes what a call does."""

    def __init__(self, task: Task, *, redact: tuple[str, ...] = ()) -> None:
        """Take the rules by which calls are redacted."""
        self._task = task
        self._redact = redact
        self._handlers: tuple[logging.Handler, ...] = task.production.handlers
        self._format = task.production.log_format or task.format or DEFAULT_FORMAT
        self.left_out: Counter[str] = Counter()
        """Calls by the reason why they are in no line."""
        for handler in self._handlers:
            _listen(handler)

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original and log the call."""
        __tracebackhide__ = True
        arguments = quietly(partial(self._encode_call, args, kwargs))
        with Running(task):
            result = task.function(*args, **kwargs)
        self._log(arguments, result)
        return result

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Await the original and log the call."""
        __tracebackhide__ = True
        arguments = quietly(partial(self._encode_call, args, kwargs))
        with Running(task):
            result = await task.function(*args, **kwargs)
        self._log(arguments, result)
        return result

    @cached_property
    def _typed(self) -> TypedTask:
        """The task with its types, made at its first call."""
        return TypedTask(self._task, redact=self._redact)

    def _encode_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        return self._typed.encode_call(args, kwargs)

    def _log(self, arguments: str | Trouble, result: Any) -> None:
        """Have a line written, or count why there is none."""
        if isinstance(arguments, Trouble):
            self._leave_out(ARGUMENT, arguments.detail)
        else:
            text = quietly(partial(self._typed.encode_result, result, arguments))
            if isinstance(text, Trouble):
                self._leave_out(RESULT, text.detail)
            elif not WRITER.put(partial(self._write, arguments, text)):
                self._leave_out(TOO_SLOW, "calls come faster than they are written")

    def _write(self, arguments: str, result: str) -> None:
        """Hand one line to every handler; runs in the writer's thread."""
        _now.log = self
        try:
            line = training_line(self._format, self._typed.brief, json.loads(arguments), json.loads(result))
            record = self._record(line)
        except Exception as error:
            self.failed(error)
            return
        for handler in self._handlers:
            try:
                if record.levelno >= handler.level:
                    handler.handle(record)
            except Exception as error:
                self.failed(error)

    def _record(self, line: str) -> logging.LogRecord:
        """Return a line as a record; its place is the function's own."""
        code = inspect.unwrap(self._task.function).__code__
        return logging.LogRecord(
            self._task.dataset, logging.INFO, code.co_filename, code.co_firstlineno, line, None, None, code.co_name
        )

    def failed(self, error: BaseException | None) -> None:
        """Count a line that a handler did not write."""
        self._leave_out(NOT_WRITTEN, f"{type(error).__name__}: {error}")

    def _leave_out(self, reason: str, detail: str) -> None:
        """Count a call that is in no line; say so the first time."""
        self.left_out[reason] += 1
        if self.left_out[reason] == 1:
            LOGGER.warning(
                "%s: a call is not logged: %s (%s); more of these are counted and not told",
                self._task.name,
                reason,
                detail,
            )


_now = threading.local()
"""`log`: whose line is being written in this thread."""


class _HandleError:
    """Stands in for a handler's `handleError`, which would print a traceback with the line for each that fails."""

    def __init__(self, before: Callable[[logging.LogRecord], None]) -> None:
        self._before = before

    def __call__(self, record: logging.LogRecord) -> None:
        """Count a line of ours; of other records the handler says what it said before."""
        log: CallLog | None = getattr(_now, "log", None)
        if log is None:
            self._before(record)
        else:
            log.failed(sys.exc_info()[1])


def _listen(handler: logging.Handler) -> None:
    """Know where a handler fails on a line of ours."""
    if not isinstance(handler.handleError, _HandleError):
        handler.handleError = _HandleError(handler.handleError)  # type: ignore[method-assign]
