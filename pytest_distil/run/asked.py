"""What one process has asked about, and the judgements that it owes to the side of the session."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from pytest_distil.core.call import fingerprint, in_sample
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import canonical
from pytest_distil.formats import FORMATS, load
from pytest_distil.mark import tap
from pytest_distil.mark.task import Task
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.attempt import Row
from pytest_distil.run.judgement import Judgement, judge
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.shots import nearest_examples
from pytest_distil.run.trained import format_of
from pytest_distil.run.translate import Translator
from pytest_distil.run.typed import TypedTask

Tickets = tuple[Ticket[Answer], ...]
"""The answers to come for one call, one for each time that it is asked; the first is what tests receive."""


class Asking(Protocol):
    """Whoever takes prompts and gives tickets for their answers."""

    def submit(
        self, prompt: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False
    ) -> Ticket[Answer]:
        """Have a prompt answered."""


class Asked:
    """Asks about each call once, and remembers which judgements were not sent yet."""

    def __init__(
        self,
        settings: Settings,
        asking: Asking | None,
        recorded: Recorded | None,
        *,
        typed: Callable[[Task], TypedTask],
    ) -> None:
        """Take who is asked (None for a dry run), the session, and who knows the types of tasks."""
        self._settings = settings
        self._asking = asking
        self._recorded = recorded
        self._typed = typed
        self._translators: dict[Task, Translator] = {}
        self._tickets: dict[tuple[str, str], Tickets] = {}
        self._owed: dict[Row, Task] = {}
        """Every row whose judgement was sent or is to be sent."""
        self._open: dict[Row, None] = {}
        self._landed: deque[Row] = deque()
        """Open rows with a new answer, noted by the thread that brings answers."""
        self._prompts: dict[tuple[str, str], int] = {}

    def ask(self, task: Task, arguments: str | None, *, prefetch: bool = False) -> Tickets:
        """Have a call answered, in this process once; nothing where it is not asked about."""
        model = self._settings.model_of(task.name)
        if arguments is None or model is None:
            return ()
        key = (task.name, _ordered(arguments))
        if key not in self._tickets:
            self._tickets[key] = self._send(task, key, model, prefetch=prefetch) if self._is_sampled(key) else ()
        return self._tickets[key]

    def owe(self, task: Task, row: Row) -> None:
        """Remember that a call's judgement is to be sent, once its answers are there."""
        row = (row[0], _ordered(row[1]), _ordered(row[2]))
        tickets = self._tickets.get(row[:2], ())
        if not tickets or row in self._owed:
            return
        self._owed[row] = task
        self._open[row] = None
        for ticket in tickets:
            ticket.add_done_callback(lambda _: self._landed.append(row))

    def judge(self, task: Task, row: Row, answer: Answer) -> tuple[Judgement, Any]:
        """Compare an answer with one result of the original, as our own work; return the model's value too."""
        token = tap.unobserved.set(True)
        try:
            return judge(self.translator(task), row[2], answer)
        finally:
            tap.unobserved.reset(token)

    def judgements(self, *, wait: bool) -> list[list[Any]]:
        """Return the judgements that were not sent yet, as far as answers are there; with `wait` all of them.

        Nothing is lost where waiting is interrupted: what has come by then is there the next time.
        """
        for row in list(self._open) if wait else ():
            for ticket in self._tickets[row[:2]]:
                ticket.result()
        landed = [self._landed.popleft() for _ in range(len(self._landed))]
        ready = []
        for row in dict.fromkeys([*landed, *(self._open if wait else ())]):
            tickets = self._tickets[row[:2]]
            if row in self._open and all(ticket.done() for ticket in tickets):
                answers = [ticket.result() for ticket in tickets]
                judged = [self.judge(self._owed[row], row, answer)[0].to_json() for answer in answers]
                del self._open[row]
                ready.append([*row, judged])
        return ready

    def tasks(self) -> set[str]:
        """Return the names of the tasks that were asked about."""
        return {task.name for task in self._translators}

    def new_prompts(self) -> list[list[Any]]:
        """Return task, arguments and bytes of the prompts that were not told of yet."""
        new = [[*key, length] for key, length in list(self._prompts.items())]
        self._prompts.clear()
        return new

    def translator(self, task: Task) -> Translator:
        """Return who words the calls of a task; made at its first call."""
        found = self._translators.get(task)
        if found is None:
            longest = self._recorded.longest_reply(task.name) if self._recorded else None
            form = load(format_of(self._settings, self._typed(task).brief, default=FORMATS[0]))
            shots = nearest_examples(self._recorded, task.name, k=self._settings.shots) if self._recorded else None
            found = Translator(self._typed(task), form, longest_reply=longest, shots=shots)
            self._translators[task] = found
        return found

    def _send(self, task: Task, key: tuple[str, str], model: str, *, prefetch: bool) -> Tickets:
        """Send a call's prompt on its way, as often as it is to be asked."""
        if self._typed(task).problem is not None:  # the type of a recorded result has changed to one without a schema
            return ()
        prompt = self.translator(task).prompt(key[1])
        self._prompts[key] = text_length(prompt.body)
        if self._asking is None:
            return ()
        return tuple(
            self._asking.submit(prompt, model=model, repeat=index, prefetch=prefetch or index > 0)
            for index in range(self._settings.repeat)
        )

    def _is_sampled(self, key: tuple[str, str]) -> bool:
        """Return whether a call is asked about."""
        if self._settings.sample == 1:
            return True
        return in_sample(fingerprint(key[0], json.loads(key[1])), self._settings.sample)


@lru_cache(maxsize=65_536)
def _ordered(text: str) -> str:
    """Return JSON text with its keys sorted: calls read from files have their arguments in another order."""
    return canonical(json.loads(text))


def text_length(body: Mapping[str, Any]) -> int:
    """Return the bytes of what a request says: its messages, without what stands beside them."""
    return sum(len(str(message.get("content")).encode(errors="replace")) for message in body["messages"])
