"""What every part of the terminal's report needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_distil.core.text import Json
from pytest_distil.reports import words
from pytest_distil.reports.layout import Line, Style, wrapped

ShowValues = Literal["yes", "differences", "no"]
"""Whether arguments and results are shown, only what differs of results, or nothing of either."""

PLAIN: Style = {}
BOLD: Style = {"bold": True}
GOOD: Style = {"green": True}
BAD: Style = {"red": True}
WARN: Style = {"yellow": True}

_INDENT = " " * 11
"""Room for a label: as wide as `disagreed` and two spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A report, and how it is looked at."""

    report: Mapping[str, Any]
    width: int
    verbosity: int
    show_values: ShowValues
    names: Mapping[str, str]
    """The tasks' names, shortened."""

    @property
    def listed(self) -> int:
        """Return how many things of one kind are told of."""
        return (3, 50)[self.verbosity] if self.verbosity < 2 else 1_000_000  # noqa: PLR2004 - -vv tells all

    def line(self, label: str, text: str, style: Style = PLAIN) -> list[Line]:
        """Return a labelled line, wrapped under its text."""
        return wrapped(text, self.width, style, first=_first(label), rest=_INDENT)

    def lines(self, label: str, texts: list[str], style: Style = PLAIN) -> list[Line]:
        """Return labelled lines, the label on the first; past `listed` they are only counted."""
        shown = texts[: self.listed]
        if len(texts) > len(shown):
            more = len(texts) - len(shown)
            shown.append(
                f"and {more:,} more; -{'v' * (self.verbosity + 1)} lists {'them' if self.verbosity else 'more'}"
            )
        labels = [label, *[""] * len(shown)]
        return [
            line
            for text, first in zip(shown, labels, strict=False)
            for line in wrapped(text, self.width, style, first=_first(first), rest=f"{_INDENT}  ")
        ]

    def change(self, difference: Mapping[str, Any]) -> str:
        """Write a difference: where, and what became what, as far as values are shown."""
        path = words.visible(difference["path"])
        if self.show_values == "no":
            return f"{path} ({difference['kind']})"
        limit = words.MAX_VALUE if self.verbosity < 2 else 10 * words.MAX_VALUE  # noqa: PLR2004
        return f"{path}: {change(difference, limit=limit)}"


def _first(label: str) -> str:
    """Return how a line begins."""
    return f"{label:<{len(_INDENT)}}"


def change(difference: Mapping[str, Any], *, limit: int) -> str:
    """Write what became what: `"bug" -> "other"`."""
    kind = difference["kind"]
    if kind == "added":
        return f"nothing -> {words.value(difference['model'], limit=limit)}"
    if kind == "missing":
        return f"{words.value(difference['original'], limit=limit)} -> nothing"
    return f"{words.value(difference['original'], limit=limit)} -> {words.value(difference['model'], limit=limit)}"


def word(value: Json, *, limit: int = words.MAX_VALUE) -> str:
    """Write one of few values: text without its quotes."""
    return (
        words.shorten(words.visible(value), limit=limit) if isinstance(value, str) else words.value(value, limit=limit)
    )
