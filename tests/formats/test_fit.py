"""Results brought into the schema's order, and back."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, NotRequired

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.fit import ordered, received, sent
from support.briefs import brief_of, brief_with


class Item(BaseModel):
    z: int
    a: str = ""


class Other(BaseModel):
    a: str
    z: int
    m: None = None


class Pair(NamedTuple):
    item: Item
    other: Other


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    name: str
    kind: Literal["dog"]


class Full(BaseModel):
    z: int
    a: str
    more: int


class Short(BaseModel):
    a: str
    z: int


class Flag(BaseModel):
    a: str
    z: bool


class One(BaseModel):
    z: Literal[1]
    a: str


class Yes(BaseModel):
    a: str
    z: Literal[True]


class Tree(TypedDict):
    value: int
    left: NotRequired[Tree | Leaf]
    right: NotRequired[Tree | Leaf]


class Leaf(TypedDict):
    leaf: bool


class Both(TypedDict):
    a: int | None
    b: NotRequired[int]


class Partly(TypedDict, total=False):
    b: int
    a: str


@pytest.mark.parametrize(
    ("returns", "result", "text"),
    [
        (Item, {"a": "x", "z": 1}, '{"z":1,"a":"x"}'),
        (list[Item], [{"a": "x", "z": 1}], '{"value":[{"z":1,"a":"x"}]}'),
        (Item | None, {"a": "x", "z": 1}, '{"value":{"z":1,"a":"x"}}'),
        (
            dict[str, Item],
            {"q": {"a": "x", "z": 1}, "b": {"a": "", "z": 2}},
            '{"b":{"z":2,"a":""},"q":{"z":1,"a":"x"}}',
        ),
        (
            Pair,
            [{"a": "x", "z": 1}, {"m": None, "z": 1, "a": "x"}],
            '{"value":[{"z":1,"a":"x"},{"a":"x","z":1,"m":null}]}',
        ),
        (Item | Other, {"a": "x", "z": 1}, '{"value":{"z":1,"a":"x"}}'),
        (Item | Other, {"m": None, "a": "x", "z": 1}, '{"value":{"a":"x","z":1,"m":null}}'),
        (Cat | Dog, {"kind": "dog", "name": "Rex"}, '{"value":{"name":"Rex","kind":"dog"}}'),
        (Cat | Dog, {"name": "Tom", "kind": "cat"}, '{"value":{"kind":"cat","name":"Tom"}}'),
        (Full | Short, {"z": 1, "a": "x"}, '{"value":{"a":"x","z":1}}'),
        (Item | Flag, {"z": True, "a": "x"}, '{"value":{"a":"x","z":true}}'),
        (One | Yes, {"z": True, "a": "x"}, '{"value":{"a":"x","z":true}}'),
        (
            tuple[Item] | tuple[Short, Short],
            [{"z": 1, "a": "x"}, {"z": 2, "a": "y"}],
            '{"value":[{"a":"x","z":1},{"a":"y","z":2}]}',
        ),
        (list[Item] | list[Other], [{"z": 1, "a": "x", "m": None}], '{"value":[{"a":"x","z":1,"m":null}]}'),
        (dict[str, Any], {"b": {"d": 1, "c": 2}, "a": [{"y": 1, "x": 2}]}, '{"a":[{"x":2,"y":1}],"b":{"c":2,"d":1}}'),
    ],
    ids=str,
)
def test_keys_stand_as_the_schema_has_them(returns: Any, result: Json, text: str) -> None:
    """Every level is ordered: through references, arrays, tuples, and the branch of a union that fits."""
    assert text == compact(sent(brief_of(returns), result))


def test_a_key_that_is_not_there_is_sent_as_null() -> None:
    """Strict schemas want every key; null stands for what a result lacks, and is dropped again."""
    brief = brief_of(Partly)

    assert '{"b":null,"a":"x"}' == compact(sent(brief, {"a": "x"}))
    assert {"a": "x"} == received(brief, {"b": None, "a": "x"})
    assert {"b": 1} == received(brief, {"b": 1})


def test_a_loose_schema_leaves_missing_keys_out() -> None:
    """Where the schema does not want every key, nothing is written in the place of one."""
    brief = brief_of(list[Partly | dict[str, int]])

    assert '{"value":[{"a":"x"}]}' == compact(sent(brief, [{"a": "x"}]))
    assert [{"a": None}] == received(brief, {"value": [{"a": None}]})


def test_null_that_is_a_value_stays() -> None:
    """Only null that stands for a lack is dropped."""
    assert {"a": None} == received(brief_of(Both), {"a": None, "b": None})


def test_a_result_off_the_schema_keeps_its_values() -> None:
    """What does not fit is neither dropped nor changed; the rest is in order."""
    brief = brief_of(list[Item])

    assert [{"z": "NaN", "a": "x", "extra": {"b": 1, "c": 2}}, 7] == ordered(
        brief, [{"extra": {"c": 2, "b": 1}, "a": "x", "z": "NaN"}, 7]
    )
    assert ["z", "a", "extra"] == list(ordered(brief, [{"extra": 1, "a": "x", "z": "NaN"}])[0])


def test_ordering_alone_adds_no_wrapper() -> None:
    """A result that is ordered for a record stays what it is."""
    assert [{"z": 1, "a": "x"}] == ordered(brief_of(list[Item]), [{"a": "x", "z": 1}])
    assert '{"z":1}' == compact(ordered(brief_of(Item), {"z": 1}))


def tree(levels: int) -> Json:
    """Return a result that nests through unions."""
    result: Json = {"leaf": True}
    for level in range(levels):
        result = {"left": result, "value": level}
    return result


def test_deep_unions_are_ordered() -> None:
    """A result as deep as pydantic takes it is ordered, filled and read back."""
    brief = brief_of(Tree)
    deep = tree(199)

    there = sent(brief, deep)

    assert ["value", "left", "right"] == list(there)
    assert deep == received(brief, there)


def test_a_branch_may_be_a_union_by_name() -> None:
    """A branch that only refers to a union is judged by that union's branches."""
    a, b = {"type": "integer"}, {"type": "string"}
    one = {"type": "object", "properties": {"a": a, "b": a}, "required": ["a", "b"]}
    other = {"type": "object", "properties": {"b": b, "a": b}, "required": ["a", "b"]}
    named = {"Either": {"anyOf": [one, other]}}
    brief = brief_with({"anyOf": [{"type": "null"}, {"type": "integer"}, {"$ref": "#/$defs/Either"}], "$defs": named})

    assert '{"value":{"b":"x","a":"y"}}' == compact(sent(brief, {"a": "y", "b": "x"}))


def test_depth_without_end_is_invalid() -> None:
    """A value that nests deeper than Python's stack is no result, and no RecursionError escapes."""
    with pytest.raises(InvalidReply, match="nested too deeply"):
        received(brief_of(Tree), tree(5000))


def test_wide_unions_do_not_multiply() -> None:
    """Each value is judged once at a union, though every level has two readings: this ends."""
    either = {"anyOf": [{"$ref": "#/$defs/One"}, {"$ref": "#/$defs/Other"}]}
    record = {"type": "object", "properties": {"b": either}, "required": ["b"]}
    brief = brief_with({**record, "$defs": {"One": record, "Other": record}})
    deep: Json = {"neither": 1}
    for _ in range(60):
        deep = {"b": deep}

    assert deep == ordered(brief, deep)
