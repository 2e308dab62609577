"""JSON of values that need no schema, and what pydantic's writer leaves open or loses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from pytest_distil.core.same import SEQUENCES, attributes, is_root
from pytest_distil.core.text import Json, canonical
from pytest_distil.mark.errors import EncodingError

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""The spellings that pydantic reads as floats."""

MOST_DIGITS = 4300
"""Digits of an int that Python reads and writes as text (`sys.set_int_max_str_digits`)."""


def _int(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:
        raise EncodingError("$", f"a number of more than {MOST_DIGITS} digits") from None


def _bool(value: bool) -> str:  # noqa: FBT001 - a value, not a flag
    return "true" if value else "false"


def _none(_: None) -> str:
    return "null"


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else f'"{_NOT_FINITE[repr(value)]}"'


def _str(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EncodingError("$", "text that is not UTF-8 (a lone surrogate)") from None
    return encode_basestring(value)


LEAVES: Mapping[type[Any], Callable[[Any], str]] = {
    int: _int,
    str: _str,
    bool: _bool,
    NoneType: _none,
    float: _float,
}
"""How values of exactly these types are written; each raises `EncodingError` where a value has no JSON form."""


EMPTY: Mapping[type[Any], str] = {dict: "{}", list: "[]", tuple: "[]", set: "[]", frozenset: "[]"}
"""How containers of exactly these types are written where they hold nothing, whatever an annotation says of items."""


def restored(value: Any, tree: Json) -> Json:
    """Return the JSON tree that pydantic wrote for `value`, with what it leaves to chance or loses.

    Sets are written in the order of their hashes, which differs between processes, and are sorted here; nan and
    infinities are written as null by default, and stand here as text that reads back.
    """
    if isinstance(value, float):
        return tree if math.isfinite(value) else _NOT_FINITE[repr(float(value))]
    if is_root(type(value)):
        return restored((attributes(value) or {})["root"], tree)
    if isinstance(tree, list):
        return _restored_list(value, tree)
    if not isinstance(tree, dict):
        return tree
    if isinstance(value, dict):
        return dict(zip(tree, _restored_items([*value.values()], [*tree.values()]), strict=True))
    fields = attributes(value) or {}
    return {name: restored(fields[name], item) if name in fields else item for name, item in tree.items()}


def _restored_list(value: Any, tree: list[Json]) -> list[Json]:
    if isinstance(value, (set, frozenset)):
        return sorted(_restored_items([*value], tree), key=canonical)
    return _restored_items(value, tree) if isinstance(value, SEQUENCES) else tree


def _restored_items(values: Sequence[Any], trees: list[Json]) -> list[Json]:
    if len(values) != len(trees):  # something was dropped: the value will not read back
        return trees
    return [restored(value, tree) for value, tree in zip(values, trees, strict=True)]
