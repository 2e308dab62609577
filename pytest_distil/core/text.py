"""JSON as text: compact as it is stored and sent, canonical as it is compared."""

from __future__ import annotations

import json
from typing import Any

Json = Any
"""None, bool, int, float, str, list of Json, dict of str to Json."""

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)


def compact(value: Json) -> str:
    """Return JSON without white space, keys in the order that they have."""
    return _compact.encode(value)


def canonical(value: Json) -> str:
    """Return JSON without white space, keys sorted: equal values have equal text, and `1`, `1.0` and `True` differ."""
    return _canonical.encode(value)
