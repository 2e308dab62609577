"""From a training line back to its call and result: the inverse of `lines`, for tasks that are known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json, canonical
from pytest_distil.formats import FORMATS, RAW, load
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.wording import definition

_RAW = frozenset({"fn_name", "fn_repr", "kwargs", "resp", "schema"})
_read = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Unworded:
    """What one line says."""

    brief: Brief
    arguments: dict[str, Json]
    result: Json


class Unwording:
    """Knows the lines of some tasks by what a prompt says of them."""

    def __init__(self, briefs: Iterable[Brief]) -> None:
        """Take the tasks; where two word their prompts alike, the first has the lines."""
        self._known: dict[tuple[str, str], Brief] = {}
        for brief in briefs:
            self._known.setdefault((RAW, canonical([definition(brief), brief.schema])), brief)
            for name in FORMATS:
                if name != RAW:
                    self._known.setdefault((name, load(name).prompt(brief, {})["messages"][0]["content"]), brief)

    def read(self, line: Json) -> Unworded:
        """Return what a line says; raise `ValueError`, with the reason, where that is not sure.

        It is sure where the same call and result, worded anew, give the same line.
        """
        is_record = isinstance(line, dict) and line.keys() >= _RAW
        name, found = self._of_record(line) if is_record else self._of_conversation(line)
        worded = json.loads(training_line(name, found.brief, found.arguments, found.result))
        if canonical(worded) != canonical(line):
            raise ValueError(f"not a line as this version words {found.brief.task} in the format {name!r}")
        return found

    def _of_record(self, line: Mapping[str, Any]) -> tuple[str, Unworded]:
        """Read a raw record."""
        brief = self._known.get((RAW, canonical([line["fn_repr"], line["schema"]])))
        if brief is None or not isinstance(line["kwargs"], dict):
            raise ValueError("no known task is defined so")
        return RAW, Unworded(brief, line["kwargs"], line["resp"])

    def _of_conversation(self, line: Mapping[str, Any]) -> tuple[str, Unworded]:
        """Read messages: the system text says which task it is."""
        try:
            name = next((key for key in ("tools", "functions") if key in line), FORMATS[0])
            system, user, reply = line["messages"]
            brief = self._known[name, system["content"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("no known task is asked so") from error
        try:
            return name, Unworded(brief, _arguments(brief, name, user["content"]), load(name).parse(brief, reply))
        except InvalidReply as error:
            raise ValueError(f"its reply is no result of {brief.task}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"its call of {brief.task} cannot be read") from error


def _arguments(brief: Brief, format_name: str, user: str) -> dict[str, Json]:
    """Read a call as the user says it: an object, or for `functions` an expression."""
    if user.startswith("{") or format_name != "functions":
        return dict(json.loads(user))
    rest = user.removeprefix(f"Return `{brief.name}(").removesuffix(")`")
    found: dict[str, Json] = {}
    while rest:
        name, _, rest = rest.partition("=")
        found[name], end = _read(rest)
        rest = rest[end:].removeprefix(", ")
    return found
