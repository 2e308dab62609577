"""Limits of a schema in words."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.formats.limits import limits_of


@pytest.mark.parametrize(
    ("schema", "limits"),
    [
        ({"type": "string"}, ()),
        ({"format": "date"}, ("date",)),
        ({"format": "date-time"}, ("ISO 8601 date and time",)),
        ({"minimum": 0.0, "exclusiveMaximum": 1.5}, (">= 0", "< 1.5")),
        ({"exclusiveMinimum": 2, "maximum": 9}, ("> 2", "<= 9")),
        ({"multipleOf": 0.5}, ("multiple of 0.5",)),
        ({"minLength": 1}, ("at least 1 character",)),
        ({"maxLength": 3}, ("at most 3 characters",)),
        ({"minLength": 0, "maxLength": 1}, ("at most 1 character",)),
        ({"minLength": 0}, ()),
        ({"minItems": 2, "maxItems": 5, "uniqueItems": True}, ("2 to 5 items", "distinct")),
        ({"minItems": 1, "maxItems": 1}, ("1 item",)),
        ({"pattern": "^[A-Z]{3}$"}, ("pattern ^[A-Z]{3}$",)),
        ({"pattern": "x" * 61}, ()),
        ({"pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"}, ()),
        ({"format": None, "pattern": 3}, ()),
    ],
    ids=str,
)
def test_limits_are_said_in_a_few_words(schema: dict[str, Any], limits: tuple[str, ...]) -> None:
    """Each keyword that limits a value has its words; long patterns and pydantic's own have none."""
    assert limits == limits_of(schema)
