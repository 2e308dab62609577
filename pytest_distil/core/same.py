"""Whether two Python values are the same, more strictly than `==` is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

Path = tuple[Any, ...]
"""Attribute names as `.name`, keys and indexes as they are, outermost first."""

_PLAIN = frozenset({int, str, bool, bytes, type(None)})
_MISSING = object()


def first_difference(one: Any, other: Any) -> Path | None:
    """Return where two values first differ, or None where they are the same.

    The same means: same types at every level, equal leaves, nan equal to nan, keys in any order. An int where
    the other has the equal float is the same (the numeric tower of PEP 484: `-> float` may return `3`); a bool
    is no int.
    """
    kind = type(one)
    if kind is not type(other):
        return None if {kind, type(other)} == {int, float} and one == other else ()
    if kind in _PLAIN:
        return None if one == other else ()
    if kind is float:
        return None if one == other or (one != one and other != other) else ()  # noqa: PLR0124 - nan
    if isinstance(one, dict):
        return _by_key(one, other, "")
    if isinstance(one, (list, tuple)):
        return _by_key(dict(enumerate(one)), dict(enumerate(other)), "") if one or other else None
    fields = None if isinstance(one, Enum) else attributes(one)
    if fields is None:
        return None if one == other else ()
    return _by_key(fields, attributes(other) or {}, ".")


def _by_key(one: Mapping[Any, Any], other: Mapping[Any, Any], prefix: str) -> Path | None:
    """Compare what stands under each key."""
    if len(one) != len(other):
        return ()
    for key, value in one.items():
        counterpart = other.get(key, _MISSING)
        if type(value) in _PLAIN and type(value) is type(counterpart):
            found: Path | None = None if value == counterpart else ()
        else:
            found = first_difference(value, counterpart)
        if found is not None:
            return (f"{prefix}{key}" if prefix else key, *found)
    return None


def attributes(value: Any) -> Mapping[Any, Any] | None:
    """Return the fields of a model or dataclass, or None for a leaf."""
    kind = type(value)
    if hasattr(kind, "__pydantic_fields__"):
        extra: dict[str, Any] | None = getattr(value, "__pydantic_extra__", None)
        own: dict[str, Any] = value.__dict__
        return own | extra if extra else own
    if is_record(kind):
        return {field.name: getattr(value, field.name, _MISSING) for field in dataclasses.fields(value)}
    return None


def is_record(kind: type[Any]) -> bool:
    """Return whether a type's values are made of named fields: pydantic models and dataclasses."""
    return hasattr(kind, "__pydantic_fields__") or dataclasses.is_dataclass(kind)


def path_text(path: Path) -> str:
    """Write a path: `$.items[0].price`."""
    return "$" + "".join(_steps(path))


def _steps(path: Path) -> Iterator[str]:
    for step in path:
        if isinstance(step, str) and step.startswith("."):
            yield step
        elif isinstance(step, str) and step.isidentifier():
            yield f".{step}"
        else:
            yield f"[{step!r}]"
