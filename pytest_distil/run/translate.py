"""The only way from a call to a prompt, and from an answer to a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_distil.core.call import Example
from pytest_distil.core.prompt import Answer, Format, InvalidReply, Message, Prompt
from pytest_distil.core.text import Json, compact
from pytest_distil.mark.errors import EncodingError
from pytest_distil.run.typed import TypedTask

Shots = Callable[[Json], Sequence[Example]]
"""Returns the examples to show before a call, the nearest first."""

_BYTES_PER_TOKEN = 2
"""Fewer than tokenizers need for JSON (three to four), so that no reply of the usual length is cut."""

_LEAST_TOKENS = 64
_UNKNOWN_LENGTH = 1024
"""Bytes of a reply where no training reply is known."""

_CUT = {"length": "truncated: the reply reached the limit of tokens", "content_filter": "stopped by a content filter"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer comes to."""

    verdict: Literal["value", "invalid", "failed"]
    text: str | None = None
    """The model's value as JSON text, in the schema's order."""
    reason: str | None = None
    """Why it is invalid or failed."""
    sent: str | None = None
    """What the model sent, where that is invalid."""


class Translator:
    """Words the calls of one task in one format, and reads the answers."""

    def __init__(
        self, typed: TypedTask, form: Format, *, longest_reply: int | None, shots: Shots | None = None
    ) -> None:
        """Take the bytes of the longest training reply (None where there is none), and who finds examples to show."""
        self.typed = typed
        self._form = form
        self._shots = shots
        self._parameters = {"temperature": 0, "max_tokens": max_tokens(longest_reply)}

    def prompt(self, arguments: str) -> Prompt:
        """Return what a model is sent for a call: the training line without its last turn, and the parameters."""
        encoded = json.loads(arguments)
        body = self._form.prompt(self.typed.brief, encoded) | self._parameters
        if self._shots:
            body["messages"] = [*body["messages"][:-1], *self._shown(encoded), body["messages"][-1]]
        return Prompt(self.typed.task.name, encoded, body)

    def read(self, answer: Answer) -> Reading:
        """Return the value that an answer gives, or why it gives none; the server is trusted in nothing."""
        if answer.failed is not None:
            return Reading("failed", reason=answer.failed)
        if answer.invalid is not None:
            return Reading("invalid", reason=answer.invalid)
        sent = answer.result if answer.message is None else compact(answer.message)
        try:
            text = answer.result if answer.result is not None else compact(self._parse(answer))
            value = self.typed.decode_result(text)
            return Reading("value", text=self.typed.encode_result(value))
        except InvalidReply as error:
            return Reading("invalid", reason=_CUT.get(answer.finish_reason or "", str(error)), sent=sent)
        except (EncodingError, ValueError) as error:
            return Reading("invalid", reason=f"off schema: {error}", sent=sent)

    def _shown(self, arguments: Json) -> Iterator[Message]:
        """Yield the turns of the examples that stand before a call, the nearest one last."""
        for example in reversed(self._shots(arguments) if self._shots else ()):
            yield self._form.prompt(self.typed.brief, example.arguments)["messages"][-1]
            reply = self._form.reply(self.typed.brief, example.result)
            yield reply
            for call in reply.get("tool_calls", ()):  # the interface wants each of them answered
                yield {"role": "tool", "tool_call_id": call["id"], "content": "ok"}

    def _parse(self, answer: Answer) -> Any:
        if answer.message is None:
            raise InvalidReply("the response has no message")
        return self._form.parse(self.typed.brief, answer.message)


def max_tokens(longest_reply: int | None) -> int:
    """Return the limit of tokens for a reply: twice the longest training reply, at least 64.

    Rounded up to a power of two, so that a session more or less does not change every request (and so every stored
    answer's key).
    """
    length = _UNKNOWN_LENGTH if longest_reply is None else longest_reply
    wanted = max(2 * length // _BYTES_PER_TOKEN, _LEAST_TOKENS)
    return int(1 << (wanted - 1).bit_length())
