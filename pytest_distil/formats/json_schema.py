"""The default: arguments as a JSON object, the result as a JSON object in the reply's content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Message
from pytest_distil.core.text import Json
from pytest_distil.formats.conversation import Conversation
from pytest_distil.formats.reading import content_of
from pytest_distil.formats.schema import clean_name
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import arguments_text


class JsonSchema(Conversation):
    """Messages of text, the reply held to the return type's schema by the server."""

    name = "json_schema"

    def ask(self, brief: Brief) -> str:  # noqa: ARG002 - the same for all
        """Say it with the word without which OpenAI refuses requests for a JSON object."""
        return "Reply with JSON"

    def user_text(self, brief: Brief, arguments: Mapping[str, Json]) -> str:
        """Return the arguments as one JSON object."""
        return arguments_text(brief, arguments)

    def beside(self, brief: Brief) -> dict[str, Any]:
        """Return `response_format`: the schema, or a plain JSON object where it cannot be strict."""
        of = shape(brief)
        if not of.strict:
            return {"response_format": {"type": "json_object"}}
        schema = {"name": clean_name(brief.name), "strict": True, "schema": of.schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def message(self, brief: Brief, text: str) -> dict[str, Any]:  # noqa: ARG002 - needs no name
        """Return a message with the JSON as its content."""
        return {"role": "assistant", "content": text}

    def text(self, brief: Brief, message: Message) -> str:  # noqa: ARG002 - needs no name
        """Return the content."""
        return content_of(message)


FORMAT = JsonSchema()
