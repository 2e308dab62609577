"""Values to JSON and back: lossless, and in the schema's order."""

from __future__ import annotations

import collections
import datetime as dt
import fractions
import ipaddress
import json
import pathlib
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pydantic import (
    BaseModel,
    PlainSerializer,
)

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter, NoSchemaError
from pytest_distil.core.same import first_difference
from support.kinds import (
    COMPUTED,
    Aliased,
    Box,
    ByName,
    Cached,
    Cat,
    Checked,
    Color,
    Computed,
    Derived,
    Dog,
    Flags,
    Frozen,
    Hidden,
    Leafy,
    Level,
    Measured,
    Names,
    New,
    Node,
    Open,
    Pair,
    Parsed,
    Pet,
    Picky,
    Plain,
    Point,
    Slotted,
    Strict,
    Tagged,
    Ticket,
    Wide,
    Word,
    changed,
    named,
)

BERLIN = ZoneInfo("Europe/Berlin")

LOSSLESS = [
    (int, 3, "3"),
    (int, 10**30, "1" + "0" * 30),
    (float, 3, "3.0"),
    (float, 1e16, "1e+16"),
    (float, -0.0, "-0.0"),
    (float, float("nan"), '"NaN"'),
    (float, float("-inf"), '"-Infinity"'),
    (str, 'ä "\\\n\x00漢🎉', '"ä \\"\\\\\\n\\u0000漢🎉"'),
    (bool, True, "true"),
    (None, None, "null"),
    (bytes, b"\xff\xfe", '"__4="'),
    (list[bytes], [b"ab"], '["YWI="]'),
    (Decimal, Decimal("3.50"), '"3.50"'),
    (dt.datetime, dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=BERLIN), '"2024-01-02T03:04:05.000006+01:00"'),
    (dt.datetime, dt.datetime(2024, 1, 2), '"2024-01-02T00:00:00"'),  # noqa: DTZ001
    (dt.time, dt.time(1, 2, tzinfo=dt.UTC), '"01:02:00Z"'),
    (dt.timedelta, dt.timedelta(days=-3, microseconds=7), '"-P2DT23H59M59.999993S"'),
    (dt.timedelta, dt.timedelta.max, '"P2739726Y9DT23H59M59.999999S"'),
    (uuid.UUID, uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    (pathlib.PurePosixPath, pathlib.PurePosixPath("a/b"), '"a/b"'),
    (ipaddress.IPv4Network, ipaddress.IPv4Network("10.0.0.0/30"), '"10.0.0.0/30"'),
    (fractions.Fraction, fractions.Fraction(1, 3), '"1/3"'),
    (complex, 1 + 2j, '"1+2j"'),
    (Color, Color.RED, '"red"'),
    (Level, Level.LOW, "1"),
    (Word, Word.YES, '"yes"'),
    (Flags, Flags.A, "1"),
    (Literal["a", 1], 1, "1"),
    (int | str | None, "1", '"1"'),
    (int | float, 1.0, "1.0"),
    (list[int | None], [1, None], "[1,null]"),
    (tuple[int, str], (1, "a"), '[1,"a"]'),
    (tuple[int, ...], (), "[]"),
    (set[str], {"b", "a", "c"}, '["a","b","c"]'),
    (frozenset[int], frozenset({10, 9, 1}), "[1,10,9]"),
    (set[Frozen], {Frozen(x=2), Frozen(x=1)}, '[{"x":1},{"x":2}]'),
    (set[frozenset[int]], {frozenset({2, 1}), frozenset()}, "[[1,2],[]]"),
    (collections.deque[int], collections.deque([2, 1]), "[2,1]"),
    (dict[int, str], {1: "a"}, '{"1":"a"}'),
    (dict[Color, float], {Color.RED: float("inf")}, '{"red":"Infinity"}'),
    (dict[str, set[int]], {"a": {2, 1}}, '{"a":[1,2]}'),
    (collections.Counter[str], collections.Counter("aab"), '{"a":2,"b":1}'),
    (collections.OrderedDict[str, int], collections.OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
    (dict[dt.date, int], {dt.date(2024, 1, 2): 1}, '{"2024-01-02":1}'),
    (Leafy, Leafy(a=1), '{"a":1,"b":null,"c":false}'),
    (Leafy | None, Leafy(a=1), '{"a":1,"b":null,"c":false}'),
    (Open, Open(a=1, more=[2]), '{"a":1,"more":[2]}'),  # type: ignore[call-arg]
    (Aliased, Aliased(X=1, why=2), '{"x":1,"y":2}'),  # type: ignore[call-arg]
    (Computed, Computed(a=1), '{"a":1}'),
    (Hidden, Hidden(a=1), '{"a":1}'),
    (Parsed, Parsed(inner="[1,2]"), '{"inner":"[1,2]"}'),  # type: ignore[arg-type]
    (list[Pet], [Cat(type="cat", lives=9), Dog(type="dog", name="x")], None),
    (Tagged, "1", '"1"'),
    (Node, Node(name="a", children=[Node(name="b")]), '{"name":"a","children":[{"name":"b","children":[]}]}'),
    (Measured, Measured(value=float("nan"), raw=b"ab"), '{"value":"NaN","raw":"ab"}'),
    (Strict, Strict(when=dt.date(2024, 1, 2), ids={2, 1}), '{"when":"2024-01-02","ids":[1,2]}'),
    (Box[Leafy], Box[Leafy](item=Leafy(a=1)), '{"item":{"a":1,"b":null,"c":false}}'),
    (Box[set[int]], Box[set[int]](item={2, 1}), '{"item":[1,2]}'),
    (Names, Names(["b", "a"]), '["b","a"]'),
    (ByName, ByName({"k": {2, 1}}), '{"k":[1,2]}'),
    (Point, Point(1, 2.5), '{"x":1.0,"y":2.5}'),
    (Slotted, Slotted(tags=frozenset("ba"), at=Point(1.0)), '{"tags":["a","b"],"at":{"x":1.0,"y":0.0}}'),
    (Derived, Derived(3), '{"a":3}'),
    (Checked, Checked(a=3), '{"a":3}'),
    (Pair, Pair(1, Leafy(a=2)), '[1,{"a":2,"b":null,"c":false}]'),
    (Ticket, {"label": "bug"}, '{"label":"bug"}'),
    (list[Wide] | None, [{"pair": Pair(1), "label": "idea"}], '[{"label":"idea","pair":[1,null]}]'),
    (New, {"a": 1, "b": 2}, '{"b":2,"a":1}'),
    (Any, {"a": [1, 2.5, None, "x"]}, '{"a":[1,2.5,null,"x"]}'),
]


@pytest.mark.parametrize(("annotation", "value", "text"), LOSSLESS, ids=named(LOSSLESS))
def test_lossless(annotation: Any, value: Any, text: str | None) -> None:
    """A value of the annotated type is written in the schema's order, and reads back the same."""
    adapter = Adapter(annotation)
    written = adapter.encode(value)

    assert text in (None, written)
    assert first_difference(value, adapter.decode(written)) is None or type(value) is int
    assert adapter.encode(adapter.decode(written)) == written


def test_schema_order() -> None:
    """Keys stand in the schema's order, whatever order they came into the value."""
    model = Leafy.model_construct(c=True, a=1, b="x")
    turned = changed(Leafy(a=1), b="y")
    turned.__dict__ = dict(reversed(turned.__dict__.items()))

    assert '{"a":1,"b":"x","c":true}' == Adapter(Leafy).encode(model)
    assert '{"a":1,"b":"y","c":false}' == Adapter(Leafy).encode(turned)


def test_cached_properties_are_no_fields() -> None:
    """A property that was computed and kept is no part of the value."""
    model = Cached(a=2)

    assert '{"a":2}' == Adapter(Cached).encode(model)
    assert 4 == model.twice
    assert '{"a":2}' == Adapter(Cached).encode(model)


def test_computed_fields_are_not_computed() -> None:
    """A computed field is no part of the value, and nobody reads it."""
    COMPUTED.clear()

    assert '{"a":1}' == Adapter(Computed).encode(Computed(a=1))
    assert [] == COMPUTED


def test_schemas() -> None:
    """A schema names fields as the code does, also where JSON elsewhere has aliases; `Any` has none."""
    aliased = Adapter(Aliased).schema() or {}

    assert ["x", "y"] == [*aliased["properties"]]
    assert False is aliased["additionalProperties"]
    assert Adapter(Any).schema() is None


def test_typed_dicts_of_the_standard_library() -> None:
    """A `typing.TypedDict` has its required keys, descriptions and docstring, on every Python."""
    schema = Adapter(Wide).schema() or {}

    assert ["label", "order", "pair"] == [*schema["properties"]]
    assert ["label"] == schema["required"]
    assert "the number of the order" == schema["properties"]["order"]["description"]


class Unfinished(BaseModel):
    a: Nowhere  # type: ignore[name-defined] # noqa: F821


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Plain, "Unable to generate pydantic-core schema for <class .*Plain"),
        (Unfinished, "name 'Nowhere' is not defined"),
        (typing.Self, "Self"),
        (5, "schema"),
    ],
)
def test_types_without_a_schema(annotation: Any, message: str) -> None:
    """A type that cannot be a schema is refused when its adapter is made, in one line."""
    with pytest.raises(NoSchemaError, match=message) as caught:
        Adapter(annotation)

    assert "\n" not in str(caught.value)


def test_types_that_cannot_be_described() -> None:
    """A type that reads and writes but has no JSON schema is refused when its schema is asked for."""
    adapter = Adapter(Annotated[Any, PlainSerializer(str)] | Annotated[complex, "c"])

    with pytest.raises(NoSchemaError):
        Adapter(typing.Callable[[], int]).schema()
    assert adapter.schema() is not None


def test_reading() -> None:
    """What is read is checked, fields by their names; what does not fit says where."""
    assert Aliased(X=1, why=2) == Adapter(Aliased).decode('{"x":1,"y":2}')  # type: ignore[call-arg]
    with pytest.raises(EncodingError, match=r"\$.y: field required"):
        Adapter(Aliased).decode('{"x":1}')
    with pytest.raises(EncodingError, match=r"\$: invalid JSON"):
        Adapter(Aliased).decode("{")
    with pytest.raises(EncodingError, match=r"\$: LookupError: never"):
        Adapter(Picky).decode('{"a":1}')


def test_text_is_json() -> None:
    """Whatever is written is JSON that the standard library reads."""
    for annotation, value, _ in LOSSLESS:
        json.loads(Adapter(annotation).encode(value))
