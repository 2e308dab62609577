"""Return types in words."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, get_origin

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import PydanticJsonSchemaWarning
from typing_extensions import TypedDict

from pytest_distil.formats.typetext import type_text
from support.briefs import brief_of, brief_with


class Label(Enum):
    """What it is about."""

    BUG = "bug"
    MONEY = "money"


class Item(BaseModel):
    """One line.

    Of the receipt.
    """

    name: str = Field(description="as  it\nis printed")
    price: Decimal = Field(ge=0)
    amounts: list[int | None] = []


class Receipt(BaseModel):
    """A receipt."""

    day: dt.date
    items: Annotated[list[Item], Field(min_length=1)]
    label: Label
    best: Item | None = None
    corner: Corner


class Corner(NamedTuple):
    x: int
    y: int


class Twice(BaseModel):
    one: Label
    other: Label | None


class Tree(TypedDict):
    value: int
    below: NotRequired[list[Tree]]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


@dataclasses.dataclass
class Held:
    x: int
    hidden: Any = dataclasses.field(default_factory=object)
    shown: Any = object()  # noqa: RUF009 - its repr has an address


def test_an_object_has_a_line_a_field() -> None:
    """Types, allowed values, limits and descriptions stand beside each field, definitions below."""
    assert (
        "{  // A receipt.\n"
        "  day: string (date)\n"
        "  items: Item[] (at least 1 item)\n"
        '  label: "bug" | "money"  // What it is about.\n'
        "  best: Item | null\n"
        "  corner: Corner\n"
        "}\n"
        "Item: {  // One line. Of the receipt.\n"
        "  name: string  // as it is printed\n"
        "  price: number (>= 0) | string\n"
        "  amounts: (integer | null)[]\n"
        "}\n"
        "Corner: [integer, integer]"
    ) == type_text(brief_of(Receipt))


def test_values_that_two_fields_have_are_named() -> None:
    """An enum used once stands in its field; used twice, it has a name."""
    assert ('{\n  one: Label\n  other: Label | null\n}\nLabel: "bug" | "money"  // What it is about.') == type_text(
        brief_of(Twice)
    )


def test_a_recursive_type_is_named() -> None:
    """A type that holds itself is a definition; a key that may be missing may be null."""
    assert "Tree\nTree: {\n  value: integer\n  below: Tree[] | null\n}" == type_text(brief_of(Tree))


@pytest.mark.parametrize(
    ("returns", "text"),
    [
        (int, "integer"),
        (float | None, "number | null"),
        (Literal["a", 1], '"a" | 1'),
        (list[str], "string[]"),
        (list[list[int]], "integer[][]"),
        (list[Annotated[int, Field(ge=1)]], "(integer (>= 1))[]"),
        (tuple[int, str], "[integer, string]"),
        (tuple[()], "[]"),
        (dict[str, int], "{any key: integer}"),
        (list[dict[str, Any]], "{any key: any}[]"),
        (list[dict[str, int] | None], "({any key: integer} | null)[]"),
        (dict[Annotated[str, Field(pattern="^a")], int], "{any key: integer}"),
        (Any, "any"),
    ],
    ids=str,
)
def test_types_without_fields_stand_on_a_line(returns: Any, text: str) -> None:
    """Scalars, arrays, tuples and open objects are short."""
    shown = text if get_origin(returns) is dict else f"{{\n  value: {text}\n}}"

    assert shown == type_text(brief_of(returns))


def test_an_open_object_says_so() -> None:
    """Where other keys may stand, the text has a line for them."""
    assert "{\n  a: integer\n  ...: any\n}" == type_text(brief_of(Open))
    assert "{\n  value: Open[]\n}\nOpen: {\n  a: integer\n  ...: any\n}" == type_text(brief_of(list[Open]))


def test_a_key_of_a_loose_object_may_be_left_out() -> None:
    """Where nothing is held to the schema, a key that may be missing has a question mark."""
    loose: Any = TypedDict("loose", {"a": NotRequired[int], "b c": dict[str, int]})

    assert '{\n  a?: integer\n  "b c": {any key: integer}\n}' == type_text(brief_of(loose))


def test_objects_without_a_name_stand_on_a_line() -> None:
    """An object inside a field that is no definition is written in place."""
    inner = {"type": "object", "properties": {"b": {"type": "null"}}, "additionalProperties": {"type": "string"}}
    schema = {"type": "object", "properties": {"a": inner}, "required": ["a"]}

    assert "{\n  a: {b?: null, ...: string}\n}" == type_text(brief_with(schema))


def test_positions_may_be_followed_by_more() -> None:
    """An array with some positions fixed says what comes after."""
    schema = {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}}

    assert "{\n  value: [integer, ...string]\n}" == type_text(brief_with(schema))


def test_a_union_says_nothing_twice() -> None:
    """Branches that say the same are one."""
    schema = {"anyOf": [{"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}]}

    assert "{\n  value: string | null\n}" == type_text(brief_with(schema))


def test_no_default_is_said() -> None:
    """Defaults, whose text may hold an address, are in no text."""
    with pytest.warns(PydanticJsonSchemaWarning):
        brief = brief_of(Held)

    assert "{\n  x: integer\n  hidden?: any\n  shown?: any\n}" == type_text(brief)
