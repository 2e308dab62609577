"""The model of one task in production: what it is sent for a call, who is asked, and what an answer comes to."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_distil.core.carried import Carried, Trained
from pytest_distil.core.prompt import Answer, Model, Prompt
from pytest_distil.formats import FORMATS, load
from pytest_distil.mark.errors import ModelError
from pytest_distil.mark.task import Task
from pytest_distil.models import ModelSpec, parse
from pytest_distil.models.endpoint import Endpoint, endpoint
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.background import Source, answer_in_time, submit
from pytest_distil.run.carrying import read_carried
from pytest_distil.run.outage import Outage
from pytest_distil.run.quiet import LOGGER, Trouble, quietly
from pytest_distil.run.translate import Reading, Translator
from pytest_distil.run.typed import TypedTask

if TYPE_CHECKING:
    from pytest_distil.models.chats import LentChat

_ANYTHING = "it may return anything; annotate what it returns, so that an answer becomes a value of that type"
_NO_MODEL = "{}: no model is named; write @distil(mode='dispatch', model=...) or set DISTIL_MODEL"


class TaskModel:
    """Made at a task's first call in dispatch mode."""

    def __init__(self, task: Task, *, model: str | None, redact: tuple[str, ...] = ()) -> None:
        """Take the model that the environment names, where it does, and its rules for redacting; a card's outrank them.

        Raises `ModelError`, `SettingError` or `DataError` for what cannot be asked, and for a model that was trained
        on another function than this has become.
        """
        self.carried = _carried(task)
        self._trained = self.carried.trained_on(task.name) if self.carried else None
        rules = self.carried.card.trained()[task.name].redaction if self.carried else redact
        self.typed = TypedTask(task, redact=rules)
        problem = self.typed.problem or (_ANYTHING if self.typed.brief.schema is None else None)
        if problem is not None:
            raise ModelError(f"{task.name} cannot be answered by a model: {problem}")
        if self.carried:
            _check(self.carried, self.typed)
        wanted = model or task.production.model or (self.carried.card.model if self.carried else None)
        if not wanted:
            raise ModelError(_NO_MODEL.format(task.name))
        self.spec = _spec(wanted)
        self._source = _source(task, self.spec, self.carried)
        shape = self._trained.format if self._trained else task.format or FORMATS[0]
        self.translator = Translator(self.typed, load(shape), longest_reply=None)
        self._outage = Outage()
        self._own = None if self._source.client is None else _lent(self._source)
        """The model behind a client of the user's, for callers whose event loop it was made for."""

    def prompt(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Prompt | Trouble:
        """Return what the model is sent for a call, or why there is no prompt."""
        arguments = quietly(partial(self.typed.encode_call, args, kwargs))
        if isinstance(arguments, Trouble):
            return arguments
        prompt = self.translator.prompt(arguments)
        return prompt if self._trained is None else _as_trained(prompt, self._trained)

    def ask(self, prompt: Prompt) -> Ticket[Answer]:
        """Have a prompt answered in the background."""
        if known := self._outage.answer():
            ticket = Ticket[Answer]()
            ticket.set_result(known)
            return ticket
        ticket = submit(self._source, prompt)
        ticket.add_done_callback(lambda done: self._outage.note(done.result()))
        return ticket

    async def ask_here(self, prompt: Prompt) -> Answer:
        """Await the answer to a prompt: in the caller's loop where the client is the user's own and made for it."""
        if self._own is not None and not self._own.blocks and _in_asyncio():
            return await self._ask_own(self._own, prompt)
        return await self.ask(prompt)

    async def _ask_own(self, model: Model, prompt: Prompt) -> Answer:
        """Await the answer of the user's own client."""
        if known := self._outage.answer():
            return known
        answer = await answer_in_time(model, prompt, limit=self._source.timeout)
        self._outage.note(answer)
        return answer

    def read(self, answer: Answer) -> tuple[Reading, Any]:
        """Return what an answer comes to, and the value that it gives."""
        read = quietly(partial(self._read, answer))
        return (Reading("invalid", reason=read.detail), None) if isinstance(read, Trouble) else read

    def _read(self, answer: Answer) -> tuple[Reading, Any]:
        reading = self.translator.read(answer)
        return reading, None if reading.text is None else self.typed.decode_result(reading.text)


def _as_trained(prompt: Prompt, trained: Trained) -> Prompt:
    """Return a prompt with everything but the call as it was trained."""
    _, *rest = prompt.body["messages"]
    system = {"role": "system", "content": trained.system}
    own = {"messages": [system, *rest], **trained.beside, "max_tokens": trained.max_tokens}
    return replace(prompt, body={**prompt.body, **own})


def _carried(task: Task) -> Carried | None:
    """Read the card that a task names; a relative path starts beside the file of its function."""
    if task.production.card is None:
        return None
    code = inspect.unwrap(task.function).__code__
    return read_carried(Path(code.co_filename).parent / task.production.card)


def _check(carried: Carried, typed: TypedTask) -> None:
    """Refuse another function than the model was trained on; say once that only its description has changed."""
    parts = carried.changed(typed.brief)
    if parts:
        LOGGER.warning(
            "%s: the %s changed since %s was trained, which is asked as it was trained",
            typed.brief.task,
            " and the ".join(parts),
            carried.card.name,
        )


def _spec(text: str) -> ModelSpec:
    """Read a MODEL; raise `ModelError` for one that only evaluates."""
    spec = parse(text, option="model")
    if spec.kind == "memory":
        raise ModelError(f"{text!r} answers from a session's examples, which production has not; name a trained model")
    return spec


def _source(task: Task, spec: ModelSpec, carried: Carried | None) -> Source:
    """Return who answers: the client that was given, else what the environment and the card say."""
    production = task.production
    if spec.kind == "chat" and production.client is None:
        return Source(spec, _endpoint(carried), production.timeout)
    return Source(spec, None, production.timeout, production.client)


def _endpoint(carried: Carried | None) -> Endpoint:
    """Return the server and its key; the key for one server is not sent to the one that a card names."""
    if carried is None:
        return endpoint(os.environ)
    named = {"DISTIL_API_KEY": os.environ.get("DISTIL_API_KEY") or os.environ.get(carried.key or "", "")}
    shared = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY" or carried.base_url is None}
    return endpoint({**shared, **named}, base_url=carried.base_url)


def _lent(source: Source) -> LentChat:
    """Return the model behind a user's client; raise `ModelError` where it is no client."""
    from pytest_distil.models.chats import lent

    return lent(source.client, source.spec.name, timeout=source.timeout)


def _in_asyncio() -> bool:
    """Tell whether the caller's event loop is one of asyncio's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
