"""Prompts as tokens: the server that will be asked renders and encodes what the trainer learns from.

So both see the same tokens by construction, whatever a chat template or a tokenizer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_distil.core.prompt import Message
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.server import LlamaServer


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training line as tokens."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]
    """With the token that ends it."""


class Template:
    """The chat template and the tokenizer of a served model."""

    def __init__(self, server: LlamaServer, *, end: int) -> None:
        """Take the server and the token that ends a reply."""
        self._server = server
        self._end = end

    def lesson(self, messages: Sequence[Message]) -> Lesson:
        """Return a training line as tokens; raise `ModelError` for a reply that is not plain text."""
        *asked, last = messages
        content = last.get("content")
        if last.get("role") != "assistant" or not isinstance(content, str) or last.get("tool_calls"):
            raise ModelError("a line's last message is no text; collect with --distil-format=json_schema to train here")
        return Lesson(self.prompt(asked), (*self.text(content), self._end))

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return what a model is sent for these messages, up to where its reply begins."""
        rendered = self._server.post("/apply-template", {"messages": list(messages)})["prompt"]
        return self._tokens(rendered, special=True)

    def text(self, text: str) -> tuple[int, ...]:
        """Return plain text as tokens; the names of special tokens in it stay text."""
        return self._tokens(text, special=False)

    def _tokens(self, text: str, *, special: bool) -> tuple[int, ...]:
        # The server adds a beginning to prompts where the model wants one, never to a reply.
        body = {"content": text, "add_special": special, "parse_special": special}
        return tuple(self._server.post("/tokenize", body)["tokens"])
