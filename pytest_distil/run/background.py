"""The event loop of production: one thread for a process, in which all models live that calls are answered by."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_distil.core.prompt import Answer, Model, Prompt, Unanswered
from pytest_distil.mark.errors import DistilError
from pytest_distil.models import ModelSpec, load
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.run.asker.pace import Pace
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.production_home import production_home

_CONCURRENCY = 256
"""Connections to one server; more calls than these at once wait for one another."""

_SECONDS_TO_END = 5.0
_ENDING = "the process is ending"


@dataclass(frozen=True, slots=True)
class Source:
    """Who answers a task: a model where it is served, or behind a client of the user's."""

    spec: ModelSpec
    endpoint: Endpoint | None
    """Of a model behind a server; None where a client is given."""
    timeout: float
    """Seconds for one answer, tries and waits between them included."""
    client: Any = field(default=None, hash=False)
    """The user's `OpenAI` or `AsyncOpenAI`."""


class Background:
    """The thread, its loop, and the models that were asked so far."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._models: dict[Source, Model] = {}
        self._chats: Any = None
        self._asking: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="distil-models", daemon=True)
        self._thread.start()
        self._ready.wait()

    def submit(self, source: Source, prompt: Prompt) -> Ticket[Answer]:
        """Have a prompt answered; the ticket always gets an answer, at the latest when the source's time is over."""
        ticket = Ticket[Answer]()
        try:
            self._loop.call_soon_threadsafe(self._start, source, prompt, ticket)
        except RuntimeError:  # the loop is closed
            ticket.set_result(Answer(failed=_ENDING))
        return ticket

    def outstanding(self) -> int:
        """Return how many prompts have no answer yet."""
        return len(self._asking)

    def close(self) -> None:
        """Fail what has no answer yet, let go of connections, and end the thread."""
        if self._thread.is_alive() and self.pid == os.getpid():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(_SECONDS_TO_END)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self._ready.set()
        await self._end.wait()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_END / 2):
                await asyncio.gather(*(one.aclose() for one in self._models.values()), return_exceptions=True)

    def _start(self, source: Source, prompt: Prompt, ticket: Ticket[Answer]) -> None:
        task = self._loop.create_task(self._fill(source, prompt, ticket))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _fill(self, source: Source, prompt: Prompt, ticket: Ticket[Answer]) -> None:
        """Fill a ticket, whatever happens."""
        answer = Answer(failed=_ENDING)
        try:
            answer = await answer_in_time(self._model(source), prompt, limit=source.timeout)
        except DistilError as error:
            answer = Answer(failed=str(error))
        except Exception as error:
            answer = Answer(failed=f"{type(error).__name__}: {error}")
        finally:
            ticket.set_result(answer)

    def _model(self, source: Source) -> Model:
        """Return the model of a source, made when it is first asked."""
        if source not in self._models:
            self._models[source] = self._made(source)
        return self._models[source]

    def _made(self, source: Source) -> Model:
        if source.client is None and source.spec.kind != "chat":
            home = production_home()
            return load(source.spec, timeout=source.timeout, local=home.models, bases=home.bases)
        from pytest_distil.models.chats import Chats, lent

        if source.client is not None:
            return lent(source.client, source.spec.name, timeout=source.timeout)
        self._chats = self._chats or Chats(concurrency=_CONCURRENCY)
        model: Model = self._chats.at(source.endpoint, source.spec.name, timeout=source.timeout)
        return model


async def answer_in_time(model: Model, prompt: Prompt, *, limit: float) -> Answer:
    """Ask, and again where that may help, for at most `limit` seconds; the answer may be that there is none."""
    started, tries, waited, pace = time.monotonic(), 0, 0.0, Pace(1)
    reason = None
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while True:
                tries += 1
                try:
                    answer = await model.ask(prompt)
                except Unanswered as event:
                    reason, wait = event.reason, pace.wait(tries, event.retry_after)
                    if not event.retry or time.monotonic() - started + wait > limit:
                        break
                    await asyncio.sleep(wait)
                    waited += wait
                else:
                    seconds, requests = time.monotonic() - started - waited, answer.requests + tries - 1
                    return replace(answer, seconds=seconds, requests=requests, retries=tries - 1, waited_seconds=waited)
    reason = reason or f"no answer within {limit:g} s"
    return Answer(failed=reason, requests=tries, retries=tries - 1, waited_seconds=waited)


class _Here:
    """The background of this process."""

    def __init__(self) -> None:
        self.now: Background | None = None
        self.lock = threading.Lock()
        self.left: list[Background] = []
        """A parent process's: closing its sockets here could end its conversations."""

    def forked(self) -> None:
        self.left += [self.now] if self.now else []
        self.now, self.lock = None, threading.Lock()


_here = _Here()


def submit(source: Source, prompt: Prompt) -> Ticket[Answer]:
    """Have a prompt answered in the background of this process; the ticket always gets an answer."""
    try:
        return background().submit(source, prompt)
    except RuntimeError:  # a process that is ending gets no more threads
        ticket = Ticket[Answer]()
        ticket.set_result(Answer(failed=_ENDING))
        return ticket


def background() -> Background:
    """Return the background of this process, started when it is first needed and again after `close`.

    Raises `RuntimeError` where the process is ending.
    """
    found = _here.now
    if found is None:
        with _here.lock:
            found = _here.now = _here.now or Background()
    return found


def close() -> None:
    """End the background of this process, where there is one."""
    with _here.lock:
        found, _here.now = _here.now, None
    if found is not None:
        found.close()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_here.forked)
