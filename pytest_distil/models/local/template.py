"""Prompts as tokens: one rendering, by the server that will be asked, for what is learned and what is asked.

So both see the same tokens by construction, whatever a chat template or a tokenizer does. Names of special tokens in
what users pass stay text: a mail that says `<|im_end|>` does not end its turn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from pytest_distil.core.prompt import Message
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.server import LlamaServer
from pytest_distil.models.local.vocabulary import Vocabulary

_PRIVATE = range(0xE000, 0xF900)
"""Characters that mean nothing to anybody: one that a text does not have can mark places in it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training line as tokens."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]
    """With the token that ends it."""


class Template:
    """The chat template and the tokenizer of a served model."""

    def __init__(self, server: LlamaServer, vocabulary: Vocabulary) -> None:
        """Take the server, and the vocabulary of the file that it serves."""
        self._server = server
        self._end = vocabulary.end
        self._ids = vocabulary.special
        self._beginnings: dict[str, tuple[int, ...]] = {}
        names = sorted(vocabulary.special, key=len, reverse=True)  # the longest of several that begin alike
        self._special = re.compile("|".join(map(re.escape, names)) or "(?!)")

    def lesson(self, messages: Sequence[Message]) -> Lesson:
        """Return a training line as tokens; raise `ModelError` for a reply that is not plain text."""
        *asked, last = messages
        content = last.get("content")
        if last.get("role") != "assistant" or not isinstance(content, str) or last.get("tool_calls"):
            raise ModelError("a line's last message is no text; collect with --distil-format=json_schema to train here")
        return Lesson(self.prompt(asked), (*self.text(content), self._end))

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Return what a model is sent for these messages, up to where its reply begins."""
        texts = "".join(str(one.get("content")) for one in messages)
        if not self._special.search(texts):
            return self._tokens(self._rendered(messages), special=True)
        mark = next(one for one in map(chr, _PRIVATE) if one not in texts)
        broken = [{**one, "content": self._special.sub(_broken_by(mark), str(one["content"]))} for one in messages]
        return self._tokens(self._parted(self._rendered(broken), mark), special=False)

    def beginning(self, first: Message) -> tuple[int, ...]:
        """Return the tokens that all prompts with this first message begin with."""
        key = str(first)
        if key not in self._beginnings:
            prompts = (self.prompt([first, {"role": "user", "content": text}]) for text in "ab")
            alike = takewhile(lambda pair: pair[0] == pair[1], zip(*prompts, strict=False))
            self._beginnings[key] = tuple(token for token, _ in alike)
        return self._beginnings[key]

    def text(self, text: str) -> tuple[int, ...]:
        """Return plain text as tokens; the names of special tokens in it stay text."""
        return self._tokens(text, special=False)

    def _parted(self, rendered: str, mark: str) -> list[str | int]:
        """Return a rendered prompt as the template's own special tokens and the text between them, made whole."""
        parts: list[str | int] = [""]  # where the model wants a beginning, the server adds it to a text
        place = 0
        for found in self._special.finditer(rendered):
            parts += [rendered[place : found.start()].replace(mark, ""), self._ids[found[0]]]
            place = found.end()
        return [*parts, rendered[place:].replace(mark, "")]

    def _rendered(self, messages: Sequence[Message]) -> str:
        return str(self._asked("/apply-template", {"messages": list(messages)}, "prompt"))

    def _tokens(self, content: str | list[str | int], *, special: bool) -> tuple[int, ...]:
        # The server adds a beginning to prompts where the model wants one, never to a reply.
        is_prompt = special or not isinstance(content, str)
        body = {"content": content, "add_special": is_prompt, "parse_special": special}
        return tuple(self._asked("/tokenize", body, "tokens"))

    def _asked(self, path: str, body: dict[str, Any], key: str) -> Any:
        data = self._server.post(path, body)
        if key not in data:
            raise ModelError(f"llama.cpp refuses {path}: {data}")
        return data[key]


def _broken_by(mark: str) -> Any:
    """Return what puts a mark into a name, so that it is none."""
    return lambda found: f"{found[0][0]}{mark}{found[0][1:]}"
