"""Values written by their own types, where annotations do not say enough: subclasses, containers, no annotation."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from itertools import count
from typing import Any

from pytest_distil.core.codec import TOO_DEEP, Adapter, NoSchemaError
from pytest_distil.core.forms import Forms
from pytest_distil.core.guard import refuse_untouchable
from pytest_distil.core.leaves import EMPTY, LEAVES
from pytest_distil.core.loss import NO_FORM
from pytest_distil.core.same import an, path_text
from pytest_distil.core.text import canonical, parse
from pytest_distil.core.unnoticed import Unnoticed
from pytest_distil.mark.errors import EncodingError


def decode_as(kind: type[Any], text: str | bytes, forms: Forms | None = None) -> Any:
    """Read JSON text as a value of a type that was seen at run time; raise `EncodingError` where it is none."""
    return _adapter_of(kind, forms).decode(text)  # type: ignore[arg-type] # a metaclass may be unhashable


def encode_argument(value: Any, adapter: Adapter | None, forms: Forms | None = None) -> str:
    """Return an argument as JSON text: by its annotation, else (subclasses, tuples, no annotation) by its own type.

    Raises `EncodingError` where neither gives the value back.
    """
    write = LEAVES.get(type(value))
    if write is not None:
        return write(value)
    if not value and type(value) in EMPTY and (adapter is None or not adapter.runs_user_code):
        return EMPTY[type(value)]
    if adapter is not None:
        try:
            return adapter.encode(value)
        except EncodingError:
            pass  # a list of subclasses, say: what the annotation loses, the values' own types may keep
    try:
        with Unnoticed(muted=False):
            refuse_untouchable(value)
            return _by_own_type(value, forms)
    except RecursionError:
        raise EncodingError("$", TOO_DEEP) from None


def _by_own_type(value: Any, forms: Forms | None) -> str:
    """Write containers as what they are, and what they hold by its own type."""
    kind = type(value)
    if kind in (list, tuple):
        return f"[{','.join(_items(value, count(), forms))}]"
    if kind in (set, frozenset):
        return f"[{','.join(sorted(_items(value, count(), forms), key=_canonical))}]"
    if kind is dict and all(type(key) is str for key in value):
        keys = [LEAVES[str](key) for key in value]
        return f"{{{','.join(map('{}:{}'.format, keys, _items(value.values(), value, forms)))}}}"
    write = LEAVES.get(kind) or _adapter_of(kind, forms).encode  # type: ignore[arg-type] # a metaclass may be unhashable
    return write(value)


def _items(values: Iterable[Any], steps: Iterable[Any], forms: Forms | None) -> list[str]:
    """Write each item; leaves, of which long lists are made, at once."""
    written = []
    for step, item in zip(steps, values, strict=False):
        write = LEAVES.get(type(item))
        try:
            written.append(write(item) if write else _by_own_type(item, forms))
        except EncodingError as error:
            raise EncodingError(path_text((step,)) + error.path[1:], error.message) from error
    return written


@functools.lru_cache(maxsize=256)  # an adapter is large, and tests may make classes without end
def _adapter_of(kind: type[Any], forms: Forms | None) -> Adapter:
    """Return the adapter of a type that was seen at run time; raise `EncodingError` where it has none."""
    try:
        return Adapter(kind, forms=forms)
    except NoSchemaError as error:
        raise EncodingError("$", f"{an(kind)} {NO_FORM}") from error


def _canonical(text: str) -> str:
    return canonical(parse(text))
