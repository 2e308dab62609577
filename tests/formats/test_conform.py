from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from pytest_distil.core.brief import Brief
from pytest_distil.formats.conform import faults
from pytest_distil.formats.fit import sent
from pytest_distil.formats.strict import shape
from support.returns import briefs_with_results

WRONG: dict[str, tuple[Any, Any, list[tuple[str, str]]]] = {
    "type": ({"type": "integer"}, "3", [("", "is string, not integer")]),
    "truth is no number": ({"type": "number"}, True, [("", "is boolean, not number")]),
    "types": ({"type": ["string", "null"]}, 3, [("", "is integer, not string or null")]),
    "choice": ({"enum": [1, 2]}, True, [("", "is true, not one of 1, 2")]),
    "constant": ({"const": "a"}, "b", [("", 'is "b", not "a"')]),
    "many choices": ({"enum": list("abcdefg")}, "x", [("", 'is "x", not one of "a", "b", "c", "d", "e", ...')]),
    "missing": ({"type": "object", "required": ["a"]}, {}, [("a", "is missing")]),
    "too many": (
        {"properties": {"a": {}}, "additionalProperties": False},
        {"a": 1, "b": 2},
        [("b", "is a key that the schema does not have")],
    ),
    "others": ({"additionalProperties": {"type": "string"}}, {"a": 1}, [("a", "is integer, not string")]),
    "items": (
        {"items": {"properties": {"p": {"type": "string"}}}},
        [{"p": "x"}, {"p": 1}],
        [("[1].p", "is integer, not string")],
    ),
    "positions": ({"prefixItems": [{"type": "string"}], "items": False}, ["a", 1], [("[1]", "is not allowed here")]),
    "reference": (
        {"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"a": {"$ref": "#/$defs/T"}}, "type": "object"}}},
        {"a": {"a": 1}},
        [("a.a", "is integer, not object")],
    ),
    "best branch": (
        {"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}]},
        {"a": 1},
        [("", "is object, not null")],
    ),
    "all of": ({"allOf": [{"type": "string"}, {"minLength": 3}]}, "ab", [("", "has 2 characters, fewer than 3")]),
    "minimum": ({"minimum": 3}, 2, [("", "is 2, less than 3")]),
    "below": ({"exclusiveMaximum": 3}, 3, [("", "is 3, not less than 3")]),
    "items at most": ({"maxItems": 1}, [1, 2], [("", "has 2 items, more than 1")]),
    "pattern": ({"pattern": "^a"}, "b", [("", 'is "b", which does not match ^a')]),
}


@pytest.mark.parametrize(("schema", "value", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_of_the_schema_is_found(schema: Any, value: Any, expected: list[tuple[str, str]]) -> None:
    """Each keyword is held against the value, and the fault is told with its path."""
    assert expected == list(faults(schema, value))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3),
        ({"pattern": "("}, "a"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, 1),
        ({"$ref": "#/nowhere"}, 1),
        ({"format": "date", "title": "A"}, "b"),
        (True, 1),
        ({}, None),
    ],
)
def test_what_a_schema_does_not_say_is_no_fault(schema: Any, value: Any) -> None:
    """Whole numbers in another form, references to nothing and keywords that say nothing here pass."""
    assert [] == list(faults(schema, value))


@given(briefs_with_results())
def test_every_training_reply_is_of_its_own_schema(drawn: tuple[Brief, Any]) -> None:
    """What `collect` writes as a reply is never a fault of the schema that it is asked with."""
    brief, result = drawn

    assert [] == list(faults(shape(brief).schema, sent(brief, result)))
