"""Arguments as a JSON object, the result as the arguments of one forced tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply, Message
from pytest_distil.core.text import Json
from pytest_distil.formats.conversation import Conversation
from pytest_distil.formats.reading import call_of
from pytest_distil.formats.schema import clean_name
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import arguments_text

_CALL_ID = "call00001"
"""Nine letters and digits, as Mistral's chat templates demand; every conversation has one call."""


class Tools(Conversation):
    """One tool, named as the function is, that the model must call with the result."""

    name = "tools"

    def ask(self, brief: Brief) -> str:
        """Name the tool."""
        return f"Call {clean_name(brief.name)} with JSON"

    def user_text(self, brief: Brief, arguments: Mapping[str, Json]) -> str:
        """Return the arguments as one JSON object."""
        return arguments_text(brief, arguments)

    def beside(self, brief: Brief) -> dict[str, Any]:
        """Return `tools`, `parallel_tool_calls` (strict mode forbids them) and `tool_choice`."""
        name, of = clean_name(brief.name), shape(brief)
        function = {"name": name, "description": f"Take the result of {brief.name}.", "parameters": of.schema}
        strict = {"strict": True} if of.strict else {}
        return {
            "tools": [{"type": "function", "function": function | strict}],
            "parallel_tool_calls": False,
            "tool_choice": {"type": "function", "function": {"name": name}},
        }

    def message(self, brief: Brief, text: str) -> dict[str, Any]:
        """Return a message with one call, and no content."""
        function = {"name": clean_name(brief.name), "arguments": text}
        return {"role": "assistant", "tool_calls": [{"id": _CALL_ID, "type": "function", "function": function}]}

    def text(self, brief: Brief, message: Message) -> str:
        """Return the arguments of the one call, or the content where there is none (see `call_of`)."""
        return call_of(message, _only_call(message), clean_name(brief.name))


def _only_call(message: Message) -> object:
    """Return the function of the one tool call, or None where there is no call."""
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise InvalidReply("the tool calls are no list")
    if len(calls) > 1:
        raise InvalidReply(f"{len(calls)} tool calls instead of one")
    if not calls:
        return None
    function = calls[0].get("function") if isinstance(calls[0], Mapping) else None
    if function is None:
        raise InvalidReply("the tool call calls no function")
    return function


FORMAT = Tools()
