"""An evaluation as lines for a terminal: what one wants to see first, and the ruling at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.phrases import plural
from pytest_distil.core.report import ReportJson
from pytest_distil.core.tally import Counts
from pytest_distil.reports import calls, words
from pytest_distil.reports.beside import beside
from pytest_distil.reports.findings import short_names
from pytest_distil.reports.layout import Line, table
from pytest_distil.reports.view import BAD, BOLD, GOOD, PLAIN, WARN, ShowValues, View

_SIDES = {"held_out": "held out", "new_inputs": "new inputs", "new_patterns": "new patterns", "seen": "seen"}


def evaluated(
    report: ReportJson, *, width: int, verbosity: int = 0, path: str | None = None, show_values: ShowValues = "yes"
) -> list[Line]:
    """Return the lines that tell of a judged report, `width` columns wide, the ruling last.

    `path` is where the report is. With a verbosity below 0 it is the ruling and the reasons that its line does not
    tell; from 1 wrong calls and tests that disagreed are listed, from 2 all of them with all their differences.
    """
    if verbosity < 0:
        return [*_reasons(report), ruling(report)]
    view = View(report=report, width=width, verbosity=verbosity, show_values=show_values, names=short_names(report))
    return [
        *_model(view),
        *_rates(view),
        *beside(view),
        *calls.tests(view),
        *calls.fields(view),
        *calls.values(view),
        *calls.reasons(view),
        *calls.wrong(view),
        *_asked(view),
        *(view.line("report", path) if path else ()),
        *(Line(f"{'note':<11}{words.visible(note)}", WARN) for note in report["ruling"]["notes"]),
        *_reasons(report),
        ruling(report),
    ]


def ruling(report: Mapping[str, Any]) -> Line:
    """Return the line that tells the ruling."""
    found = report["ruling"]
    style = {True: GOOD, False: BAD, None: WARN if found["interrupted"] else PLAIN}[found["passed"]]
    return Line(words.ruling(report), {**style, **BOLD})


def _model(view: View) -> Iterator[Line]:
    """Yield what was asked, and what its answers are judged by."""
    session = view.report["session"]
    judged = f"judged by session {session}" if session else "judged by today's calls alone: there is no session"
    yield from view.line("model", f"{view.report['model']}, {judged}")


def _rates(view: View) -> Iterator[Line]:
    """Yield a table of agreement: a row a task, held-out and seen calls side by side."""
    report = view.report
    rows = [(view.names[task["task"]], task) for task in report["tasks"]]
    if len(rows) > 1:
        rows.append(("all", report))
    sides = [side for side in _SIDES if words.compared(report[side])]
    if "new_inputs" not in sides or "new_patterns" not in sides:
        sides = [side for side in sides if not side.startswith("new_")]
    if not sides:
        return
    lines = _table(rows, sides, view.width)
    if len(lines[0]) > view.width:
        lines = _table(rows, [side for side in sides if not side.startswith("new_")], view.width)
    styles = [BOLD, *(_style(view, name) for name in [*(task["task"] for task in report["tasks"]), ""])]
    for line, style in zip(lines, styles, strict=False):
        yield Line(line, style)
    if len(lines[0]) and "new_patterns" in sides and "new patterns" not in lines[0]:
        parts = (f"{_SIDES[side]} {_cell(report[side])}" for side in ("new_inputs", "new_patterns"))
        yield from view.line("held out", ", ".join(parts))


def _table(rows: list[tuple[str, Counts]], sides: list[str], width: int) -> list[str]:
    """Return the table of agreement; the interval is that of the first side, and so is what its calls are worth."""
    first = sides[0]
    worth = any(_worth(row[first]) for _, row in rows)
    head = ["task", _SIDES[first], "95 % interval", *(["worth"] if worth else []), *(_SIDES[one] for one in sides[1:])]
    body = [
        [
            name,
            _cell(row[first]),
            _interval(row[first]),
            *([_worth(row[first])] if worth else []),
            *(_cell(row[one]) for one in sides[1:]),
        ]
        for name, row in rows
    ]
    return table([head, *body], width)


def _cell(counts: Counts) -> str:
    """Write a rate with its number of calls."""
    n = words.compared(counts)
    return f"{words.rate(counts)} of {n:,}" if n else "-"


def _interval(counts: Counts) -> str:
    """Write an interval for a table."""
    if counts["interval"] is None:
        return "too few" if words.compared(counts) else "-"
    return words.interval(counts).partition(",")[0]


def _worth(counts: Counts) -> str:
    """Write how many independent calls dependent ones are worth; nothing where all are independent."""
    n = words.compared(counts)
    return f"{counts['effective']:,.0f}" if counts["effective"] is not None and counts["effective"] < n - 0.5 else ""


def _style(view: View, task: str) -> Mapping[str, bool]:
    """Return how the row of a task looks; of all of them without a name."""
    found = view.report["ruling"]
    whole = found["overall"]["passed"] if found["overall"] else None
    if task:
        own = found["tasks"][task]["passed"] if found["tasks"] else None
        whole = whole if own is None and len(found["tasks"]) == 1 else own
    return {True: GOOD, False: BAD, None: PLAIN}[whole]


def _asked(view: View) -> Iterator[Line]:
    """Yield what asking has cost, with -v by task where there are several."""
    usage = view.report["usage"]
    parts = [f"{words.seconds(view.report['seconds'])} in all", f"{plural(usage['requests'], 'request')}"]
    parts += [f"{usage['stored']:,} stored"] if usage["stored"] else []
    parts += [plural(usage["retries"], "retry", "retries")] if usage["retries"] else []
    parts += [f"{words.seconds(usage['waited_seconds'])} waiting"] if usage["waited_seconds"] else []
    parts += [f"{usage['unused']:,} unused"] if usage["unused"] else []
    told = words.tokens(usage)
    yield from view.line("asked", "; ".join([*([told] if told else []), ", ".join(parts)]))
    tasks = view.report["tasks"] if view.verbosity > 0 and len(view.report["tasks"]) > 1 else []
    for task in tasks:
        if told := words.tokens(task["usage"]):
            yield from view.line("", f"{view.names[task['task']]}: {told}")


def _reasons(report: ReportJson) -> Iterator[Line]:
    """Yield why the gate fails, each reason in one line however long, so that a search finds it.

    A single reason is told by the ruling's own line.
    """
    found = report["ruling"]["reasons"]
    for reason in found if len(found) > 1 else ():
        yield Line(f"{'failed':<11}{words.visible(reason)}", BAD)
