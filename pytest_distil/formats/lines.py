"""Training lines: what a file for fine-tuning holds, one JSON text for each example."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, compact
from pytest_distil.formats import RAW, load
from pytest_distil.formats.raw import record

_TRAINED = ("tools", "parallel_tool_calls", "functions")
"""What of a request stands beside the messages of a line. The rest says how to answer, and fine-tuning refuses it."""


def training_line(format_name: str, brief: Brief, arguments: Mapping[str, Json], result: Json) -> str:
    """Return an example as compact JSON without a line's end: the request's messages, then the reply.

    For `raw`, return its record. Raises `SettingError` where there is no such format.
    """
    if format_name == RAW:
        return compact(record(brief, arguments, result))
    form = load(format_name)
    asked = form.prompt(brief, arguments)
    turns = [*asked["messages"], form.reply(brief, result)]
    return compact({"messages": turns} | {key: asked[key] for key in _TRAINED if key in asked})
