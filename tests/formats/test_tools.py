"""The format of one forced tool."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from pytest_distil.core.prompt import InvalidReply
from pytest_distil.formats.strict import shape
from pytest_distil.formats.tools import FORMAT
from support.briefs import brief_of


class Ticket(BaseModel):
    label: str


TICKET = brief_of(Ticket)


def calling(*functions: Any, **others: Any) -> dict[str, Any]:
    """Return an assistant's message with tool calls."""
    calls = [{"id": "call_x", "type": "function", "function": function} for function in functions]
    return {"role": "assistant", "content": None, "tool_calls": calls, **others}


RIGHT = {"name": "triage", "arguments": '{"label":"bug"}'}


def test_a_request_forces_one_tool() -> None:
    """The tool is named as the function is, has the strict schema, and must be called once."""
    asked = FORMAT.prompt(TICKET, {"email": "x"})
    function = {
        "name": "triage",
        "description": "Take the result of triage.",
        "parameters": shape(TICKET).schema,
        "strict": True,
    }

    assert ["messages", "tools", "parallel_tool_calls", "tool_choice"] == list(asked)
    assert [{"type": "function", "function": function}] == asked["tools"]
    assert asked["parallel_tool_calls"] is False
    assert {"type": "function", "function": {"name": "triage"}} == asked["tool_choice"]
    assert "Call triage with JSON:\n{\n  label: string\n}" in asked["messages"][0]["content"]


def test_what_cannot_be_strict_is_not_called_strict() -> None:
    """An open type's tool has its schema and no promise to hold to it."""
    function = FORMAT.prompt(brief_of(dict[str, int]), {})["tools"][0]["function"]

    assert {"type": "integer"} == function["parameters"]["additionalProperties"]
    assert "strict" not in function


def test_a_reply_is_one_call() -> None:
    """The reply calls the tool, with an id that every provider's templates take, and has no content."""
    function = {"name": "triage", "arguments": '{"label":"bug"}'}
    call = {"id": "call00001", "type": "function", "function": function}

    assert {"role": "assistant", "tool_calls": [call]} == FORMAT.reply(TICKET, {"label": "bug"})


@pytest.mark.parametrize(
    "message",
    [
        calling(RIGHT),
        calling(RIGHT, content="Here it is."),
        calling(RIGHT, refusal=None),
        {"content": '{"label":"bug"}'},
        {"content": '{"label":"bug"}', "tool_calls": []},
        {"content": '{"label":"bug"}', "tool_calls": None},
    ],
)
def test_the_call_or_the_content_is_read(message: dict[str, Any]) -> None:
    """The call's arguments are the result; without a call, content that is exactly the JSON is."""
    assert {"label": "bug"} == FORMAT.parse(TICKET, message)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"content": None}, "no content"),
        ({"content": None, "refusal": "No."}, "refused: No."),
        ({"content": "I would call triage.", "tool_calls": []}, "not JSON: expecting value at character 1"),
        (calling(RIGHT, RIGHT), "2 tool calls instead of one"),
        (calling({**RIGHT, "name": "sort"}), "a call of 'sort', not of 'triage'"),
        (calling({**RIGHT, "arguments": {"label": "bug"}}), "the call's arguments are no text"),
        (calling({**RIGHT, "arguments": ""}), "empty"),
        (calling({**RIGHT, "arguments": '{"label":'}), "not JSON: expecting value at character 10"),
        (calling(None), "the tool call calls no function"),
        (calling("triage"), "a call of 'None', not of 'triage'"),
        ({"tool_calls": ["triage"]}, "the tool call calls no function"),
        ({"tool_calls": [{"id": "x", "type": "custom", "custom": {}}]}, "the tool call calls no function"),
        ({"tool_calls": {"name": "triage"}}, "the tool calls are no list"),
        ({"tool_calls": "triage"}, "the tool calls are no list"),
    ],
)
def test_anything_else_is_invalid(message: dict[str, Any], reason: str) -> None:
    """No call, several calls, another tool's, or a call without text each has its reason."""
    with pytest.raises(InvalidReply) as caught:
        FORMAT.parse(TICKET, message)

    assert reason == caught.value.args[0]
