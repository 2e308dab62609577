"""Arguments to JSON: by their annotation, or by what they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BeforeValidator, PlainSerializer, SecretStr

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter
from pytest_distil.core.own_type import encode_argument
from support.kinds import Child, Color, Frozen, Leafy, Plain, Point, Secretive, named

Spelled = Annotated[
    list[int],
    PlainSerializer(lambda numbers: ",".join(map(str, numbers))),
    BeforeValidator(lambda text: text.split(",") if text else []),
]
ARGUMENTS = [
    (int, None, "null"),
    (float, 3, "3"),
    (float, 3.0, "3.0"),
    (float, True, "true"),
    (Leafy, Child(a=1, d=2), '{"a":1,"b":null,"c":false,"d":2}'),
    (list[Leafy], [Child(a=1, d=2)], '[{"a":1,"b":null,"c":false,"d":2}]'),
    (Sequence[Leafy], (Child(a=1),), '[{"a":1,"b":null,"c":false,"d":0}]'),
    (Mapping[str, Leafy], {"k": Child(a=1)}, '{"k":{"a":1,"b":null,"c":false,"d":0}}'),
    (Iterable[int], [1, 2], "[1,2]"),
    (list[int], (1, 2), "[1,2]"),
    (dt.date, dt.datetime(2024, 1, 2), '"2024-01-02T00:00:00"'),  # noqa: DTZ001
    (None, [Decimal("1.0"), {"k": (Color.RED, float("nan"))}], '["1.0",{"k":["red","NaN"]}]'),
    (None, {Frozen(x=2), Frozen(x=1)}, '[{"x":1},{"x":2}]'),
    (None, Point(1, 2), '{"x":1.0,"y":2.0}'),
    (None, {}, "{}"),
    (set[int], [], "[]"),
    (tuple[int, ...], (), "[]"),
    (Spelled, [], '""'),
    (Spelled, [1, 2], '"1,2"'),
    (None, b"\xff", '"_w=="'),
]


@pytest.mark.parametrize(("annotation", "value", "text"), ARGUMENTS, ids=named(ARGUMENTS))
def test_arguments(annotation: Any, value: Any, text: str) -> None:
    """An argument is written by its own type where the annotation would lose something, or says nothing."""
    assert text == encode_argument(value, Adapter(annotation) if annotation else None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Plain(), r"\$: a Plain has no JSON form"),
        ([1, {"k": Plain()}], r"\$\[1\].k: a Plain has no JSON form"),
        ({1: "a"}, r"\$: a dict does not come back"),
        ([{"k": "\ud800"}], r"\$\[0\].k: text that is not UTF-8"),
        ([Secretive(key=SecretStr("hunter2"))], r"\$\[0\].key: a SecretStr does not come back"),
        (type("Odd", (int,), {})(3), r"\$: an Odd has no JSON form"),
    ],
)
def test_arguments_that_are_lost(value: Any, message: str) -> None:
    """An argument that even its own type does not keep is refused, with the path into it."""
    with pytest.raises(EncodingError, match=message):
        encode_argument(value, None)
