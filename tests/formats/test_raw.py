"""The ancestor's raw record."""

from __future__ import annotations

from pydantic import BaseModel

from pytest_distil.formats.raw import record
from support.briefs import brief_of


class Multiply(BaseModel):
    b: int
    a: int


MULTIPLY = brief_of(Multiply, name="multiply", parameters=("a", "b"), signature="multiply(a: int, b: int) -> Multiply")


def test_a_record_has_the_ancestors_keys() -> None:
    """A record names the function, its arguments, the result in the schema's order, and the schema as it is."""
    made = record(MULTIPLY, {"b": {"y": 1, "x": 2}, "a": 2}, {"a": 2, "b": 3})

    assert {
        "fn_name": "multiply",
        "fn_repr": 'def multiply(a: int, b: int) -> Multiply\n"""Sort an e-mail."""',
        "args": [],
        "kwargs": {"a": 2, "b": {"x": 2, "y": 1}},
        "resp": {"b": 3, "a": 2},
        "schema": MULTIPLY.schema,
    } == made
    assert ["fn_name", "fn_repr", "args", "kwargs", "resp", "schema"] == list(made)
    assert ["a", "b"] == list(made["kwargs"])
    assert ["b", "a"] == list(made["resp"])


def test_a_result_is_not_wrapped() -> None:
    """A record's result stands as it is."""
    assert 6 == record(brief_of(int), {}, 6)["resp"]
