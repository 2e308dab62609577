"""Lossless or refused, over types and values made up by hypothesis: also values that are not of the type."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter, NoSchemaError
from pytest_distil.core.own_type import encode_argument
from pytest_distil.core.same import first_difference
from pytest_distil.core.text import canonical, compact, parse
from support.kinds import Color, Frozen, Leafy, Level, Measured, Open
from support.returns import Typed, types

examples = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

hashable = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=4),
    st.binary(max_size=3),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.timedeltas(),
    st.sampled_from([*Color, *Level, math.inf, -0.0, 10**400, "\ud800"]),
    st.builds(Frozen, x=st.integers()),
)
anything = st.recursive(
    hashable | st.builds(object) | st.builds(iter, st.just([1])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.sets(hashable, max_size=3),
        st.frozensets(hashable, max_size=3),
        st.dictionaries(hashable, inner, max_size=3),
        st.builds(lambda a, b: Leafy.model_construct(a=a, b=b), inner, inner),
        st.builds(lambda value: Measured.model_construct(value=value), inner),
        st.builds(lambda extra: Open.model_construct(a=1, **extra), st.dictionaries(st.just("z"), inner)),
    ),
    max_leaves=6,
)
scalars: list[Any] = [int, float, str, bytes, Decimal, dt.datetime, dt.timedelta, set[int], dict[int, float], Any]
records: list[Any] = [Leafy, Measured, Open, Frozen, list[Leafy | Color], set[Frozen], tuple[Any, ...]]
biting = [Typed(annotation, anything) for annotation in scalars + records]


def told_apart(value: Any) -> Any:
    """Return what is the same for two values only where they are the same, by other means than the code under test."""
    if isinstance(value, (float, Decimal)) and not isinstance(value, Enum):
        return float, str(value) if value != value else float(value)  # noqa: PLR0124 - nan
    if type(value) is int:
        return float, value
    if isinstance(value, dt.datetime):
        return dt.datetime, value.isoformat()
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(told_apart, value))
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(map(told_apart, value))
    if isinstance(value, Mapping):
        return type(value), frozenset((told_apart(key), told_apart(item)) for key, item in value.items())
    if isinstance(value, BaseModel):
        return type(value), told_apart({**value.__dict__, **(value.__pydantic_extra__ or {})})
    if dataclasses.is_dataclass(value):
        return type(value), told_apart(vars(value))
    return type(value), value


@examples
@given(data=st.data(), typed=types | st.sampled_from(biting))
def test_lossless_or_refused(data: st.DataObject, typed: Typed) -> None:
    """What is written reads back the same, whatever the type and the value; all else is refused."""
    try:
        adapter = Adapter(typed.annotation)
    except NoSchemaError:
        return
    value = data.draw(typed.values)
    try:
        text = adapter.encode(value)
    except EncodingError:
        return
    decoded = adapter.decode(text)

    assert told_apart(value) == told_apart(decoded)
    assert first_difference(decoded, adapter.decode(adapter.encode(decoded))) is None
    assert canonical(json.loads(text)) == canonical(parse(text))
    text.encode()


@examples
@given(value=anything)
def test_arguments_are_written_alone(value: Any) -> None:
    """Of an argument without annotation either JSON is written, each time the same, or an error without an address."""
    try:
        text = encode_argument(value, None)
    except EncodingError as error:
        text = str(error)
    else:
        assert text == encode_argument(value, None)
        compact(json.loads(text))

    assert " at 0x" not in text
    text.encode()


PROGRAM = """
import sys
from pydantic import BaseModel, ConfigDict
from pytest_distil.core.codec import Adapter
from pytest_distil.core.own_type import encode_argument

class Word(BaseModel):
    model_config = ConfigDict(frozen=True)
    text: str

words = ["b", "a", "dd", "c", "eee", "f"]
print(Adapter(set[str]).encode(set(words)))
print(Adapter(dict[str, frozenset[Word]]).encode({"k": frozenset(Word(text=word) for word in words)}))
print(encode_argument([{1, 2.5, "x", None}, {Word(text=word) for word in words}], None))
"""


def test_the_hash_seed_decides_nothing() -> None:
    """Sets are written in one order, in processes that hash differently."""
    written = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert 1 == len(written)
    assert '["a","b","c","dd","eee","f"]\n' in written.pop()


def nested(depth: int) -> Any:
    """Return a list of a list of a list ..."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_deep_values() -> None:
    """A value that is nested deeper than JSON is read is refused, and never ends the process."""
    for encode in (Adapter(Any).encode, lambda deep: encode_argument(deep, None)):
        assert "[" * 50 + "1" + "]" * 50 == encode(nested(50))
        with pytest.raises(EncodingError, match="it is nested too deeply, or holds itself"):
            encode(nested(5000))
    with pytest.raises(EncodingError, match=r"recursion|nested too deeply|depth exceeded"):
        Adapter(Any).encode(nested(400))


def test_values_that_hold_themselves() -> None:
    """A circle is refused."""
    circle: list[Any] = [1]
    circle.append({"again": circle})

    for encode in (Adapter(Any).encode, Adapter(list[Any]).encode, lambda value: encode_argument(value, None)):
        with pytest.raises(EncodingError, match="nested too deeply, or holds itself"):
            encode(circle)


def test_huge_text() -> None:
    """A text of ten million characters is kept as it is."""
    text = "ä\n" * 5_000_000

    assert text == parse(encode_argument(text, None)) == Adapter(str).decode(Adapter(str).encode(text))
    assert text == Adapter(Leafy).decode(Adapter(Leafy).encode(Leafy(a=1, b=text))).b
