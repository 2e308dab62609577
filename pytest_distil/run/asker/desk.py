"""The asker's front: a question that a flight or the shelf answers is not sent; only the rest is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from pytest_distil.core.prompt import Answer, Prompt, Usage
from pytest_distil.mark.errors import DistilError
from pytest_distil.run.asker.flights import Flight, Flights
from pytest_distil.run.asker.lines import Line, Lines
from pytest_distil.run.asker.pace import Pace
from pytest_distil.run.asker.shelf import Shelf
from pytest_distil.run.asker.wire import AskerSettings, Stats
from pytest_distil.store.answers import Question

Reply = Callable[[Answer], None]

_PATIENCE = 5
_LEAST_PATIENCE = 60.0
"""How many times `timeout`, which is for one request, a prompt's tries and waits may take together; and the seconds
that they may take in any case, so that a short `timeout` does not mean few tries."""


class Desk:
    """Everything that one run asks; used by one event loop."""

    def __init__(self, settings: AskerSettings, *, ready: asyncio.Event) -> None:
        """Take what to ask and how, and what says that what models are made of was imported."""
        self.shelf = Shelf(settings.store, refresh=settings.refresh)
        self._settings = settings
        self._lines = Lines(settings)
        patience = max(_LEAST_PATIENCE, _PATIENCE * settings.timeout)
        self._flights = Flights(Pace(settings.concurrency), patience=patience, ready=ready)
        self._waiting: dict[Question, tuple[Flight, list[Reply]]] = {}
        """By question: its flight, and who wants the answer."""
        self._numbers = count()
        self._stopped: str | None = None
        self._asked = self._sent = self._stored = self._failed = 0
        self._usage = Usage()

    def open(self) -> None:
        """Open the model and the store, so that the first question need not wait for it."""
        try:
            if self._lines.of(None).spec.asks_server:
                self.shelf.open()
        except DistilError:  # said with each question
            return

    def ask(self, prompt: Prompt, reply: Reply, *, model: str | None, repeat: int, prefetch: bool) -> None:
        """Have a prompt answered; `reply` is called once, now or later."""
        try:
            line = self._lines.of(model)
            if not line.spec.asks_server:
                self._fly(line, prompt, reply, prefetch=False)
                return
            question = Question(line.host, line.spec.name, prompt.digest(), repeat)
        except (DistilError, ValueError) as error:  # a lone surrogate has no UTF-8, not-a-number no JSON
            self._fail(str(error), reply)
            return
        self._ask_server(line, question, prompt, reply, prefetch=prefetch)

    def stats(self) -> Stats:
        """Return the numbers so far."""
        flown = self._flights.flown
        return Stats(
            asked=self._asked,
            stored=self._stored,
            failed=self._failed,
            outstanding=len(self._flights),
            requests=flown.requests,
            retries=flown.retries,
            waited_seconds=flown.waited,
            usage=self._usage,
            limit=int(self._flights.pace.limit),
            fatal=self._stopped or self._lines.fatal,
            messages=self.shelf.messages,
        )

    async def stop(self, reason: str) -> None:
        """Let all that is outstanding, and all that comes, fail."""
        self._stopped = self._stopped or reason
        await self._flights.aclose(reason)

    async def aclose(self) -> None:
        """End: fail what is outstanding, write what arrived, let go of connections."""
        await self.stop("the run has ended")
        self.shelf.close()
        await self._lines.aclose()

    def _ask_server(self, line: Line, question: Question, prompt: Prompt, reply: Reply, *, prefetch: bool) -> None:
        """Join the flight for the same question, take the answer from the shelf, or ask."""
        if question in self._waiting:
            flight, replies = self._waiting[question]
            replies.append(reply)
            if not prefetch:
                self._flights.hurry(flight)
        elif answer := self.shelf.get(question):
            self._stored += 1
            reply(answer)
        elif reason := self._refusal(line, question):
            self._fail(reason, reply)
        else:
            self._sent += 1
            flight = self._fly(line, prompt, lambda answer: self._landed(question, answer), prefetch=prefetch)
            self._waiting[question] = flight, [reply]

    def _refusal(self, line: Line, question: Question) -> str | None:
        """Say why a question is not sent, None where it is."""
        revive = self._settings.revive
        if line.fatal and revive is not None and time.monotonic() - line.given_up_at >= revive:
            line.fatal = None
            self._flights.pace.forget()
        if self._stopped or line.fatal:
            return self._stopped or line.fatal
        if self._settings.offline:
            return self._not_stored(question)
        most = self._settings.max_requests
        if most is not None and self._sent >= most:
            return f"more than {most} prompts; distil_max_requests is the limit"
        return None

    def _not_stored(self, question: Question) -> str:
        """Say that an answer is not stored; where those of its model are another server's, which one's."""
        elsewhere = self.shelf.elsewhere(question)
        hint = f" (those of {question.model!r} are of {', '.join(elsewhere)}; set distil_base_url)" if elsewhere else ""
        return f"not among the stored answers{hint}, and offline"

    def _fly(self, line: Line, prompt: Prompt, reply: Reply, *, prefetch: bool) -> Flight:
        """Send a prompt on its way; the reply comes from the event loop, never from in here."""

        def landed(answer: Answer) -> None:
            self._failed += answer.failed is not None
            self._usage += answer.usage
            reply(answer)

        self._asked += 1
        flight = Flight(next(self._numbers), line, prompt, landed, prefetch)
        self._flights.add(flight)
        return flight

    def _landed(self, question: Question, answer: Answer) -> None:
        _, replies = self._waiting.pop(question)
        self.shelf.keep(question, answer)
        for reply in replies:
            reply(answer)

    def _fail(self, reason: str, reply: Reply) -> None:
        self._failed += 1
        reply(Answer(failed=reason))
