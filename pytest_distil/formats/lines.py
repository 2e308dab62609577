"""Training lines: what a file for fine-tuning holds, one JSON text for each example."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, compact
from pytest_distil.formats import RAW, load
from pytest_distil.formats.fit import sent
from pytest_distil.formats.raw import record


def training_line(format_name: str, brief: Brief, arguments: Mapping[str, Json], result: Json) -> str:
    """Return an example as compact JSON without a line's end: the request's messages, then the reply.

    For `raw`, return its record. Raises `SettingError` where there is no such format.
    """
    if format_name == RAW:
        return compact(record(brief, arguments, result))
    form = load(format_name)
    return form.frame(brief).line(form.user_text(brief, arguments), compact(sent(brief, result)))
