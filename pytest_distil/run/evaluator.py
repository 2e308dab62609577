"""Evaluating, the test's side: calls run beside the model's answer, and tests receive the one or the other."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import RAISED, fingerprint
from pytest_distil.core.settings import Settings
from pytest_distil.mark import tap
from pytest_distil.mark.errors import EncodingError, InvalidAnswer
from pytest_distil.mark.task import Task, find
from pytest_distil.run.asked import Asked, Asking, Tickets
from pytest_distil.run.attempt import Attempt, Row, counted
from pytest_distil.run.inside import Contradicting, Inside, Trying, Waiting
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.recorder import Recorder
from pytest_distil.run.trained import inferred_schemas, outdated
from pytest_distil.run.typed import TypedTask


class Evaluator(Recorder):
    """The interceptor of an evaluating run."""

    def __init__(self, settings: Settings, asking: Asking | None, recorded: Recorded | None) -> None:
        """Take who is asked (None for a dry run) and the session that is judged by, where there is one."""
        super().__init__(settings.redact)
        self._settings = settings
        self._recorded = recorded
        self._asked = Asked(settings, asking, recorded, typed=self._typed)
        self._inferred = inferred_schemas(settings, recorded)
        self._process = os.getpid()
        self._running: Counter[int] = Counter()
        """By thread: how many originals run in it."""
        self._recalled: set[str] = set()
        """Tasks whose recorded results stood in for their originals."""
        self._again: dict[tuple[str, str], str] = {}
        self._told_again: set[tuple[str, str]] = set()
        self.handed_out_by: str | None = None
        """The test that first received a model's value that was not the original's."""
        self.ask = self._asked.ask
        self.owe = self._asked.owe
        self.judgements = self._asked.judgements

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original while the model is asked, and return the value that the test is to receive."""
        __tracebackhide__ = True
        if self._stands_aside(task):
            return task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        receives = self._receives(attempt)
        tickets = self.ask(task, arguments)
        recalled = self._recall(task, arguments)
        if recalled:
            [result] = recalled
        else:
            with Inside(self._running, task, attempt, arguments):
                result = task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row and not recalled and self._runs_again(task, row, args, kwargs):
            with Contradicting(task, note=partial(self._note_again, row)) as again:
                again.result = task.function(*args, **kwargs)
        if row is None or not tickets or not receives:
            return result
        with Waiting(attempt):
            tickets[0].result()
        return self._substituted(task, attempt, row, tickets, result)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Do what `call` does for a coroutine function, without blocking its event loop."""
        __tracebackhide__ = True
        if self._stands_aside(task):
            return await task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        receives = self._receives(attempt)
        tickets = self.ask(task, arguments)
        recalled = self._recall(task, arguments)
        if recalled:
            [result] = recalled
        else:
            with Inside(self._running, task, attempt, arguments):
                result = await task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row and not recalled and self._runs_again(task, row, args, kwargs):
            with Contradicting(task, note=partial(self._note_again, row)) as again:
                again.result = await task.function(*args, **kwargs)
        if row is None or not tickets or not receives:
            return result
        with Waiting(attempt):
            await tickets[0]
        return self._substituted(task, attempt, row, tickets, result)

    def payload(self, attempt: Attempt) -> dict[str, Any]:
        """Return what an ended attempt has to say, with the judgements that are ready."""
        rest = self.rest(wait=False)
        data = super().payload(attempt)
        trying = attempt if isinstance(attempt, Trying) else Trying(attempt.test)
        return {
            **data,
            **rest,
            "briefs": rest["briefs"] + data["briefs"],
            "wide": counted(attempt.wide_rows),
            "raised": [list(call) for call in trying.raised],
            "different": attempt.different,
            "pure": trying.pure,
        }

    def rest(self, *, wait: bool) -> dict[str, Any]:
        """Return what belongs to no attempt and was not said yet; with `wait` every judgement that is to come."""
        return {
            "briefs": self.briefs(),
            "judgements": self.judgements(wait=wait),
            "prompts": self._asked.new_prompts(),
            "again": self._new_again(),
            "recalled": sorted(self._recalled),
        }

    def _typed(self, task: Task) -> TypedTask:
        """Return the task with its types; what its annotations do not say is as its model was trained, or recorded."""
        is_new = task not in self._tasks
        typed = super()._typed(task)
        if is_new and typed.brief.schema is None and typed.problem is None:
            typed.brief = replace(typed.brief, schema=self._inferred.get(task.name))
        return typed

    def brief(self, task: Task) -> Brief:
        """Return today's brief of a task."""
        return self._typed(task).brief

    def problem(self, task: Task) -> str | None:
        """Return why no answer for a task can be read; None where one can."""
        return self._typed(task).problem

    def outdated(self) -> list[str]:
        """Say which tasks, of those that can be seen before tests run, are not what their model was trained on."""
        named = {name for name in self._settings.cards if name} | (self._recorded.tasks() if self._recorded else set())
        live = [task for task in map(find, sorted(named)) if task]
        return outdated(self._settings, map(self.brief, live))

    def briefs(self) -> list[dict[str, Any]]:
        """Return the briefs of the tasks that were asked about, each once in a process."""
        return self._new_briefs(self._asked.tasks())

    def _stands_aside(self, task: Task) -> bool:
        """Return whether a call is nothing to us: one of a task that no model answers, one in a forked child.

        There nobody would hear of a value that was different, and the answers to come stay with the parent.
        """
        return os.getpid() != self._process or self._settings.model_of(task.name) is None

    def _receives(self, attempt: Attempt) -> bool:
        """Return whether a call receives the model's value; inside a running original none does.

        A helper thread does not know whom it helps: in one, while an original runs elsewhere, a call may be the
        original's own, and a model's value there would falsify what the model is compared with.
        """
        here = threading.current_thread()
        if not attempt.substitute or attempt.wide or tap.callers.get():
            return False
        return here is threading.main_thread() or not any(
            number for thread, number in list(self._running.items()) if thread != here.ident
        )

    def _kept(self, task: Task, attempt: Attempt, arguments: str | None, result: Any) -> Row | None:
        """Keep a call that returned, and return its row; None where it is left out."""
        original = None if arguments is None else self._after(task, attempt, arguments, result)
        if arguments is None or original is None:
            return None
        row = (task.name, arguments, original)
        self.owe(task, row)
        return row

    def _substituted(self, task: Task, attempt: Attempt, row: Row, tickets: Tickets, result: Any) -> Any:
        """Return the model's value where it differs from the original's; raise `InvalidAnswer` where it is none."""
        __tracebackhide__ = True
        judgement, value = self._asked.judge(task, row, tickets[0].result())
        if judgement.verdict not in ("other", "invalid"):
            if judgement.verdict == "equal" and attempt.different is None:
                attempt.different = False
            return result
        attempt.different = True
        if isinstance(attempt, Trying) and attempt.pure is None:
            attempt.pure = len(attempt.rows)
        if judgement.verdict == "invalid":
            raise InvalidAnswer(task.name, judgement.reading.reason or "no reason given")
        self.handed_out_by = self.handed_out_by or attempt.test
        return value

    def _recall(self, task: Task, arguments: str | None) -> tuple[Any] | None:
        """Return the recorded result of a call where it stands in for running the original and still has its type."""
        wanted = self._settings.original == "recorded" or task.original == "recorded"
        if arguments is None or not wanted or self._recorded is None or not self._typed(task).is_annotated:
            return None
        example = self._recorded.examples.get((task.name, fingerprint(task.name, json.loads(arguments))))
        if example is None:
            return None
        token = tap.unobserved.set(True)
        try:
            result = self._typed(task).decode_result(json.dumps(example.result))
        except EncodingError:
            return None
        finally:
            tap.unobserved.reset(token)
        self._recalled.add(task.name)
        return (result,)

    def _runs_again(self, task: Task, row: Row, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        """Return whether the original runs a second time: once for each call, if it left its arguments as they were."""
        if not self._settings.noise or row[:2] in self._again:
            return False
        try:
            return self._typed(task).encode_call(args, kwargs) == row[1]
        except EncodingError:
            return False

    def _note_again(self, row: Row, task: Task, second: Any, raised: Exception | None) -> None:
        """Keep what the original gave when it ran a second time."""
        token = tap.unobserved.set(True)
        try:
            self._again[row[:2]] = json.dumps(RAISED) if raised else self._typed(task).encode_result(second)
        except EncodingError as error:
            self._again[row[:2]] = json.dumps(str(error))
        finally:
            tap.unobserved.reset(token)

    def _new_again(self) -> list[list[Any]]:
        """Return task, arguments and second result of the calls that were not told of yet."""
        new = [key for key in self._again if key not in self._told_again]
        self._told_again.update(new)
        return [[*key, self._again[key]] for key in new]
