"""Where a value is lost on its way to JSON, and why: told by types alone, because values may be secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_distil.core.same import SEQUENCES, Path, an, attributes, path_text, state
from pytest_distil.mark.errors import EncodingError

_KEEPS_BYTES = "ConfigDict(ser_json_bytes='base64', val_json_bytes='base64')"
_NOTHING = object()

NO_FORM = "has no JSON form"
"""How what is said of a client, a connection and the like ends."""


def unwritable(value: Any, error: Exception, is_writable: Callable[[Any], bool]) -> EncodingError:
    """Return what says which part of a value cannot be written; `error` is what writing all of it raised."""
    path: Path = ()
    while (found := next((part for part in _parts(value) if not is_writable(part[1])), None)) is not None:
        path, value = (*path, found[0]), found[1]
    if isinstance(value, str):
        why = "text that is not UTF-8 (a lone surrogate)"
    elif isinstance(value, bytes):
        why = f"bytes that are not UTF-8; {_KEEPS_BYTES} keeps them"
    else:
        is_leaf = next(iter(_parts(value)), None) is None and not is_writable(value)
        why = f"{an(type(value))} {NO_FORM}" if is_leaf else str(error).partition("\n")[0]
    return EncodingError(path_text(path), why)


def different(value: Any, decoded: Any, path: Path) -> EncodingError:
    """Return what says how a value differs from what was read back; `path` is where."""
    one, other = (_reach(root, path) for root in (value, decoded))
    if other is _NOTHING:
        why = f"{an(type(one))} is lost in JSON"
    elif one is _NOTHING:
        why = f"JSON adds {an(type(other))}"
    elif type(one) is not type(other):
        why = f"{an(type(one))} comes back from JSON as {an(type(other))}"
    else:
        why = f"{an(type(one))} does not come back from JSON as it was"
    return EncodingError(path_text(path), why)


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return what a value holds, each with its step of a path."""
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, SEQUENCES):
        return enumerate(value)
    return ((f".{name}", item) for name, item in (attributes(value) or {}).items())


def _reach(value: Any, path: Path) -> Any:
    """Return what a path leads to."""
    for step in path:
        held = dict(_parts(value)) or {f".{name}": item for name, item in (state(value) or {}).items()}
        value = held.get(step, _NOTHING)
    return value
