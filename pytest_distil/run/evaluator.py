"""Evaluating, the test's side: calls run beside the model's answer, and tests receive the one or the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pytest_distil.core.call import fingerprint, in_sample
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.settings import Settings
from pytest_distil.formats import load
from pytest_distil.mark import tap
from pytest_distil.mark.errors import EncodingError, InvalidAnswer
from pytest_distil.mark.task import Task
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.judgement import Judgement, judge
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.recorder import Attempt, Recorder, Row, Running
from pytest_distil.run.shots import nearest_examples
from pytest_distil.run.translate import Translator

DEFAULT_FORMAT = "json_schema"


Tickets = tuple[Ticket[Answer], ...]
"""The answers to come for one call, one for each time that it is asked; the first is what tests receive."""


class Asking(Protocol):
    """Whoever takes prompts and gives tickets for their answers."""

    def submit(
        self, prompt: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False
    ) -> Ticket[Answer]:
        """Have a prompt answered."""


class Evaluator(Recorder):
    """The interceptor of an evaluating run."""

    def __init__(self, settings: Settings, asking: Asking | None, recorded: Recorded | None) -> None:
        """Take who is asked (None for a dry run) and the session that is judged by, where there is one."""
        super().__init__()
        self._settings = settings
        self._asking = asking
        self._recorded = recorded
        self._translators: dict[Task, Translator] = {}
        self._tickets: dict[tuple[str, str], Tickets] = {}
        self._open: dict[Row, Task] = {}
        """Calls whose judgement was not sent yet."""
        self._sent: set[Row] = set()
        self._again: dict[tuple[str, str], str] = {}
        self._told_again: set[tuple[str, str]] = set()
        self.prompts: dict[tuple[str, str], int] = {}
        """Characters of each prompt, by task and arguments."""
        self.handed_out_by: str | None = None
        """The test that first received a model's value that was not the original's."""

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run the original while the model is asked, and return the value that the test is to receive."""
        __tracebackhide__ = True
        if tap.unobserved.get() or task in tap.callers.get():
            return task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        tickets = self.ask(task, arguments)
        known = self._known_result(task, arguments)
        if known is not None:
            result = known()
        else:
            with Running(task, attempt):
                result = task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row is not None and known is None and self._runs_again(row):
            with Running(task, attempt):
                self._note_again(task, row, task.function(*args, **kwargs))
        if row is None or not tickets or not self._substitutes(attempt):
            return result
        tickets[0].result()
        return self._substituted(task, attempt, row, result)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Do what `call` does for a coroutine function, without blocking its event loop."""
        __tracebackhide__ = True
        if tap.unobserved.get() or task in tap.callers.get():
            return await task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        tickets = self.ask(task, arguments)
        known = self._known_result(task, arguments)
        if known is not None:
            result = known()
        else:
            with Running(task, attempt):
                result = await task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row is not None and known is None and self._runs_again(row):
            with Running(task, attempt):
                self._note_again(task, row, await task.function(*args, **kwargs))
        if row is None or not tickets or not self._substitutes(attempt):
            return result
        await tickets[0]
        return self._substituted(task, attempt, row, result)

    def ask(self, task: Task, arguments: str | None, *, prefetch: bool = False) -> Tickets:
        """Have a call answered, in this process once; nothing where it is not asked about."""
        if arguments is None:
            return ()
        key = (task.name, arguments)
        if key not in self._tickets and self._is_sampled(key):
            prompt = self.translator(task).prompt(arguments)
            self.prompts[key] = sum(len(str(message.get("content"))) for message in prompt.body["messages"])
            if self._asking is not None:
                models = self._settings.models
                model = models.get(task.name, models.get(""))
                self._tickets[key] = tuple(
                    self._asking.submit(prompt, model=model, repeat=index, prefetch=prefetch or index > 0)
                    for index in range(self._settings.repeat)
                )
        return self._tickets.get(key, ())

    def owe(self, task: Task, row: Row) -> None:
        """Remember that a call's judgement is to be sent, once its answer is there."""
        if row not in self._sent:
            self._open[row] = task

    def payload(self, attempt: Attempt, *, last: bool = False) -> dict[str, Any]:
        """Return what an ended attempt has to say, with the judgements that are ready; with `last` all of them."""
        briefs = self.briefs()
        data = super().payload(attempt)
        return {
            **data,
            "briefs": briefs + data["briefs"],
            "wide": [[*row, times] for row, times in attempt.wide_rows.items()],
            "different": attempt.different,
            "prompts": self._new_prompts(),
            "judgements": self.judgements(wait=last),
            "again": self._new_again(),
        }

    def briefs(self) -> list[dict[str, Any]]:
        """Return the briefs of the tasks whose judgements are open or sent, each once in a process."""
        return self._new_briefs({task.name for task in self._translators})

    def judgements(self, *, wait: bool) -> list[list[Any]]:
        """Return the judgements that were not sent yet, as far as answers are there; with `wait` all of them."""
        ready = []
        for row, task in list(self._open.items()):
            tickets = self._tickets.get(row[:2], ())
            if tickets and (wait or all(ticket.done() for ticket in tickets)):
                ready.append([*row, [self._judge(task, row, one.result())[0].to_json() for one in tickets]])
                self._sent.add(row)
                del self._open[row]
        return ready

    def translator(self, task: Task) -> Translator:
        """Return who words the calls of a task; made at its first call."""
        found = self._translators.get(task)
        if found is None:
            longest = self._recorded.longest_reply(task.name) if self._recorded else None
            form = load(self._settings.format or task.format or DEFAULT_FORMAT)
            shots = nearest_examples(self._recorded, task.name, k=self._settings.shots) if self._recorded else None
            found = Translator(self._typed(task), form, longest_reply=longest, shots=shots)
            self._translators[task] = found
        return found

    def _kept(self, task: Task, attempt: Attempt, arguments: str | None, result: Any) -> Row | None:
        """Keep a call that returned, and return its row; None where it is left out."""
        original = None if arguments is None else self._after(task, attempt, arguments, result)
        if arguments is None or original is None:
            return None
        row = (task.name, arguments, original)
        self.owe(task, row)
        return row

    def _substitutes(self, attempt: Attempt) -> bool:
        """Return whether a call receives the model's value; inside a running original none does."""
        return attempt.substitute and not attempt.wide and not tap.callers.get()

    def _substituted(self, task: Task, attempt: Attempt, row: Row, result: Any) -> Any:
        """Return the model's value where it differs from the original's; raise `InvalidAnswer` where it is none."""
        __tracebackhide__ = True
        judgement, value = self._judge(task, row, self._tickets[row[:2]][0].result())
        if judgement.verdict in ("equal", "failed"):
            return result
        attempt.different = True
        if judgement.verdict == "invalid":
            raise InvalidAnswer(task.name, judgement.reading.reason or "no reason given")
        self.handed_out_by = self.handed_out_by or attempt.test
        return value

    def _judge(self, task: Task, row: Row, answer: Answer) -> tuple[Judgement, Any]:
        """Compare an answer to a call with one result of the original, as our own work."""
        token = tap.unobserved.set(True)
        try:
            return judge(self.translator(task), row[2], answer)
        finally:
            tap.unobserved.reset(token)

    def _known_result(self, task: Task, arguments: str | None) -> Callable[[], Any] | None:
        """Return how to get the recorded result of a call, where it stands in for running the original."""
        wanted = self._settings.original == "recorded" or task.original == "recorded"
        if arguments is None or not wanted or self._recorded is None:
            return None
        example = self._recorded.examples.get((task.name, fingerprint(task.name, json.loads(arguments))))
        if example is None:
            return None
        return lambda: self._typed(task).decode_result(json.dumps(example.result))

    def _runs_again(self, row: Row) -> bool:
        """Return whether the original is to contradict itself, if it does: once for each call."""
        return self._settings.noise and row[:2] not in self._again

    def _note_again(self, task: Task, row: Row, result: Any) -> None:
        """Keep what the original gave when it ran a second time."""
        token = tap.unobserved.set(True)
        try:
            self._again[row[:2]] = self._typed(task).encode_result(result)
        except EncodingError as error:
            self._again[row[:2]] = json.dumps(str(error))
        finally:
            tap.unobserved.reset(token)

    def _new_again(self) -> list[list[Any]]:
        """Return task, arguments and second result of the calls that were not told of yet."""
        new = [key for key in self._again if key not in self._told_again]
        self._told_again.update(new)
        return [[*key, self._again[key]] for key in new]

    def _is_sampled(self, key: tuple[str, str]) -> bool:
        """Return whether a call is asked about."""
        if self._settings.sample == 1:
            return True
        return in_sample(fingerprint(key[0], json.loads(key[1])), self._settings.sample)

    def _new_prompts(self) -> list[list[Any]]:
        """Return task, arguments and characters of the prompts that were not told of yet."""
        new = [[*key, length] for key, length in self.prompts.items()]
        self.prompts.clear()
        return new
