"""Collecting, the test's side: what marked functions are called with and return, as rows of JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_distil.core.call import ARGUMENT, NO_SCHEMA, OUTSIDE, RAISED, RESULT, LeftOut
from pytest_distil.mark import tap
from pytest_distil.mark.errors import EncodingError
from pytest_distil.mark.task import Task
from pytest_distil.run.typed import TypedTask

_MOST_DETAILS = 20
"""Left-out calls of one reason that are described one by one in one attempt; the rest is counted."""

Row = tuple[str, str, str]
"""Task name, arguments and the original's result; the last two as JSON text."""


@dataclass(slots=True)
class Attempt:
    """What one attempt of a test has called so far."""

    test: str
    """Node id."""
    held_out: bool = False
    barred: str | None = None
    """Why calls are left out at the moment: the scope that is running."""
    substitute: bool = False
    """Whether calls receive the model's values."""
    different: bool | None = None
    """Whether one received a value that was not the original's; None where none received the model's."""
    wide: bool = False
    """Whether a fixture wider than a function is being set up, and its calls are kept apart."""
    rows: dict[Row, int] = field(default_factory=dict)
    """How often each call was made."""
    wide_rows: dict[Row, int] = field(default_factory=dict)
    """The same for calls that are kept apart."""
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    def leave_out(self, reason: str, task: Task, detail: str = "") -> None:
        """Count a call that becomes no example."""
        one = LeftOut(reason, task.name, detail, self.test)
        if one not in self.left_out and sum(known.reason == reason for known in self.left_out) >= _MOST_DETAILS:
            one = LeftOut(reason, task.name, "", self.test)
        self.left_out[one] += 1


class Recorder:
    """The interceptor of a collecting run; it never changes what a call does."""

    def __init__(self) -> None:
        self.attempt: Attempt | None = None
        self._outside = Attempt("")
        self._tasks: dict[Task, TypedTask] = {}
        self._told: set[str] = set()

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original and record the call."""
        __tracebackhide__ = True
        if tap.unobserved.get() or task in tap.callers.get():
            return task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        with Running(task, attempt):
            result = task.function(*args, **kwargs)
        if arguments is not None:
            self._after(task, attempt, arguments, result)
        return result

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Await the original and record the call."""
        __tracebackhide__ = True
        if tap.unobserved.get() or task in tap.callers.get():
            return await task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        with Running(task, attempt):
            result = await task.function(*args, **kwargs)
        if arguments is not None:
            self._after(task, attempt, arguments, result)
        return result

    def payload(self, attempt: Attempt) -> dict[str, Any]:
        """Return what an ended attempt has to say, as plain JSON, with what happened outside tests before it."""
        attempt.left_out.update(self._outside.left_out)
        self._outside = Attempt("")
        return {
            "test": attempt.test,
            "held_out": attempt.held_out,
            "briefs": self._new_briefs({task for task, _, _ in (*attempt.rows, *attempt.wide_rows)}),
            "rows": [[*row, times] for row, times in attempt.rows.items()],
            "left_out": [[asdict(one), times] for one, times in attempt.left_out.items()],
        }

    def _new_briefs(self, names: set[str]) -> list[dict[str, Any]]:
        """Return the briefs of some tasks, each once in a process."""
        new = names - self._told
        self._told |= new
        return [typed.brief.to_json() for task, typed in self._tasks.items() if task.name in new]

    def _before(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Attempt, str | None]:
        """Return the attempt that a call belongs to, and its encoded arguments unless it is left out."""
        attempt = self.attempt
        if attempt is None:
            self._outside.leave_out(OUTSIDE, task)
            return self._outside, None
        if attempt.barred:
            attempt.leave_out(attempt.barred, task)
            return attempt, None
        token = tap.unobserved.set(True)
        try:
            typed = self._typed(task)
            if typed.problem is None:
                return attempt, typed.encode_call(args, kwargs)
            attempt.leave_out(NO_SCHEMA, task, typed.problem)
        except EncodingError as error:
            attempt.leave_out(ARGUMENT, task, str(error))
        except Exception as error:  # the user's types run code of their own; the observed program must not notice
            attempt.leave_out(ARGUMENT, task, f"$: {type(error).__name__}")
        finally:
            tap.unobserved.reset(token)
        return attempt, None

    def _after(self, task: Task, attempt: Attempt, arguments: str, result: Any) -> str | None:
        """Keep the row of a call that returned, and return its result as JSON text; None where it is left out."""
        if attempt is not self.attempt:
            self._outside.leave_out(OUTSIDE, task)
            return None
        token = tap.unobserved.set(True)
        try:
            encoded = self._typed(task).encode_result(result)
        except EncodingError as error:
            attempt.leave_out(RESULT, task, str(error))
        except Exception as error:  # as above
            attempt.leave_out(RESULT, task, f"$: {type(error).__name__}")
        else:
            row = (task.name, arguments, encoded)
            rows = attempt.wide_rows if attempt.wide else attempt.rows
            rows[row] = rows.get(row, 0) + 1
            return encoded
        finally:
            tap.unobserved.reset(token)
        return None

    def _typed(self, task: Task) -> TypedTask:
        """Return the task with its types, made at its first call."""
        typed = self._tasks.get(task)
        if typed is None:
            typed = self._tasks[task] = TypedTask(task)
        return typed


class Running:
    """Know that a task's original runs, and count where it raises; a class, so that no frame of ours is in tracebacks."""

    __slots__ = ("_attempt", "_task", "_token")

    def __init__(self, task: Task, attempt: Attempt) -> None:
        self._task = task
        self._attempt = attempt

    def __enter__(self) -> None:
        self._token = tap.callers.set((*tap.callers.get(), self._task))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with suppress(ValueError):  # a coroutine that is closed elsewhere has another context
            tap.callers.reset(self._token)
        if kind is not None:
            self._attempt.leave_out(RAISED, self._task)
