"""The ancestor's format."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from pytest_distil.core.prompt import InvalidReply
from pytest_distil.formats.functions import FORMAT
from pytest_distil.formats.strict import shape
from support.briefs import brief_of, brief_with


class Multiply(BaseModel):
    a: int
    result: int


MULTIPLY = brief_of(Multiply, name="multiply", parameters=("a", "b"))


def test_a_request_has_the_ancestors_shape() -> None:
    """The user asks for a call as an expression; the one function is named as the return type."""
    asked = FORMAT.prompt(MULTIPLY, {"b": "x", "a": 2})
    function = {
        "name": "Multiply",
        "description": "Take the result of multiply.",
        "parameters": shape(MULTIPLY).schema,
    }

    assert ["messages", "functions", "function_call"] == list(asked)
    assert {"role": "user", "content": 'Return `multiply(a=2, b="x")`'} == asked["messages"][1]
    assert [function] == asked["functions"]
    assert {"name": "Multiply"} == asked["function_call"]


def test_a_type_without_a_name_takes_the_functions() -> None:
    """Where the return type has no name, or is wrapped, the function to call is named as the task's."""
    assert {"name": "count"} == FORMAT.prompt(brief_of(int, name="count"), {})["function_call"]
    assert {"name": "count"} == FORMAT.prompt(brief_of(list[Multiply], name="count"), {})["function_call"]


def test_a_generic_types_name_is_cleaned() -> None:
    """A name such as `Box[int]` becomes one that providers take."""
    boxed = brief_with({"type": "object", "properties": {"a": {"type": "integer"}}, "title": "Box[int]"})

    assert {"name": "Box_int"} == FORMAT.prompt(boxed, {})["function_call"]


def test_a_reply_is_a_function_call() -> None:
    """The reply calls the function and has no content."""
    call = {"name": "Multiply", "arguments": '{"a":2,"result":6}'}

    assert {"role": "assistant", "function_call": call} == FORMAT.reply(MULTIPLY, {"result": 6, "a": 2})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"content": None, "function_call": None}, "no content"),
        ({"content": "Six."}, "not JSON: expecting value at character 1"),
        ({"function_call": {"name": "multiply", "arguments": "{}"}}, "a call of 'multiply', not of 'Multiply'"),
        ({"function_call": {"name": "Multiply"}}, "the call's arguments are no text"),
        ({"function_call": []}, "a call of 'None', not of 'Multiply'"),
        ({"function_call": {"name": "Multiply", "arguments": "[]"}}, "the JSON is an array, not an object"),
    ],
)
def test_anything_else_is_invalid(message: dict[str, Any], reason: str) -> None:
    """No call, a call of another name, and arguments that are no object each has its reason."""
    with pytest.raises(InvalidReply) as caught:
        FORMAT.parse(MULTIPLY, message)

    assert reason == caught.value.args[0]


def test_content_that_is_the_json_is_read() -> None:
    """Without a call, content that is exactly the JSON is the result."""
    assert {"a": 2, "result": 6} == FORMAT.parse(MULTIPLY, {"content": '{"a":2,"result":6}'})
