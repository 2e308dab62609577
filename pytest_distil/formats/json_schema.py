"""The default: arguments as a JSON object, the result as a JSON object in the reply's content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Format, Message
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.fit import received, sent
from pytest_distil.formats.reading import content_of, read
from pytest_distil.formats.schema import clean_name, per_brief
from pytest_distil.formats.strict import shape
from pytest_distil.formats.wording import arguments_text, messages


class JsonSchema:
    """Messages of text, the reply held to the return type's schema by the server."""

    name = "json_schema"

    def prompt(self, brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Any]:
        """Return messages and `response_format`: the schema, or a plain JSON object where it cannot be strict."""
        return {
            "messages": messages(brief, arguments_text(brief, arguments)),
            "response_format": _response_format(brief),
        }

    def reply(self, brief: Brief, result: Json) -> dict[str, Any]:
        """Return the assistant's message: the result as compact JSON, keys in the schema's order."""
        return {"role": "assistant", "content": compact(sent(brief, result))}

    def parse(self, brief: Brief, message: Message) -> Json:
        """Return the result that the content holds."""
        return received(brief, read(content_of(message)))


@per_brief
def _response_format(brief: Brief) -> dict[str, Any]:
    """Return what a request says of its reply; shared between calls."""
    of = shape(brief)
    if not of.strict:
        return {"type": "json_object"}
    schema = {"name": clean_name(brief.name), "strict": True, "schema": of.schema}
    return {"type": "json_schema", "json_schema": schema}


FORMAT: Format = JsonSchema()
