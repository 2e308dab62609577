"""The asker's front: who asks what a flight or the shelf has joins it, and only the rest is asked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from pytest_distil.core.prompt import Answer, Prompt, Usage
from pytest_distil.mark.errors import DistilError
from pytest_distil.models import ModelSpec, load, parse
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.run.asker.flights import Flight, Flights, Line
from pytest_distil.run.asker.pace import Pace
from pytest_distil.run.asker.shelf import Shelf
from pytest_distil.run.asker.wire import AskerSettings, Stats
from pytest_distil.store.answers import Question

Reply = Callable[[Answer], None]


class Desk:
    """Everything that one run asks; used by one event loop."""

    def __init__(self, settings: AskerSettings) -> None:
        self.shelf = Shelf(settings.store, refresh=settings.refresh)
        self._settings = settings
        self._endpoint = None if settings.base_url is None else Endpoint(settings.base_url, settings.key)
        self._flights = Flights(Pace(settings.concurrency), timeout=settings.timeout)
        self._lines: dict[str, tuple[ModelSpec, Line]] = {}
        self._waiting: dict[str, tuple[Flight, list[Reply]]] = {}
        self._numbers = count()
        self._stopped: str | None = None
        self._asked = self._sent = self._stored = self._failed = 0
        self._usage = Usage()

    def ask(self, prompt: Prompt, reply: Reply, *, model: str | None, repeat: int, prefetch: bool) -> None:
        """Have a prompt answered; `reply` is called once, now or later."""
        try:
            spec, line = self._line(model or self._settings.model)
            if not spec.asks_server:
                self._fly(line, prompt, reply, prefetch=False)
                return
            question = Question(line.host, spec.name, prompt.digest(), repeat)
        except (DistilError, UnicodeEncodeError) as error:
            self._fail(str(error), reply)
            return
        self._ask_server(line, question, prompt, reply, prefetch=prefetch)

    def stats(self) -> Stats:
        """Return the numbers so far."""
        flown = self._flights.flown
        fatal = next((line.fatal for _, line in self._lines.values() if line.fatal), None)
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
            fatal=self._stopped or fatal,
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
        for _, line in self._lines.values():
            await line.model.aclose()

    def _ask_server(self, line: Line, question: Question, prompt: Prompt, reply: Reply, *, prefetch: bool) -> None:
        """Join the flight for the same question, take the answer from the shelf, or ask."""
        key = question.key()
        if key in self._waiting:
            flight, replies = self._waiting[key]
            replies.append(reply)
            if not prefetch:
                self._flights.hurry(flight)
        elif answer := self.shelf.get(question):
            self._stored += 1
            reply(answer)
        elif reason := self._refusal(line):
            self._fail(reason, reply)
        else:
            self._sent += 1
            replies = [reply]
            flight = self._fly(line, prompt, lambda answer: self._landed(key, question, answer), prefetch=prefetch)
            self._waiting[key] = flight, replies

    def _refusal(self, line: Line) -> str | None:
        """Say why a question is not sent, None where it is."""
        if self._stopped or line.fatal:
            return self._stopped or line.fatal
        if self._settings.offline:
            return "not among the stored answers, and offline"
        most = self._settings.max_requests
        if most is not None and self._sent >= most:
            return f"more than {most} prompts; distil_max_requests is the limit"
        return None

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

    def _landed(self, key: str, question: Question, answer: Answer) -> None:
        _, replies = self._waiting.pop(key)
        self.shelf.keep(question, answer)
        for reply in replies:
            reply(answer)

    def _fail(self, reason: str, reply: Reply) -> None:
        self._failed += 1
        reply(Answer(failed=reason))

    def _line(self, text: str) -> tuple[ModelSpec, Line]:
        """Return a model by the way it is written; raise `DistilError` where there is none."""
        if text not in self._lines:
            spec, settings = parse(text), self._settings
            model = load(
                spec,
                endpoint=self._endpoint,
                concurrency=settings.concurrency,
                timeout=settings.timeout,
                examples=settings.examples,
            )
            host = self._endpoint.shown if spec.asks_server and self._endpoint else text
            self._lines[text] = spec, Line(model, host)
        return self._lines[text]
