"""What a schema asks beyond types, in a few words for a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_BOUNDS = (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<"))
_FORMATS = {"date-time": "ISO 8601 date and time", "duration": "ISO 8601 duration"}
_PATTERN_LENGTH = 60
"""Longer patterns cost more tokens than they teach."""
_DECIMAL = "^(?!^[-+.]*$)"
"""How pydantic before 2.14 begins its own pattern of a Decimal, which says nothing that a reader needs."""


def limits_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the limits of a scalar or an array: `date`, `>= 1`, `at most 10 characters`."""
    return tuple(_limits(schema))


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(form := schema.get("format"), str):
        yield _FORMATS.get(form, form)
    for key, sign in _BOUNDS:
        if key in schema:
            yield f"{sign} {_number(schema[key])}"
    if "multipleOf" in schema:
        yield f"multiple of {_number(schema['multipleOf'])}"
    yield from _size(schema, "minLength", "maxLength", "character")
    yield from _size(schema, "minItems", "maxItems", "item")
    if schema.get("uniqueItems"):
        yield "distinct"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and len(pattern) <= _PATTERN_LENGTH and not pattern.startswith(_DECIMAL):
        yield f"pattern {pattern}"


def _size(schema: Mapping[str, Any], least_key: str, most_key: str, unit: str) -> Iterator[str]:
    """Say how long something is; at least nothing is not worth saying."""
    least, most = schema.get(least_key) or 0, schema.get(most_key)
    plural = unit if (least if most is None else most) == 1 else f"{unit}s"
    if most is None:
        if least:
            yield f"at least {least} {plural}"
    elif least == most:
        yield f"{most} {plural}"
    else:
        yield f"{least} to {most} {plural}" if least else f"at most {most} {plural}"


def _number(value: Any) -> str:
    """Write a bound as a reader would: `0`, not `0.0`."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
