"""The shape of `instructor`'s distillation (`FinetuneFormat.MESSAGES`): a call as an expression, a function call.

Named as there: the function to call is the return type. OpenAI calls `functions` deprecated and still takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Format, Message
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.fit import received, sent
from pytest_distil.formats.reading import call_of, read
from pytest_distil.formats.schema import clean_name, per_brief, returned
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import call_text, messages


class Functions:
    """One function, named as the return type is, that the model must call with the result."""

    name = "functions"

    def prompt(self, brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """Return messages, `functions` and `function_call`."""
        name = _function_name(brief)
        return {
            "messages": messages(brief, f"Return `{call_text(brief, arguments)}`", ask=f"Call {name} with JSON"),
            "functions": _functions(brief),
            "function_call": {"name": name},
        }

    def reply(self, brief: Brief, result: Json) -> dict[str, Any]:
        """Return the assistant's message: the call, no content."""
        call = {"name": _function_name(brief), "arguments": compact(sent(brief, result))}
        return {"role": "assistant", "function_call": call}

    def parse(self, brief: Brief, message: Message) -> Json:
        """Return the result that the call holds, or the content where there is none (see `call_of`)."""
        return received(brief, read(call_of(message, message.get("function_call"), _function_name(brief))))


def _function_name(brief: Brief) -> str:
    """Return the return type's name, or the task's where it has none."""
    return clean_name(returned(brief).title or brief.name)


@per_brief
def _functions(brief: Brief) -> list[dict[str, Any]]:
    """Return the one function; shared between calls."""
    description = f"Take the result of {brief.name}."
    return [{"name": _function_name(brief), "description": description, "parameters": shape(brief).schema}]


FORMAT: Format = Functions()
