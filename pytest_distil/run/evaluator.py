"""Evaluating, the test's side: calls run beside the model's answer, and tests receive the one or the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_distil.core.call import fingerprint
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.same import first_difference
from pytest_distil.core.settings import Settings
from pytest_distil.formats import load
from pytest_distil.mark import tap
from pytest_distil.mark.errors import InvalidAnswer
from pytest_distil.mark.task import Task
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.recorder import Attempt, Recorder, Row, Running
from pytest_distil.run.translate import Reading, Translator

DEFAULT_FORMAT = "json_schema"


class Asking(Protocol):
    """Whoever takes prompts and gives tickets for their answers."""

    def submit(
        self, prompt: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False
    ) -> Ticket[Answer]:
        """Have a prompt answered."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model's answer to a call is beside one result of the original."""

    verdict: str
    """`equal` or `other` (as decoded values), `invalid`, `failed`."""
    reading: Reading
    answer: Answer

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without the answer's message."""
        answer = self.answer.to_json()
        kept = ("served_model", "usage", "seconds", "requests", "retries", "waited_seconds", "stored")
        return {
            "verdict": self.verdict,
            "value": self.reading.text,
            "reason": self.reading.reason,
            "sent": self.reading.sent,
            "answer": {key: answer[key] for key in kept},
        }


class Evaluator(Recorder):
    """The interceptor of an evaluating run."""

    def __init__(self, settings: Settings, asking: Asking | None, recorded: Recorded | None) -> None:
        """Take who is asked (None for a dry run) and the session that is judged by, where there is one."""
        super().__init__()
        self._settings = settings
        self._asking = asking
        self._recorded = recorded
        self._translators: dict[Task, Translator] = {}
        self._tickets: dict[tuple[str, str], Ticket[Answer]] = {}
        self._open: dict[Row, Task] = {}
        """Calls whose judgement was not sent yet."""
        self._sent: set[Row] = set()
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
        ticket = self.ask(task, arguments)
        known = self._known_result(task, arguments)
        if known is not None:
            result = known()
        else:
            with Running(task, attempt):
                result = task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row is None or ticket is None or not self._substitutes(attempt):
            return result
        ticket.result()
        return self._substituted(task, attempt, row, result)

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Do what `call` does for a coroutine function, without blocking its event loop."""
        __tracebackhide__ = True
        if tap.unobserved.get() or task in tap.callers.get():
            return await task.function(*args, **kwargs)
        attempt, arguments = self._before(task, args, kwargs)
        ticket = self.ask(task, arguments)
        known = self._known_result(task, arguments)
        if known is not None:
            result = known()
        else:
            with Running(task, attempt):
                result = await task.function(*args, **kwargs)
        row = self._kept(task, attempt, arguments, result)
        if row is None or ticket is None or not self._substitutes(attempt):
            return result
        await ticket
        return self._substituted(task, attempt, row, result)

    def ask(self, task: Task, arguments: str | None, *, prefetch: bool = False) -> Ticket[Answer] | None:
        """Have a call answered, once in this process; None where it is not asked about."""
        if arguments is None:
            return None
        key = (task.name, arguments)
        if key not in self._tickets and self._is_sampled(key):
            prompt = self.translator(task).prompt(arguments)
            self.prompts[key] = sum(len(str(message.get("content"))) for message in prompt.body["messages"])
            if self._asking is not None:
                models = self._settings.models
                model = models.get(task.name, models.get(""))
                self._tickets[key] = self._asking.submit(prompt, model=model, prefetch=prefetch)
        return self._tickets.get(key)

    def owe(self, task: Task, row: Row) -> None:
        """Remember that a call's judgement is to be sent, once its answer is there."""
        if row not in self._sent:
            self._open[row] = task

    def payload(self, attempt: Attempt, *, last: bool = False) -> dict[str, Any]:
        """Return what an ended attempt has to say, with the judgements that are ready; with `last` all of them."""
        briefs = self._new_briefs({task.name for task in self._open.values()})
        data = super().payload(attempt)
        return {
            **data,
            "briefs": briefs + data["briefs"],
            "wide": [[*row, times] for row, times in attempt.wide_rows.items()],
            "different": attempt.different,
            "prompts": self._new_prompts(),
            "judgements": self.judgements(wait=last),
        }

    def judgements(self, *, wait: bool) -> list[list[Any]]:
        """Return the judgements that were not sent yet, as far as answers are there; with `wait` all of them."""
        ready = []
        for row, task in list(self._open.items()):
            ticket = self._tickets.get(row[:2])
            if ticket is not None and (wait or ticket.done()):
                ready.append([*row, self._judge(task, row)[0].to_json()])
                self._sent.add(row)
                del self._open[row]
        return ready

    def translator(self, task: Task) -> Translator:
        """Return who words the calls of a task; made at its first call."""
        found = self._translators.get(task)
        if found is None:
            longest = self._recorded.longest_reply(task.name) if self._recorded else None
            form = load(self._settings.format or task.format or DEFAULT_FORMAT)
            found = self._translators[task] = Translator(self._typed(task), form, longest_reply=longest)
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
        judgement, value = self._judge(task, row)
        if judgement.verdict in ("equal", "failed"):
            return result
        attempt.different = True
        if judgement.verdict == "invalid":
            raise InvalidAnswer(task.name, judgement.reading.reason or "no reason given")
        self.handed_out_by = self.handed_out_by or attempt.test
        return value

    def _judge(self, task: Task, row: Row) -> tuple[Judgement, Any]:
        """Compare the answer to a call with one result of the original, as values of the return type."""
        answer = self._tickets[row[:2]].result()
        token = tap.unobserved.set(True)
        try:
            translator = self.translator(task)
            reading = translator.read(answer)
            if reading.verdict != "value" or reading.text is None:
                return Judgement(reading.verdict, reading, answer), None
            value = translator.typed.decode_result(reading.text)
            equal = first_difference(translator.typed.decode_result(row[2]), value) is None
            return Judgement("equal" if equal else "other", reading, answer), value
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

    def _is_sampled(self, key: tuple[str, str]) -> bool:
        """Return whether a call is asked about: a pure function of its fingerprint."""
        if self._settings.sample == 1:
            return True
        return int(fingerprint(key[0], json.loads(key[1]))[:8], 16) / 2**32 < self._settings.sample

    def _new_prompts(self) -> list[list[Any]]:
        """Return task, arguments and characters of the prompts that were not told of yet."""
        new = [[*key, length] for key, length in self.prompts.items()]
        self.prompts.clear()
        return new
