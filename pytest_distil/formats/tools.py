"""Arguments as a JSON object, the result as the arguments of one forced tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Format, InvalidReply, Message
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.fit import received, sent
from pytest_distil.formats.reading import call_of, read
from pytest_distil.formats.schema import clean_name, per_brief
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import arguments_text, messages

_CALL_ID = "call00001"
"""Nine letters and digits, as Mistral's chat templates demand; every conversation has one call."""


class Tools:
    """One tool, named as the function is, that the model must call with the result."""

    name = "tools"

    def prompt(self, brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """Return messages, `tools`, `parallel_tool_calls` (strict mode forbids them) and `tool_choice`."""
        name = clean_name(brief.name)
        return {
            "messages": messages(brief, arguments_text(brief, arguments), ask=f"Call {name} with JSON"),
            "tools": _tools(brief),
            "parallel_tool_calls": False,
            "tool_choice": {"type": "function", "function": {"name": name}},
        }

    def reply(self, brief: Brief, result: Json) -> dict[str, Any]:
        """Return the assistant's message: one call, no content."""
        function = {"name": clean_name(brief.name), "arguments": compact(sent(brief, result))}
        return {"role": "assistant", "tool_calls": [{"id": _CALL_ID, "type": "function", "function": function}]}

    def parse(self, brief: Brief, message: Message) -> Json:
        """Return the result that the one call holds, or the content where there is none (see `call_of`)."""
        return received(brief, read(call_of(message, _only_call(message), clean_name(brief.name))))


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


@per_brief
def _tools(brief: Brief) -> list[dict[str, Any]]:
    """Return the one tool; shared between calls."""
    of = shape(brief)
    function = {
        "name": clean_name(brief.name),
        "description": f"Take the result of {brief.name}.",
        "parameters": of.schema,
    }
    return [{"type": "function", "function": function | ({"strict": True} if of.strict else {})}]


FORMAT: Format = Tools()
