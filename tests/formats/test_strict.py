"""Schemas made strict, and those that cannot be."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypedDict

from pytest_distil.formats.strict import shape
from support.briefs import brief_of, brief_with


def closed(**properties: Any) -> dict[str, Any]:
    """Return a strict object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class Label(Enum):
    BUG = "bug"
    TWO = 2


class Point(NamedTuple):
    x: float
    name: str = "origin"


class Limited(BaseModel):
    """Every keyword that fine-tuned models refuse."""

    model_config = ConfigDict(title="A title", json_schema_extra={"examples": [{}], "minProperties": 1})
    code: Annotated[str, Field(pattern="^[A-Z]+$", min_length=1, max_length=9, description="d", examples=["A"])]
    number: Annotated[int, Field(ge=0, lt=10, multiple_of=2)] = 2
    tags: Annotated[set[str], Field(min_length=1, max_length=3)]
    mail: Annotated[str, Field(json_schema_extra={"format": "email"})]


class Node(BaseModel):
    value: int
    next: Node | None = None


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]


class Loose(TypedDict):
    name: str
    size: NotRequired[int]


class Unclear(TypedDict):
    size: NotRequired[int | None]


class UnclearChoice(TypedDict):
    kind: NotRequired[Literal["a"] | None]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


@dataclasses.dataclass
class Made:
    tags: list[str] = dataclasses.field(default_factory=list)


def integers(*names: str) -> Any:
    """Return a model with these fields."""
    fields: dict[str, Any] = dict.fromkeys(names, (int, ...))
    return create_model("Made", **fields)


WIDE = integers(*(f"f{number}" for number in range(101)))
MANY: Any = Enum("MANY", [f"v{number}" for number in range(501)])  # type: ignore[misc]
LONG: Any = Enum("LONG", {f"v{number}": "x" * 28 + f"{number:03}" for number in range(251)})  # type: ignore[misc]
WORDY = integers(*(f"{'f' * 198}{number:02}" for number in range(76)))


class One(TypedDict):
    a: NotRequired[int]


class Other(TypedDict):
    a: int | None


def test_limits_are_left_to_us() -> None:
    """No keyword that limits, names, describes or gives a default is sent."""
    text = {"type": "string"}
    tags = {"type": "array", "items": text}

    assert closed(code=text, number={"type": "integer"}, tags=tags, mail=text) == shape(brief_of(Limited)).schema


@pytest.mark.parametrize(
    ("returns", "schema"),
    [
        (int, {"type": "integer"}),
        (None, {"type": "null"}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (list[int | None], {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}),
        (Label, {"type": ["string", "integer"], "enum": ["bug", 2]}),
        (Literal["a"], {"type": "string", "enum": ["a"]}),
        (tuple[int, int], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, str], {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}}),
        (Point, {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}}),
    ],
    ids=str,
)
def test_what_is_no_object_stands_under_value(returns: Any, schema: dict[str, Any]) -> None:
    """Other types are wrapped in an object of one key."""
    of = shape(brief_of(returns))

    assert closed(value=schema) == of.schema
    assert of.strict


def test_a_recursive_type_is_an_object_at_the_root() -> None:
    """A root that only refers is replaced by what it refers to, which stays among the definitions."""
    node = closed(value={"type": "integer"}, next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]})

    assert {**node, "$defs": {"Node": node}} == shape(brief_of(Node)).schema


def test_a_root_that_refers_once_leaves_no_definition() -> None:
    """A definition that nothing refers to any more is not sent."""
    schema = {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {}}, "B": {"type": "string"}}}

    assert closed() == shape(brief_with(schema)).schema


def test_a_discriminated_union_is_any_of() -> None:
    """`oneOf` and the discriminator become `anyOf`, below the wrapper."""
    schema = shape(brief_of(Annotated[Cat | Dog, Field(discriminator="kind")])).schema

    assert {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]} == schema["properties"]["value"]
    assert closed(kind={"type": "string", "enum": ["dog", "wolf"]}) == schema["$defs"]["Dog"]


@pytest.mark.parametrize("returns", [Loose, Made])
def test_a_key_that_may_be_missing_may_be_null(returns: Any) -> None:
    """What a result may lack is required all the same, and null stands for its lack."""
    of = shape(brief_of(returns))
    [optional] = [own for own in of.schema["properties"].values() if "anyOf" in own]

    assert {"type": "null"} == optional["anyOf"][-1]
    assert of.schema["required"] == list(of.schema["properties"])
    assert of.nulls


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        (Any, "something may be of any type"),
        (list[Any], "something may be of any type"),
        (list, "something may be of any type"),
        (dict[str, int], "an object may have any keys"),
        (list[dict[str, str]], "an object may have any keys"),
        (Open, "an object may have any keys"),
        (tuple[()], "an array is always empty"),
        (Unclear, "'size' may be null or missing"),
        (UnclearChoice, "'kind' may be null or missing"),
        (WIDE, "it has more than 100 fields"),
        (MANY, "it allows more than 500 values"),
        (LONG, "one field's values are longer than 7500 characters"),
        (WORDY, "its names and values are longer than 15000 characters"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_cannot_be_strict_says_why(returns: Any, reason: str) -> None:
    """Open types, and those past the limits of strict mode, are sent loose, for a reason."""
    assert reason == shape(brief_of(returns)).loose


def test_null_among_the_values_of_an_enum_is_null() -> None:
    """An optional key whose values hold null may be null or missing, too."""
    schema = {"type": "object", "properties": {"kind": {"enum": ["a", None]}}}

    assert "'kind' may be null or missing" == shape(brief_with(schema)).loose


def test_two_meanings_of_null_are_loose() -> None:
    """Null under a key cannot mean its lack in one object and null in another of the same keys."""
    assert "two objects have the same keys, and null stands for a missing one in only one of them" == (
        shape(brief_of(list[One | Other])).loose
    )


@pytest.mark.parametrize(("levels", "strict"), [(5, True), (6, False)])
def test_five_levels_of_objects_are_strict(levels: int, *, strict: bool) -> None:
    """Objects in objects are counted, lists and unions between them are not."""
    model: Any = create_model("Level1", a=(int, ...))
    for level in range(2, levels + 1):
        model = create_model(f"Level{level}", inner=(list[model] | None, ...))

    assert strict is shape(brief_of(model)).strict


def test_definitions_are_named_by_their_titles() -> None:
    """Two types of one name are told apart by numbers, and no module shows, also where there is no title."""
    one, other = create_model("Item", a=(int, ...)), create_model("Item", b=(int, ...))
    third = create_model("Größe", c=(int, ...))
    box = create_model("Box", one=(one, ...), other=(other, ...), point=(Point, ...), third=(third, ...))

    assert ["Item", "Item_2", "Point", "Gr_e"] == list(shape(brief_of(box)).schema["$defs"])


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": ["integer", "null"]}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"allOf": [{"type": "integer"}], "description": "d"}, {"type": "integer"}),
        ({"const": 1}, {"type": "integer", "enum": [1]}),
        ({"enum": [True, None, 1.5]}, {"type": ["boolean", "null", "number"], "enum": [True, None, 1.5]}),
        (
            {"anyOf": [{"anyOf": [{"type": "null"}, {"const": 1}]}, {"type": "null"}]},
            {"anyOf": [{"type": "null"}, {"type": "integer", "enum": [1]}]},
        ),
        ({"oneOf": [{"type": "string"}]}, {"type": "string"}),
    ],
    ids=str,
)
def test_schemas_that_users_write_are_read(schema: dict[str, Any], sent: dict[str, Any]) -> None:
    """What `WithJsonSchema` may hold is brought into the same few forms."""
    assert closed(value=sent) == shape(brief_with(schema)).schema


CIRCLE = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "thing"},
        CIRCLE,
        {"$ref": "#/$defs/Missing"},
        {"$ref": "other.json"},
        {"not": {}},
        {"if": {}},
        {"type": 3},
    ],
    ids=str,
)
def test_schemas_that_nobody_understands_are_loose(schema: dict[str, Any]) -> None:
    """What is not understood is of any type, so that nothing is refused that may be right."""
    assert "something may be of any type" == shape(brief_with(schema)).loose


def test_a_shape_is_computed_once_for_a_brief() -> None:
    """The same brief object has the same shape object; another one, though equal, its own."""
    brief, equal = brief_of(Node), brief_of(Node)

    assert shape(brief) is shape(brief)
    assert shape(brief) is not shape(equal)
