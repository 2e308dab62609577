"""Two reports side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.phrases import percent, plural
from pytest_distil.reports import words
from pytest_distil.reports.layout import Line, table, wrapped
from pytest_distil.reports.view import BAD, BOLD, GOOD, WARN

_SIDES = {"held_out": "held out", "new_inputs": "new inputs", "new_patterns": "new patterns", "seen": "seen"}
_MOST_TESTS = 10


def compared(before: Mapping[str, Any], now: Mapping[str, Any], change: Mapping[str, Any], *, width: int) -> list[Line]:
    """Return the lines that tell two reports apart; `change` is the gate's ruling on `now` beside `before`."""
    sides = [side for side in _SIDES if side in before and words.compared(before[side]) + words.compared(now[side])]
    rows = [[_SIDES[side], _cell(before[side]), _cell(now[side])] for side in sides]
    head, *body = table([["", words.visible(before["model"]), words.visible(now["model"])], *rows], width)
    return [Line(head, BOLD), *map(Line, body), *_changes(change, width)]


def _changes(change: Mapping[str, Any], width: int) -> Iterator[Line]:
    """Yield what became of the calls that are in both."""
    if not change["paired"]:
        yield from (line for reason in change["reasons"] for line in wrapped(reason, width, WARN))
        return
    told = f"{percent(change['before'])} -> {percent(change['now'])} on {plural(change['paired'], 'call')} of both"
    yield from wrapped(f"{told} (p = {change['p']:.3f}, {change['method']})", width)
    for what, style in (("newly_wrong", BAD), ("newly_right", GOOD)):
        calls = change["calls"][what]
        yield Line(f"{what.replace('_', ' ')}: {len(calls):,}", style if calls else {})
        for one in calls[:_MOST_TESTS]:
            yield from wrapped(f"  {one['task']} in {', '.join(one['tests'])}", width, rest="    ")
        if len(calls) > _MOST_TESTS:
            yield Line(f"  and {len(calls) - _MOST_TESTS:,} more")
    for note in change["notes"]:
        yield from wrapped(note, width, WARN)


def _cell(counts: Mapping[str, Any]) -> str:
    n = words.compared(counts)
    return f"{words.rate(counts)} of {n:,}" if n else "-"
