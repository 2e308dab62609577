"""The default format."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply
from pytest_distil.formats.json_schema import FORMAT
from support.briefs import brief_of, brief_with


class Ticket(BaseModel):
    label: str
    order: int | None = None


TICKET = brief_of(Ticket)
MAIL = {"email": "Wo bleibt №7?", "urgent": True}


def refused(brief: Brief, content: str) -> str:
    """Return why a message with this content is refused."""
    with pytest.raises(InvalidReply) as caught:
        FORMAT.parse(brief, {"role": "assistant", "content": content})
    return str(caught.value.args[0])


def test_a_request_as_a_whole() -> None:
    """A request has two messages and the strict schema, named as the function is."""
    properties = {"label": {"type": "string"}, "order": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}
    system = (
        "Predict the result of this function:\n\n"
        'def triage(email: str, urgent: bool = False) -> Ticket\n"""Sort an e-mail."""\n\n'
        "Reply with JSON:\n{\n  label: string\n  order: integer | null\n}"
    )

    assert {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": '{"email":"Wo bleibt №7?","urgent":true}'},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "triage",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": properties,
                    "required": ["label", "order"],
                    "additionalProperties": False,
                },
            },
        },
    } == FORMAT.prompt(TICKET, MAIL)


def test_a_reply_is_compact_and_in_the_order_of_the_schema() -> None:
    """The reply's content is JSON without white space, UTF-8 as it is, keys as the schema orders them."""
    reply = FORMAT.reply(TICKET, {"order": 7, "label": "größe"})

    assert {"role": "assistant", "content": '{"label":"größe","order":7}'} == reply


@pytest.mark.parametrize("returns", [dict[str, int], Any, dict[str, Any], list[Any]], ids=str)
def test_what_cannot_be_strict_asks_for_any_json_object(returns: Any) -> None:
    """Open types are asked for as a plain JSON object, with the word that OpenAI demands in the messages."""
    asked = FORMAT.prompt(brief_of(returns), MAIL)

    assert {"type": "json_object"} == asked["response_format"]
    assert "JSON" in asked["messages"][0]["content"]


def test_a_brief_without_schema_may_return_anything() -> None:
    """Where nothing is known of the result, it is asked for under `value`, of any type."""
    brief = brief_with(None)

    assert "Reply with JSON:\n{\n  value: any\n}" in FORMAT.prompt(brief, {})["messages"][0]["content"]
    assert '{"value":[1]}' == FORMAT.reply(brief, [1])["content"]
    assert [1] == FORMAT.parse(brief, FORMAT.reply(brief, [1]))


@pytest.mark.parametrize(
    ("returns", "result"),
    [(int, 3), (list[int], [1, 2]), (Decimal, "3.50"), (Ticket | None, None), (type(None), None), (bool, False)],
    ids=str,
)
def test_what_is_no_object_is_wrapped(returns: Any, result: Any) -> None:
    """Scalars, arrays and unions stand under `value` in prompt, reply and parsing alike."""
    brief = brief_of(returns)

    reply = FORMAT.reply(brief, result)

    assert reply["content"].startswith('{"value":')
    assert FORMAT.prompt(brief, {})["response_format"]["json_schema"]["schema"]["required"] == ["value"]
    assert result == FORMAT.parse(brief, reply)


@pytest.mark.parametrize("content", ["3", "[1]", "null", '"value"', "true"])
def test_json_that_is_no_object_is_invalid(content: str) -> None:
    """A reply is an object, whatever the type."""
    assert refused(TICKET, content).endswith(", not an object")


@pytest.mark.parametrize("content", ["{}", '{"result":3}', '{"value":3,"why":"x"}'])
def test_a_missing_wrapper_is_invalid(content: str) -> None:
    """Nothing but `value` may stand in the wrapper, and it must."""
    assert 'the JSON is not {"value": ...}, and the result has no other place' == refused(brief_of(int), content)


def test_a_function_of_another_script_has_a_name_that_providers_take() -> None:
    """Names are cleaned to letters, digits, `_` and `-`, 64 of them."""
    name = FORMAT.prompt(brief_of(int, name="größe_" + "x" * 80), {})["response_format"]["json_schema"]["name"]

    assert "gr_e_" + "x" * 59 == name
