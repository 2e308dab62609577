"""Lines for a terminal: styled, wrapped, in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_distil.reports.words import columns as width_of
from pytest_distil.reports.words import shorten, visible

Style = Mapping[str, bool]
"""Names of pytest's markup: `{"bold": True, "red": True}`."""

_LEAST = 20
"""Columns that a name keeps in a table; with less it says nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output."""

    text: str
    style: Style = field(default_factory=dict)


def wrapped(text: str, width: int, style: Style | None = None, *, first: str = "", rest: str = "  ") -> list[Line]:
    """Return text in lines of at most `width` columns, the first behind `first`, the others behind `rest`.

    A word that is longer stays whole, so that it can be copied.
    """
    word, *words = visible(text).split(" ")
    lines = [first + word]
    for word in words:
        if width_of(lines[-1]) + 1 + width_of(word) > width:
            lines.append(rest + word)
        else:
            lines[-1] += f" {word}"
    return [Line(line.rstrip(), style or {}) for line in lines]


def table(rows: Sequence[Sequence[object]], width: int) -> list[str]:
    """Return rows as lines: the first column to the left and shortened where it must be, the others to the right."""
    cells = [[visible(one) if isinstance(one, str) else f"{one:,}" for one in row] for row in rows]
    others = [max(map(width_of, column)) for column in list(zip(*cells, strict=True))[1:]]
    room = max(width - sum(others) - 2 * len(others), _LEAST)
    names = [shorten(row[0], limit=room, keep="end") for row in cells]
    widest = max(map(width_of, names))
    return [
        name
        + " " * (widest - width_of(name))
        + "".join(f"  {cell:>{n}}" for cell, n in zip(row[1:], others, strict=True))
        for name, row in zip(names, cells, strict=True)
    ]
