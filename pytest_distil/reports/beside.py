"""What stands beside the model's agreement: memory, noise, repeats, a baseline, and what is scored apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.phrases import percent, plural
from pytest_distil.core.wants import NOUNS
from pytest_distil.reports import words
from pytest_distil.reports.layout import Line
from pytest_distil.reports.view import BAD, PLAIN, WARN, View


def beside(view: View) -> Iterator[Line]:
    """Yield what makes the rates mean something."""
    yield from _memory(view)
    yield from _noise(view)
    yield from _repeats(view)
    yield from _baseline(view)
    yield from _apart(view)


def _memory(view: View) -> Iterator[Line]:
    """Yield what looking up the training examples alone would have reached."""
    memory, own = view.report["memory"], view.report["held_out"]["agreement"]
    if memory is None or own is None:
        return
    ranked = sorted(memory.items(), key=lambda item: -(item[1]["agreement"] or 0))
    parts = ", ".join(f"{name} {words.rate(counts)}" for name, counts in ranked)
    calls = plural(words.compared(ranked[0][1]), "held-out call")
    name, best = ranked[0]
    if best["agreement"] is not None and own <= best["agreement"]:
        yield from view.line("memory", f"{parts} on the same {calls}: the model is no better than {name}", WARN)
    else:
        yield from view.line("memory", f"{parts} on the same {calls}")


def _noise(view: View) -> Iterator[Line]:
    """Yield how far the original agrees with itself."""
    noise = view.report["noise"]
    if noise is None:
        return
    itself = f"original against itself {words.rate(noise)}"
    on = f"on {plural(words.compared(noise), 'call')}"
    yield from view.line("noise", f"model against original {words.rate(noise['model'])}, {itself}, {on}")
    fields = ", ".join(f"{words.visible(one['path'])} {one['differ']:,}" for one in noise["fields"])
    if fields:
        yield from view.line("", f"the original differs from itself in {fields}")


def _repeats(view: View) -> Iterator[Line]:
    """Yield how much repeated answers vary."""
    repeats = view.report["repeats"]
    if repeats is None:
        return
    rounds = repeats["agreement"]
    spread = f"{percent(min(rounds))} to {percent(max(rounds))}"
    unstable = f"{repeats['unstable']:,} of {plural(repeats['calls'], 'call')} unstable"
    style = WARN if repeats["unstable"] else PLAIN
    yield from view.line("repeats", f"asked {len(rounds)} times: {spread} by round; {unstable}", style)


def _baseline(view: View) -> Iterator[Line]:
    """Yield how the report stands beside its baseline."""
    found = view.report["ruling"]["baseline"]
    if found is None or not found["paired"]:
        return
    calls = plural(found["paired"], *NOUNS[view.report["ruling"]["judged"]])
    change = f"{percent(found['before'])} -> {percent(found['now'])} on {calls}"
    moved = f"{found['newly_wrong']:,} newly wrong, {found['newly_right']:,} newly right"
    tested = f"p = {found['p']:.3f}, {found['method']}"
    name = words.visible(found["path"] or found["model"])
    yield from view.line("baseline", f"{name}: {change}; {moved} ({tested})", PLAIN if found["passed"] else BAD)


def _apart(view: View) -> Iterator[Line]:
    """Yield what is scored and never judged, and what is not scored."""
    report = view.report
    parts = [
        f"{plural(words.compared(report[block]), 'call')} {what}: {words.rate(report[block])}"
        for block, what in (("unrecorded", "that no session holds"), ("fixtures", "of wide fixtures"))
        if words.compared(report[block])
    ]
    if parts:
        yield from view.line("apart", "; ".join(parts))
    left_out = _counted(report["left_out"])
    if left_out:
        yield from view.line("left out", left_out)


def _counted(counts: Mapping[str, Any]) -> str:
    """Write reasons with their numbers, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{words.visible(reason)} ({n:,})" for reason, n in ranked)
