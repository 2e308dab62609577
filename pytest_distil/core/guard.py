"""What must not be touched while a value is encoded: iterators, which encoding would consume, and mocks."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Iterable, Iterator
from typing import Any

from pytest_distil.core.same import SEQUENCES, Path, an, attributes, is_record, path_text
from pytest_distil.mark.errors import EncodingError

_PLAIN = frozenset({int, str, bool, float, bytes, type(None)})

_MOCKS = ("unittest.mock", "mock.mock")
"""The modules that every mock's class says it is of: each mock has a class of its own, made there."""


def refuse_untouchable(value: Any) -> None:
    """Raise `EncodingError`, with the path, where an iterator, an awaitable or a mock stands in `value`."""
    if type(value) in _PLAIN:
        return
    found = _find(value)
    if found is not None:
        path, reason = found
        raise EncodingError(path_text(path), reason)


def _find(value: Any) -> tuple[Path, str] | None:
    """Return the first untouchable thing."""
    kind = type(value)
    what = _classify(kind)  # type: ignore[arg-type] # mypy: a metaclass may be unhashable
    if what == "leaf":
        return None
    if what == "sequence":
        return _find_in(enumerate(value))
    if what == "mapping":
        return _find_in(value.items())
    if what == "record":
        return _find_in((f".{name}", item) for name, item in (attributes(value) or {}).items())
    return (), f"{an(kind)} {what}"


@functools.lru_cache(maxsize=4096)
def _classify(kind: type[Any]) -> str:
    """Return what a type's values are; for untouchable ones, why."""
    if kind.__module__ in _MOCKS:
        return "is no value"
    if issubclass(kind, (*SEQUENCES, set, frozenset)):
        return "sequence"
    if issubclass(kind, dict):
        return "mapping"
    if issubclass(kind, Iterator):
        return "is an iterator, which recording would consume"
    if issubclass(kind, Awaitable):
        return "must be awaited"
    return "record" if is_record(kind) else "leaf"


def _find_in(items: Iterable[tuple[Any, Any]]) -> tuple[Path, str] | None:
    """Look into what a container holds."""
    for step, item in items:
        if type(item) in _PLAIN:
            continue
        found = _find(item)
        if found is not None:
            return (step, *found[0]), found[1]
    return None
