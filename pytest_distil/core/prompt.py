"""What a model is sent and what comes back; the protocols of formats and models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, canonical

Message = Mapping[str, Any]
"""One message of the Chat Completions interface, as plain JSON."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent for one call."""

    task: str
    arguments: Mapping[str, Json]
    """The encoded call, for models that answer from examples."""
    body: Mapping[str, Any]
    """`messages`, and what the format and the run add: `response_format`, `tools`, `tool_choice`, `functions`,
    `function_call`, `temperature`, `max_tokens`. Everything of the request but the model."""

    def digest(self) -> str:
        """Return the SHA-256 of the body's canonical text, in hexadecimal: what recorded answers are found by."""
        return hashlib.sha256(canonical(self.body).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them; they add up."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a prompt, or why nothing did."""

    message: Message | None = None
    """The assistant's message: `content`, `refusal`, `tool_calls`, `function_call`."""
    result: str | None = None
    """The encoded result itself, as JSON text, from a model that answers with results (memory); no parsing then."""
    finish_reason: str | None = None
    failed: str | None = None
    """Why there is no answer (network, quota, limit); an answer without this has a message or a result."""
    invalid: str | None = None
    """Why the server's response holds no usable message (HTML, empty choices, an error body under status 200)."""
    served_model: str | None = None
    """The model that the server says has answered."""
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    """From sending the last request to its answer, waiting excluded."""
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    stored: bool = False
    """Whether it came from the store of answers, without a request."""

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON, its message as it is."""
        return {name: getattr(self, name) for name in _ANSWER} | {"usage": asdict(self.usage)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        """Read what `to_json` made."""
        return cls(**{**data, "usage": Usage(**data["usage"])})


_ANSWER = tuple(one.name for one in fields(Answer))


class Unanswered(Exception):
    """One request brought no answer.

    `retry` says whether another try may, `retry_after` (seconds) what the server asked for, `limited` that it was
    a limit on the rate, `fatal` that no request of this run will do better (key, quota, unknown model), `reached`
    that the server was there at all, `silent` that it was and said nothing in time.
    """

    def __init__(  # noqa: PLR0913 - facts of one event
        self,
        reason: str,
        *,
        retry: bool = False,
        retry_after: float | None = None,
        limited: bool = False,
        fatal: bool = False,
        reached: bool = True,
        silent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.retry_after = retry_after
        self.limited = limited
        self.fatal = fatal
        self.reached = reached
        self.silent = silent


class InvalidReply(Exception):
    """A model's message does not hold a result; the reason is its only argument."""


class Model(Protocol):
    """What answers in the original's place; it lives in the asker."""

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt with one request; raise `Unanswered` where that brings nothing."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Format(Protocol):
    """One shape of conversation: how a call is worded, how its result is replied and read back."""

    name: str

    def prompt(self, brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """Return the body of a request for a call: `messages` and what the shape adds, nothing else."""

    def reply(self, brief: Brief, result: Json) -> dict[str, Any]:
        """Return the assistant's message that gives `result`, as a model is trained to send it."""

    def parse(self, brief: Brief, message: Message) -> Json:
        """Return the result that a message gives; raise `InvalidReply` where it gives none."""
