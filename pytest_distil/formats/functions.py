"""The shape of `instructor`'s distillation (`FinetuneFormat.MESSAGES`): a call as an expression, a function call.

Named as there: the function to call is the return type. OpenAI calls `functions` deprecated and still takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Message
from pytest_distil.core.text import Json
from pytest_distil.formats.conversation import Conversation
from pytest_distil.formats.reading import call_of
from pytest_distil.formats.schema import clean_name, returned
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import call_text


class Functions(Conversation):
    """One function, named as the return type is, that the model must call with the result."""

    name = "functions"

    def ask(self, brief: Brief) -> str:
        """Name the function to call."""
        return f"Call {_function_name(brief)} with JSON"

    def user_text(self, brief: Brief, arguments: Mapping[str, Json]) -> str:
        """Return the call as an expression."""
        return f"Return `{call_text(brief, arguments)}`"

    def beside(self, brief: Brief) -> dict[str, Any]:
        """Return `functions` and `function_call`."""
        name = _function_name(brief)
        description = f"Take the result of {brief.name}."
        function = {"name": name, "description": description, "parameters": shape(brief).schema}
        return {"functions": [function], "function_call": {"name": name}}

    def message(self, brief: Brief, text: str) -> dict[str, Any]:
        """Return a message with the call, and no content."""
        return {"role": "assistant", "function_call": {"name": _function_name(brief), "arguments": text}}

    def text(self, brief: Brief, message: Message) -> str:
        """Return the call's arguments, or the content where there is none (see `call_of`)."""
        return call_of(message, message.get("function_call"), _function_name(brief))


def _function_name(brief: Brief) -> str:
    """Return the return type's name, or the task's where it has none."""
    return clean_name(returned(brief).title or brief.name)


FORMAT = Functions()
