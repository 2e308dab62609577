"""What all formats share that can be asked: one way from a call to messages, and from a message to a result.

A leaf says how the call is written, what the request has beside its messages, and where in the assistant's message the
result's JSON stands. Requests and training lines are made of the same parts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Message
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.fit import received, sent
from pytest_distil.formats.reading import read
from pytest_distil.formats.schema import per_brief
from pytest_distil.formats.wording import system_text

TRAINED = ("tools", "parallel_tool_calls", "functions")
"""What of a request stands beside the messages of a line. The rest says how to answer, and fine-tuning refuses it."""

_MARK = "\0"
_QUOTED_MARK = compact(_MARK)
"""Where a frame is open; no name of ours holds it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A training line of a brief, without what differs from call to call."""

    head: str
    """Up to the user's text, as JSON."""
    middle: str
    """From there to the result's JSON, as a JSON string."""
    tail: str

    def line(self, user: str, result: str) -> str:
        """Return the line for a user's text and a result's JSON."""
        return f"{self.head}{encode_basestring(user)}{self.middle}{encode_basestring(result)}{self.tail}"


class Conversation(ABC):
    """A format that can be asked; it holds nothing but what it computed of briefs."""

    name: str

    def __init__(self) -> None:
        self._system = per_brief(self._system_text)
        self._beside = per_brief(self.beside)
        self.frame = per_brief(self._frame)
        """The frame of a brief's training lines."""

    @abstractmethod
    def ask(self, brief: Brief) -> str:
        """Return how the result is to be given, in words."""

    @abstractmethod
    def user_text(self, brief: Brief, arguments: Mapping[str, Json]) -> str:
        """Return a call as the user says it."""

    @abstractmethod
    def beside(self, brief: Brief) -> dict[str, Any]:
        """Return what a request has beside its messages."""

    @abstractmethod
    def message(self, brief: Brief, text: str) -> dict[str, Any]:
        """Return the assistant's message that gives a result's JSON."""

    @abstractmethod
    def text(self, brief: Brief, message: Message) -> str:
        """Return the JSON that a message gives; raise `InvalidReply` where there is none."""

    def prompt(self, brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """Return the body of a request; what stands beside the messages is shared between calls."""
        return {"messages": self._messages(brief, self.user_text(brief, arguments)), **self._beside(brief)}

    def reply(self, brief: Brief, result: Json) -> dict[str, Any]:
        """Return the assistant's message that gives `result`: compact JSON, keys in the schema's order."""
        return self.message(brief, compact(sent(brief, result)))

    def parse(self, brief: Brief, message: Message) -> Json:
        """Return the result that a message gives; raise `InvalidReply` where it gives none."""
        return received(brief, read(self.text(brief, message)))

    def _system_text(self, brief: Brief) -> str:
        return system_text(brief, ask=self.ask(brief))

    def _messages(self, brief: Brief, user: str) -> list[dict[str, Any]]:
        return [{"role": "system", "content": self._system(brief)}, {"role": "user", "content": user}]

    def _frame(self, brief: Brief) -> Frame:
        """Write a line with marks where calls differ, and cut it there."""
        system, user = map(compact, self._messages(brief, _MARK))
        opening, between = f"{user},{compact(self.message(brief, _MARK))}".split(_QUOTED_MARK, 1)
        middle, closing = between.split(_QUOTED_MARK)
        beside = self._beside(brief)
        others = "".join(f',"{key}":{compact(beside[key])}' for key in TRAINED if key in beside)
        return Frame(f'{{"messages":[{system},{opening}', middle, f"{closing}]{others}}}")
