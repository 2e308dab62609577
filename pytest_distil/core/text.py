"""JSON as text: compact as it is stored and sent, canonical as it is compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Json = Any
"""None, bool, int, float, str, list of Json, dict of str to Json."""


def _writer(*, sort_keys: bool) -> Callable[[Json], str]:
    """Return what writes JSON: the C encoder, made once, where `json` makes one for each text (twice the time)."""
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=sort_keys)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # another Python than CPython
        return encoder.encode
    write = make(None, encoder.default, json.encoder.encode_basestring, None, ":", ",", sort_keys, False, False)
    return lambda value: "".join(write(value, 0))


_compact = _writer(sort_keys=False)
_canonical = _writer(sort_keys=True)
_decode = json.JSONDecoder().raw_decode


def compact(value: Json) -> str:
    """Return JSON without white space, keys in the order that they have."""
    return _compact(value)


def canonical(value: Json) -> str:
    """Return JSON without white space, keys sorted: equal values have equal text, and `1`, `1.0` and `True` differ."""
    return _canonical(value)


def sorted_keys(value: Json) -> Json:
    """Return JSON with the keys of its objects sorted, as files have them."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [*map(sorted_keys, value)] if isinstance(value, list) else value


def parse(text: str) -> Json:
    """Return the value of JSON text that was written here, without white space around it; a third of `loads`' time."""
    value, _ = _decode(text)
    return value
