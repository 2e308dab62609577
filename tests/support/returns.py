"""Return types made up by hypothesis, with results of them as they are encoded."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import string
import uuid
from collections import namedtuple
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import Field, create_model
from typing_extensions import TypedDict

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json
from pytest_distil.mark.errors import EncodingError
from pytest_distil.mark.task import Task
from pytest_distil.run.typed import TypedTask
from support.briefs import brief_of, encoded


class Typed(NamedTuple):
    """A type, and what makes values of it."""

    annotation: Any
    values: st.SearchStrategy[Any]


TEXT = st.text(alphabet=string.ascii_letters + ' äß漢"\\`{}[]\n', max_size=8)
KEYS = st.sampled_from(["a", "b", "c", "type", "format", "value", "title", "größe", "items"])
NAMES = st.sampled_from(["Item", "Box", "Größe", "Item"])
"""Few, so that different types share a name."""

_LEAVES = [
    Typed(int, st.integers(-(10**20), 10**20)),
    Typed(Annotated[int, Field(ge=0, le=9)], st.integers(0, 9)),
    Typed(float, st.floats(allow_nan=False, allow_infinity=False)),
    Typed(bool, st.booleans()),
    Typed(str, TEXT),
    Typed(Annotated[str, Field(max_length=8, description="some\n text")], TEXT),
    Typed(type(None), st.none()),
    Typed(Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=2)),
    Typed(dt.date, st.dates()),
    Typed(uuid.UUID, st.uuids()),
    Typed(Literal["a", "b"], st.sampled_from(["a", "b"])),
    Typed(Literal["a", 1] | None, st.sampled_from(["a", 1, None])),
    Typed(Any, st.recursive(st.none() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner, max_size=3))),
]


_ANY_FLOAT = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf])
_NUMBERS = [Typed(float, _ANY_FLOAT), Typed(float | str, _ANY_FLOAT | st.sampled_from(["NaN", "-Infinity"]))]
"""Not all of them have a place in JSON, and not all that look like those are such."""


def _listed(item: Typed) -> Typed:
    return Typed(list[item.annotation], st.lists(item.values, max_size=3))  # type: ignore[name-defined]


def _set_free(item: Typed) -> Typed:
    return Typed(tuple[item.annotation, ...], st.lists(item.values, max_size=3).map(tuple))  # type: ignore[name-defined]


def _mapped(item: Typed) -> Typed:
    return Typed(dict[str, item.annotation], st.dictionaries(TEXT, item.values, max_size=3))  # type: ignore[name-defined]


def _optional(item: Typed) -> Typed:
    return Typed(item.annotation | None, st.none() | item.values)


def _paired(first: Typed, second: Typed) -> Typed:
    return Typed(tuple[first.annotation, second.annotation], st.tuples(first.values, second.values))  # type: ignore[name-defined]


def _either(first: Typed, second: Typed) -> Typed:
    return Typed(first.annotation | second.annotation, first.values | second.values)


def _enum(name: str) -> Typed:
    made: Any = Enum(name, {"FIRST": "first", "SECOND": 2})  # type: ignore[misc]
    return Typed(made, st.sampled_from(list(made)))


def _model(name: str, fields: dict[str, Typed], style: int) -> Typed:
    """Make a model; by `style`, later fields have a default, a default that is made, or neither."""
    made = create_model(name, __doc__=f"A {name}.", **{key: _field(typed, style) for key, typed in fields.items()})  # type: ignore[call-overload]
    values = st.fixed_dictionaries({key: typed.values for key, typed in fields.items()})
    return Typed(made, values.map(lambda given: made.model_construct(**given)))


def _field(typed: Typed, style: int) -> tuple[Any, Any]:
    if style == 0:
        return typed.annotation, ...
    if style == 1:
        return typed.annotation, Field(default=None, validate_default=False, description="with  a\ndefault")
    return typed.annotation, Field(default_factory=lambda: None)


def _dataclass(name: str, fields: dict[str, Typed]) -> Typed:
    made = dataclasses.make_dataclass(name, [(key, typed.annotation) for key, typed in fields.items()])
    values = st.fixed_dictionaries({key: typed.values for key, typed in fields.items()})
    return Typed(made, values.map(lambda given: made(**given)))


def _typed_dict(name: str, fields: dict[str, Typed], style: int) -> Typed:
    """Make a TypedDict; by `style`, its keys may be missing."""
    annotations = {key: NotRequired[typed.annotation] if style else typed.annotation for key, typed in fields.items()}
    made: Any = TypedDict(name, annotations)  # type: ignore[misc]
    values = {key: typed.values for key, typed in fields.items()}
    return Typed(made, st.fixed_dictionaries({}, optional=values) if style else st.fixed_dictionaries(values))


def _named_tuple(name: str, fields: dict[str, Typed]) -> Typed:
    made: Any = namedtuple(name, fields)  # type: ignore[misc]  # noqa: PYI024 - made at run time
    made.__annotations__ = {key: typed.annotation for key, typed in fields.items()}
    return Typed(made, st.tuples(*(typed.values for typed in fields.values())).map(lambda given: made(*given)))


def _records(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    fields = st.dictionaries(KEYS, inner, min_size=1, max_size=4)
    styles = st.integers(0, 2)
    plain: list[Callable[..., Typed]] = [_dataclass, _named_tuple]
    styled: list[Callable[..., Typed]] = [_model, _typed_dict]
    return st.one_of(
        *(st.builds(make, NAMES, fields) for make in plain),
        *(st.builds(make, NAMES, fields, styles) for make in styled),
    )


def _grow(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    around_one: list[Callable[..., Typed]] = [_listed, _set_free, _mapped, _optional]
    around_two: list[Callable[..., Typed]] = [_paired, _either, _either]
    return st.one_of(
        *(st.builds(make, inner) for make in around_one),
        *(st.builds(make, inner, inner) for make in around_two),
        _records(inner),
        _records(inner),
    )


types: st.SearchStrategy[Typed] = st.recursive(st.sampled_from(_LEAVES) | st.builds(_enum, NAMES), _grow, max_leaves=8)

numbers: st.SearchStrategy[Typed] = st.recursive(st.sampled_from([*_NUMBERS, *_LEAVES[:2]]), _grow, max_leaves=4)
"""The same with nan and infinities among the values."""


@st.composite
def briefs_with_results(draw: st.DrawFn) -> tuple[Brief, Json]:
    """Draw a brief, and a result of it."""
    typed = draw(types)
    return brief_of(typed.annotation), encoded(typed.annotation, draw(typed.values))


@st.composite
def recorded_results(draw: st.DrawFn) -> tuple[Brief, Json]:
    """Draw a brief, and a result of it that a run would record."""
    typed = draw(numbers)
    task = TypedTask(Task(name="t", function=lambda: None, dataset="t", returns=typed.annotation))
    try:
        return task.brief, json.loads(task.encode_result(draw(typed.values)))
    except EncodingError:
        reject()
