"""Collecting, the test's side: what marked functions are called with and return, as rows of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import count
from typing import Any

from pytest_distil.core.call import ARGUMENT, EXCLUDED, NO_SCHEMA, OUTSIDE, RAISED, REDACTED, RESULT
from pytest_distil.core.forms import Forms
from pytest_distil.core.unnoticed import Unnoticed
from pytest_distil.mark import tap
from pytest_distil.mark.errors import EncodingError, RedactedError
from pytest_distil.mark.task import Task
from pytest_distil.run.attempt import Attempt, counted, read
from pytest_distil.run.mocks import Mocks
from pytest_distil.run.typed import TypedTask


class Recorder:
    """The interceptor of a collecting run; it never changes what a call does."""

    def __init__(self, redact: tuple[str, ...] = ()) -> None:
        """Take the rules by which calls are redacted."""
        self._redact = redact
        self.attempt: Attempt | None = None
        self.mocks = Mocks()
        self._outside = Attempt("")
        self._uncounted = Attempt("")
        """Stands for the attempt of a call that is counted already, should it raise too."""
        self._tasks: dict[Task, TypedTask] = {}
        self._told: set[str] = set()
        self.forms: Forms | None = None
        """How values are written of types that are unknown here; known once all tests are."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original and record the call."""
        __tracebackhide__ = True
        attempt, arguments = self._before(task, args, kwargs)
        callers = tap.callers.get()
        tap.callers.set((*callers, task))
        try:
            result = task.function(*args, **kwargs)
        except BaseException:
            attempt.leave_out(RAISED, task)
            raise
        finally:
            tap.callers.set(callers)
        if arguments is not None:
            self._after(task, attempt, arguments, result)
        return result

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Await the original and record the call."""
        __tracebackhide__ = True
        attempt, arguments = self._before(task, args, kwargs)
        with Running(task, attempt):
            result = await task.function(*args, **kwargs)
        if arguments is not None:
            self._after(task, attempt, arguments, result)
        return result

    def payload(self, attempt: Attempt) -> dict[str, Any]:
        """Return what an ended attempt has to say, as plain JSON, with what happened outside tests before it."""
        outside, self._outside = self._outside, Attempt("")
        if attempt.excluded:
            attempt.leave_out_rows(EXCLUDED)
        # What threads of this attempt leave out from now on travels with the next one.
        left_out, attempt.left_out = attempt.left_out, self._outside.left_out
        return {
            "test": attempt.test,
            "held_out": attempt.held_out,
            "mocks": sorted(attempt.mocks),
            "briefs": self._new_briefs({task for task, _, _ in [*attempt.rows, *attempt.wide_rows]}),
            "rows": counted(attempt.rows),
            "left_out": [[asdict(one), times] for part in (left_out, outside.left_out) for one, times in read(part)],
        }

    def _new_briefs(self, names: set[str]) -> list[dict[str, Any]]:
        """Return the briefs of some tasks, each once in a process."""
        new = names - self._told
        self._told |= new
        return [typed.brief.to_json() for task, typed in self._tasks.items() if task.name in new]

    def _before(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Attempt, str | None]:
        """Return the attempt that a call belongs to, and its encoded arguments unless it is left out."""
        attempt = self.attempt
        if attempt is None or (attempt.strangers and not attempt.owns_thread()):
            self._outside.leave_out(OUTSIDE, task)
            return self._uncounted, None
        if attempt.barred:
            attempt.leave_out(attempt.barred, task)
            return self._uncounted, None
        try:
            typed = self._tasks.get(task) or self._typed(task)
            if typed.problem is None:
                return attempt, typed.encode_call(args, kwargs)
            attempt.leave_out(NO_SCHEMA, task, typed.problem)
        except EncodingError as error:
            attempt.leave_out(ARGUMENT, task, str(error))
        except Exception as error:  # the user's types run code of their own; the observed program must not notice
            attempt.leave_out(ARGUMENT, task, f"$: {type(error).__name__}")
        return self._uncounted, None

    def _after(self, task: Task, attempt: Attempt, arguments: str, result: Any) -> str | None:
        """Keep the row of a call that returned, and return its result as JSON text; None where it is left out."""
        if attempt is not self.attempt:
            self._outside.leave_out(OUTSIDE, task)
            return None
        try:
            encoded = self._tasks[task].encode_result(result, arguments)
        except RedactedError:
            attempt.leave_out(REDACTED, task)  # without a path, which may be made of keys
        except EncodingError as error:
            attempt.leave_out(RESULT, task, str(error))
        except Exception as error:  # as above
            attempt.leave_out(RESULT, task, f"$: {type(error).__name__}")
        else:
            rows, row = attempt.wide_rows if attempt.wide else attempt.rows, (task.name, arguments, encoded)
            steps = rows.get(row)
            if steps is None:  # a repeated call costs no more than this look
                steps = rows.setdefault(row, count())
                attempt.mocks.update(self.mocks.active())
            next(steps)
            return encoded
        return None

    def _typed(self, task: Task) -> TypedTask:
        """Return the task with its types, made at its first call."""
        typed = self._tasks.get(task)
        if typed is None:
            with Unnoticed(muted=True):  # making it runs code of the user's: annotations, and what their types do
                typed = self._tasks[task] = TypedTask(task, self.forms, redact=self._redact)
        return typed


class Running:
    """Know that a task's original runs, and count where it raises; a class, so that no frame is added to tracebacks."""

    __slots__ = ("_attempt", "_before", "_mine", "_task")

    def __init__(self, task: Task, attempt: Attempt) -> None:
        self._task = task
        self._attempt = attempt

    def __enter__(self) -> None:
        self._before = tap.callers.get()
        self._mine = (*self._before, self._task)
        tap.callers.set(self._mine)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        now = tap.callers.get()
        # Coroutines that share a context may end in another order than they began in.
        tap.callers.set(self._before if now is self._mine else tuple(one for one in now if one is not self._task))
        if kind is not None:
            self._attempt.leave_out(RAISED, self._task)
