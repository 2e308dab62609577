"""What a core schema proves of all values of a type."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter

from pytest_distil.core import proof
from support.kinds import (
    Aliased,
    ByName,
    Cat,
    Computed,
    Derived,
    Doubling,
    Excluding,
    Failing,
    Hidden,
    Leafy,
    Measured,
    Names,
    Node,
    Open,
    Point,
    Redacting,
    Tagged,
    numbered,
)


def schema_of(annotation: Any) -> Any:
    """Return the core schema of a type."""
    return TypeAdapter(annotation).core_schema


class Described(BaseModel):
    """Fields with what says nothing of their values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    a: int = Field(description="a number", examples=[1])
    type: str = Field(default_factory=str, title="Type")


class Nested(BaseModel):
    """Holds a model, behind a default."""

    inner: Leafy | None = None


class Stripped(BaseModel):
    """Changes its text."""

    model_config = ConfigDict(str_strip_whitespace=True)
    a: str


class Constrained(BaseModel):
    """Refuses some numbers."""

    a: int = Field(gt=0)


class OwnInit(BaseModel):
    """Makes itself in its own way."""

    a: int

    def __init__(self, a: int) -> None:
        super().__init__(a=a + 1)


class Named(BaseModel):
    """Has fields with the names that core schemas use."""

    default: set[int]
    metadata: int = 0
    type: int = 0


def test_plain_fields() -> None:
    """A model of plain leaves has a type, or None, for each field; descriptions and aliases change nothing."""
    text, number = frozenset({str}), frozenset({int})

    assert {"a": number, "b": text | {NoneType}, "c": frozenset({bool})} == proof.plain_fields(schema_of(Leafy))
    assert {"a": number, "type": text} == proof.plain_fields(schema_of(Described))
    assert {"x": number, "y": number} == proof.plain_fields(schema_of(Aliased))


UNPROVEN: list[Any] = [
    Nested,
    Stripped,
    Constrained,
    OwnInit,
    Open,
    Hidden,
    Computed,
    Excluding,
    Redacting,
    Doubling,
    Failing,
]
UNPROVEN += [Measured, Node, Names, ByName, Cat, Point, int, list[int]]


@pytest.mark.parametrize("annotation", UNPROVEN, ids=numbered(UNPROVEN))
def test_unproven(annotation: Any) -> None:
    """Whatever could change, drop, refuse or hide a value is no proof."""
    assert proof.plain_fields(schema_of(annotation)) is None


def test_plain_leaves() -> None:
    """A leaf that asks for nothing more than its type proves that."""
    assert [frozenset({int}), frozenset({str, NoneType}), frozenset({NoneType})] == [
        proof.plain_leaves(schema_of(kind)) for kind in (int, str | None, None)
    ]
    for kind in (
        float,
        Annotated[int, Field(gt=0)],
        Annotated[str, Field(pattern="a")],
        Annotated[int, PlainSerializer(str)],
        Annotated[int, AfterValidator(abs)],
        Literal["a"],
        int | str,
        Any,
    ):
        assert proof.plain_leaves(schema_of(kind)) is None


SETS: list[Any] = [set[int], list[frozenset[str]], ByName, Named, dict[str, tuple[int, set[str]]]]
NO_SETS: list[Any] = [list[int], Leafy, Node, Any, dict[str, int]]


def test_sets() -> None:
    """A set is found wherever it stands, a field that is called `default` included."""
    assert [True] * len(SETS) == [proof.holds_sets(schema_of(kind)) for kind in SETS]
    assert [False] * len(NO_SETS) == [proof.holds_sets(schema_of(kind)) for kind in NO_SETS]


class Pair(NamedTuple):
    """Runs nobody's code."""

    a: int


CODE: list[Any] = [Doubling, Failing, Redacting, Derived, Hidden, OwnInit, Excluding, Tagged, list[dict[str, Doubling]]]
CODE += [Annotated[int, PlainSerializer(str)], Annotated[int, AfterValidator(abs)]]
NO_CODE: list[Any] = [Leafy, Open, Measured, Node, Point, Cat, Pair, Named, Nested, int, list[int | None]]


def test_user_code() -> None:
    """Validators, serializers, own constructors and hooks are found at any depth."""
    assert [True] * len(CODE) == [proof.runs_user_code(schema_of(kind)) for kind in CODE]
    assert [False] * len(NO_CODE) == [proof.runs_user_code(schema_of(kind)) for kind in NO_CODE]


@dataclass
class Circular:
    """Has a default that holds itself."""

    a: list[Any] = field(default_factory=list)


def test_defaults_are_not_searched() -> None:
    """A default is a value, not a schema: it may hold itself, or look like a schema."""
    circle: list[Any] = []
    circle.append(circle)

    class Odd(BaseModel):
        a: Any = circle
        b: Any = {"type": "set"}

    assert not proof.holds_sets(schema_of(Odd))
    assert not proof.holds_sets(schema_of(Circular))
