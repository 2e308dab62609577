"""Leaves are written as the standard library writes them, and refused where JSON has no such thing."""

from __future__ import annotations

import json
import math
from types import NoneType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter
from pytest_distil.core.leaves import LEAVES, MOST_DIGITS, restored

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(value=leaves)
def test_as_the_standard_library(value: Any) -> None:
    """Each leaf is compact JSON, text in UTF-8 as it is."""
    assert json.dumps(value, ensure_ascii=False) == LEAVES[type(value)](value)


@given(value=leaves | st.sampled_from([math.nan, math.inf, -math.inf]))
def test_as_pydantic_reads_them(value: Any) -> None:
    """Each leaf reads back the same under its own type."""
    decoded = Adapter(type(value)).decode(LEAVES[type(value)](value))

    assert repr(value) == repr(decoded)


def test_exact_types_alone() -> None:
    """The table is by exact type: nothing is said of a subclass."""
    assert {int, str, bool, float, NoneType} == {*LEAVES}


@pytest.mark.parametrize(
    ("value", "fault"), [("a\ud800", "a lone surrogate"), (10**MOST_DIGITS, "4300 digits")], ids=["text", "int"]
)
def test_refused(value: Any, fault: str) -> None:
    """Text that no file can hold and numbers that Python does not read are refused."""
    with pytest.raises(EncodingError, match=fault):
        LEAVES[type(value)](value)


def test_the_longest_number() -> None:
    """A number that Python just reads is kept."""
    longest = 10 ** (MOST_DIGITS - 1)

    assert longest == json.loads(LEAVES[int](longest))


@pytest.mark.parametrize(
    ("value", "tree", "expected"),
    [
        (math.nan, None, "NaN"),
        ([1.5, -math.inf], [1.5, None], [1.5, "-Infinity"]),
        ({"b", "a"}, ["b", "a"], ["a", "b"]),
        ({"k": {2, 10}}, {"k": [2, 10]}, {"k": [10, 2]}),
        ([1, 2], [1], [1]),
        ({3}, "3", "3"),
    ],
)
def test_restored(value: Any, tree: Any, expected: Any) -> None:
    """Sets are sorted by their text, nan and infinities come back as text; what lost its shape is left alone."""
    assert expected == restored(value, tree)
