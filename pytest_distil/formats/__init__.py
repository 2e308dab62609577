"""How a call is worded and its result is replied: one leaf for each shape of conversation."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from pytest_distil.formats.conversation import Conversation
from pytest_distil.mark.errors import SettingError

FORMATS = ("json_schema", "tools", "functions", "raw")
"""The names of the formats, the default first; each is a module of this package."""

RAW = "raw"
"""The one that holds records, not conversations: it is exported and cannot be asked."""


@cache
def load(name: str) -> Conversation:
    """Return the format of that name (a `Format`), importing its module alone.

    Raises `SettingError` where there is none, and for `raw`, which `lines.training_line` writes.
    """
    if name == RAW:
        raise SettingError("distil_format", "'raw' is for export only: its records are no conversation to ask with")
    if name not in FORMATS:
        raise SettingError("distil_format", f"there is no format {name!r}; the formats are {', '.join(FORMATS)}")
    return cast("Conversation", import_module(f"{__name__}.{name}").FORMAT)
