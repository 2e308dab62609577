"""Requests under way: as many at once as the pace allows, those first that somebody waits for, tried again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from pytest_distil.core.prompt import Answer, Prompt, Unanswered
from pytest_distil.run.asker.lines import Line
from pytest_distil.run.asker.pace import Pace, gives_up


@dataclass(slots=True, eq=False)
class Flight:
    """One prompt on its way to one answer."""

    number: int
    line: Line
    prompt: Prompt
    landed: Callable[[Answer], None]
    """What happens with the answer; called once."""
    prefetch: bool
    """Nobody waits yet."""
    queued: bool = False
    in_air: bool = False
    tries: int = 0
    troubles: int = 0
    """Tries that failed for another reason than the server's limit on the rate."""
    deadline: float = 0.0
    waited: float = 0.0


@dataclass(slots=True)
class Flown:
    """What all requests together took."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0


class Flights:
    """All prompts that have no answer yet."""

    def __init__(self, pace: Pace, *, patience: float, ready: asyncio.Event) -> None:
        """Take the seconds that a prompt's tries and waits may take, and what says that models can be loaded."""
        self.pace = pace
        self.flown = Flown()
        self._patience = patience
        self._ready = ready
        self._open: dict[int, Flight] = {}
        self._queue: list[tuple[bool, int, Flight]] = []
        self._air: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def add(self, flight: Flight) -> None:
        """Take a prompt in; it flies when there is room."""
        self._open[flight.number] = flight
        self._enqueue(flight)

    def hurry(self, flight: Flight) -> None:
        """Move a prompt ahead of those that nobody waits for."""
        if flight.prefetch:
            flight.prefetch = False
            if flight.queued:
                self._enqueue(flight)

    def give_up(self, line: Line, reason: str) -> None:
        """Fail every prompt for a model that is not in the air; what is, still brings its answer."""
        line.give_up(reason, time.monotonic())
        for flight in [one for one in self._open.values() if one.line is line and not one.in_air]:
            self._land(flight, Answer(failed=reason))

    async def aclose(self, reason: str) -> None:
        """Fail every prompt, in the air or not."""
        for flight in list(self._open.values()):
            self._land(flight, Answer(failed=reason))
        for task in self._air:
            task.cancel()
        await asyncio.gather(*self._air, return_exceptions=True)

    def _enqueue(self, flight: Flight) -> None:
        flight.queued = True
        heappush(self._queue, (flight.prefetch, flight.number, flight))
        self._take_off()

    def _take_off(self) -> None:
        """Send as many prompts as there is room for."""
        while self._queue and len(self._air) < int(self.pace.limit) and not self._paused():
            prefetch, number, flight = heappop(self._queue)
            if (
                number in self._open and flight.queued and prefetch == flight.prefetch
            ):  # else it moved ahead, or fell out
                flight.queued, flight.in_air = False, True
                task = asyncio.create_task(self._fly(flight))
                self._air.add(task)
                task.add_done_callback(self._arrive)

    def _paused(self) -> bool:
        """Tell whether the server wants no request now; see to it that flights go on afterwards."""
        pause = self.pace.paused_until - time.monotonic()
        if pause > 0 and self._resume is None:
            self._resume = asyncio.get_running_loop().call_later(pause, self._end_of_pause)
        return pause > 0

    def _end_of_pause(self) -> None:
        self._resume = None
        self._take_off()

    def _arrive(self, task: asyncio.Task[None]) -> None:
        self._air.discard(task)
        self._take_off()

    async def _fly(self, flight: Flight) -> None:
        """Try once."""
        await self._ready.wait()
        sent = time.monotonic()
        flight.deadline = flight.deadline or sent + self._patience
        flight.tries += 1
        try:
            answer = await flight.line.model.ask(flight.prompt)
        except Unanswered as event:
            self._missed(flight, event, sent)
        except Exception as error:  # one prompt's trouble is not the others'
            self._land(flight, Answer(failed=f"{type(error).__name__}: {error}"))
        else:
            self._answered(flight, answer, sent)
        finally:
            flight.in_air = False

    def _answered(self, flight: Flight, answer: Answer, sent: float) -> None:
        self.pace.succeeded()
        self.flown.requests += answer.requests
        self._land(flight, replace(answer, seconds=time.monotonic() - sent))

    def _missed(self, flight: Flight, event: Unanswered, sent: float) -> None:
        """Try again later, or let the prompt fail, or all."""
        now = time.monotonic()
        self.flown.requests += flight.line.spec.asks_server
        flight.troubles += not event.limited
        self.pace.missed(event, sent=sent, now=now)
        alike = flight.tries - flight.troubles if event.limited else flight.troubles
        wait = self.pace.wait(alike, event.retry_after)
        if reason := self._fatal(flight, event, now):
            self.give_up(flight.line, reason)
            self._land(flight, Answer(failed=reason))
        elif gives_up(event, troubles=flight.troubles) or now + wait > flight.deadline:
            self._land(flight, Answer(failed=event.reason))
        else:
            flight.waited += wait
            self.flown.retries += 1
            self.flown.waited += wait
            asyncio.get_running_loop().call_later(wait, self._again, flight)

    def _again(self, flight: Flight) -> None:
        if flight.number in self._open:
            self._enqueue(flight)

    def _fatal(self, flight: Flight, event: Unanswered, now: float) -> str | None:
        """Say why no prompt of a model will do better, None where one may."""
        if event.fatal or flight.line.fatal:
            return flight.line.fatal or event.reason
        if event.limited and (event.retry_after or 0.0) > self._patience:
            return f"the server asks to wait {event.retry_after:.0f} s: {event.reason}"
        if self.pace.nobody_there(now):
            return f"nobody answers at {flight.line.host}: {event.reason}"
        return None

    def _land(self, flight: Flight, answer: Answer) -> None:
        """Hand on the answer, once, with what it took."""
        if self._open.pop(flight.number, None) is not None:
            requests = flight.tries if answer.failed else answer.requests + flight.tries - 1
            flight.landed(
                replace(
                    answer,
                    requests=requests if flight.line.spec.asks_server else 0,
                    retries=max(0, flight.tries - 1),
                    waited_seconds=flight.waited,
                )
            )
