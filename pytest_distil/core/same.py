"""Whether two Python values are the same, more strictly than `==` is."""

from __future__ import annotations

import dataclasses
import functools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

Path = tuple[Any, ...]
"""Attribute names as `.name`, keys and indexes as they are, outermost first."""

SEQUENCES = (list, tuple, deque)

_PLAIN = frozenset({int, str, bool, bytes, type(None)})
_MISSING = object()
_NO_EQUALITY: Any = object.__eq__
_STATE_METHODS = ("__reduce__", "__reduce_ex__", "__getstate__")
_LONGEST_STEP = 40
"""Characters of a key that a path shows."""

_MOST_STEPS = 20


def first_difference(one: Any, other: Any) -> Path | None:
    """Return where two values first differ, or None where they are the same.

    The same means: same types at every level, equal leaves, nan equal to nan, keys in any order; equal
    attributes where a type knows no equality. An int where the other has the equal float is the same (the numeric
    tower of PEP 484: `-> float` may return `3`); a bool is no int.
    """
    kind = type(one)
    if kind is not type(other):
        return None if {kind, type(other)} == {int, float} and one == other else ()
    if kind in _PLAIN:
        return None if one == other else ()
    if kind is float:
        return None if one == other or (one != one and other != other) else ()  # noqa: PLR0124 - nan
    if isinstance(one, dict):
        return _mappings(one, other) if _same_keys(one, other) else ()
    if isinstance(one, SEQUENCES):
        return _sequences(one, other)
    if isinstance(one, (set, frozenset)):
        return _sets(one, other)
    fields = None if isinstance(one, Enum) else attributes(one)
    if fields is None and not isinstance(one, Enum) and kind.__eq__ is _NO_EQUALITY:
        return _states(one, other)
    if fields is None:
        return None if _equal(one, other) else ()
    return _mappings(fields, attributes(other) or {}, prefix=".")


def _mappings(one: Mapping[Any, Any], other: Mapping[Any, Any], *, prefix: str = "") -> Path | None:
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


def _same_keys(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Return whether the keys are of the same types too: `1`, `1.0` and `True` are one key to a dict."""
    if {*map(type, one), *map(type, other)} <= {str}:
        return True
    return {(type(key), key) for key in one} == {(type(key), key) for key in other}


def _sequences(one: Sequence[Any], other: Sequence[Any]) -> Path | None:
    """Compare elements by index."""
    if len(one) != len(other):
        return ()
    for index, (item, counterpart) in enumerate(zip(one, other, strict=True)):
        found = first_difference(item, counterpart)
        if found is not None:
            return (index, *found)
    return None


def _sets(one: AbstractSet[Any], other: AbstractSet[Any]) -> Path | None:
    """Compare each element with its equal: `{1}` equals `{True}`, and is not the same."""
    equals = {item: item for item in other}
    same = len(one) == len(other) and all(first_difference(item, equals.get(item, _MISSING)) is None for item in one)
    return None if same else ()


def _equal(one: Any, other: Any) -> bool:
    """Return whether two leaves are equal; comparing runs code of their own, which may raise or return an array."""
    try:
        return bool(one == other)
    except Exception:
        return False


def _states(one: Any, other: Any) -> Path | None:
    """Compare values by what they hold; what hides that is the same as itself only."""
    held, other_held = state(one), state(other)
    if held is None or other_held is None:
        return None if one is other else ()
    return _mappings(held, other_held, prefix=".")


def state(value: Any) -> dict[str, Any] | None:
    """Return every attribute of a value; None where its type hides some (is written in C), or handles them itself."""
    kind = type(value)
    if kind is object or any(getattr(kind, name) is not getattr(object, name) for name in _STATE_METHODS):
        return None
    try:
        held = object.__reduce_ex__(value, 4)[2]
    except TypeError:
        return None
    parts = held if isinstance(held, tuple) else (held,)
    return {name: item for part in parts for name, item in (part or {}).items()}


def attributes(value: Any) -> Mapping[Any, Any] | None:
    """Return the fields of a model or dataclass, a model's extra and private ones too; None for a leaf."""
    names = _field_names(type(value))  # type: ignore[arg-type] # mypy: a metaclass may be unhashable
    if names is None:
        return None
    if dataclasses.is_dataclass(value):
        return {name: getattr(value, name, _MISSING) for name in names}
    own: dict[str, Any] = value.__dict__
    if len(own) != len(names):  # a cached property is kept among the fields
        own = {name: own[name] for name in names if name in own}
    hidden = (getattr(value, "__pydantic_extra__", None), getattr(value, "__pydantic_private__", None))
    for more in filter(None, hidden):
        own = own | more
    return own


@functools.lru_cache(maxsize=4096)
def _field_names(kind: type[Any]) -> tuple[str, ...] | None:
    """Return the names of a type's fields; None where its values have none."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    fields = getattr(kind, "__pydantic_fields__", None)
    return None if fields is None else tuple(fields)


def is_record(kind: type[Any]) -> bool:
    """Return whether a type's values are made of named fields: pydantic models and dataclasses."""
    return _field_names(kind) is not None  # type: ignore[arg-type] # as above


def is_root(kind: type[Any]) -> bool:
    """Return whether a type's values stand for their one field: pydantic's root models."""
    return bool(getattr(kind, "__pydantic_root_model__", False))


def an(kind: type[Any]) -> str:
    """Name a value by its type: `an int`, `a Receipt`."""
    name = kind.__qualname__.rpartition("<locals>.")[2]
    return f"{'an' if name[:1] in tuple('aeioAEIO') else 'a'} {name}"


def path_text(path: Path) -> str:
    """Write a path: `$.items[0].price`; of a key that is neither text nor a number only the type."""
    return "$" + "".join(_steps(path[:_MOST_STEPS])) + ("..." if len(path) > _MOST_STEPS else "")


def _steps(path: Path) -> Iterator[str]:
    for step in path:
        if isinstance(step, str):
            short = step if len(step) <= _LONGEST_STEP else f"{step[:_LONGEST_STEP]}..."
            name = short.removeprefix(".")
            yield f".{name}" if name.isidentifier() else f"[{short!r}]"
        else:
            yield f"[{step!r}]" if type(step) in (int, float, bool) else f"[{an(type(step))}]"
