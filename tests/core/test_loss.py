"""Where a value is lost, and why, in words that hold no value."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core.loss import different, unwritable
from support.kinds import Leafy


def is_writable(value: Any) -> bool:
    """Say that numbers are."""
    return type(value) is int or (isinstance(value, (list, dict)) and all(map(is_writable, value)))


@pytest.mark.parametrize(
    ("value", "decoded", "path", "text"),
    [
        (1, "1", (), "$: an int comes back from JSON as a str"),
        ({"a": [1]}, {"a": [2]}, ("a", 0), "$.a[0]: an int does not come back from JSON as it was"),
        ({"a": 1}, {}, ("a",), "$.a: an int is lost in JSON"),
        ({}, {"a": 1}, ("a",), "$.a: JSON adds an int"),
        (Leafy(a=1), Leafy(a=2), (".a",), "$.a: an int does not come back from JSON as it was"),
    ],
)
def test_different(value: Any, decoded: Any, path: tuple[Any, ...], text: str) -> None:
    """Types say how a value and what was read back differ at a path."""
    assert text == str(different(value, decoded, path))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "$: text that is not UTF-8 (a lone surrogate)"),
        ([1, {"a": b"x"}], "$[1].a: bytes that are not UTF-8; ConfigDict(ser_json_bytes='base64', "),
        ([1, [2.5]], "$[1][0]: a float has no JSON form"),
        ([1, 2], "$: the whole failed"),
    ],
)
def test_unwritable(value: Any, text: str) -> None:
    """The deepest part that cannot be written is named; where every part can be, what was raised is told."""
    found = unwritable(value, ValueError("the whole failed\nand more"), is_writable)

    assert str(found).startswith(text)
    assert "more" not in str(found)
