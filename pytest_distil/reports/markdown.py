"""An evaluation as Markdown, for pull requests and the summaries of CI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_distil.core.phrases import plural
from pytest_distil.core.report import ReportJson
from pytest_distil.core.tally import Counts
from pytest_distil.reports import findings, words
from pytest_distil.reports.findings import Value
from pytest_distil.reports.view import ShowValues, change, word

MAX_CALLS = 50
"""Wrong calls that are listed: GitHub cuts a summary at one MiB, and nobody reads more."""

_MEMORY = {"lookup": "memory: lookup", "nearest": "memory: nearest", "majority": "memory: majority"}


def render(report: ReportJson, *, show_values: ShowValues = "yes") -> str:
    """Return a judged report as Markdown, as GitHub reads it."""
    parts = [_head(report), _rates(report), _tests(report), _fields(report, show_values=show_values)]
    if show_values != "no":
        parts.append(_values(report))
    parts += [_reasons(report), _calls(report, show_values=show_values)]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _head(report: ReportJson) -> Iterator[str]:
    """Yield title, ruling, reasons and notes."""
    ruling = report["ruling"]
    yield f"## distil: {words.markdown(report['model'])}"
    yield ""
    yield f"**{words.markdown(words.ruling(report).removeprefix('distil: '))}**"
    told = [*(ruling["reasons"] if len(ruling["reasons"]) > 1 else ()), *ruling["notes"]]
    if told:
        yield ""
        yield from _list(told)


def _rates(report: ReportJson) -> Iterator[str]:
    """Yield agreement by task, and what memory reaches on the same held-out calls."""
    rows = [_row(task["task"], task) for task in report["tasks"]]
    if len(rows) > 1:
        rows.append(_row("all", report))
    for name, counts in (report["memory"] or {}).items():
        rows.append([_MEMORY.get(name, name), _cell(counts), words.interval(counts), "", "", ""])
    yield from _table(["task", "held out", "95 % interval", "new inputs", "new patterns", "seen"], rows)


def _row(name: str, block: Mapping[str, Counts]) -> list[str]:
    """Return the row of one task, or of all."""
    sides = [_cell(block[side]) for side in ("new_inputs", "new_patterns", "seen")]
    return [name, _cell(block["held_out"]), words.interval(block["held_out"]), *sides]


def _cell(counts: Counts) -> str:
    """Write a rate with its number of calls."""
    n = words.compared(counts)
    return f"{words.rate(counts)} of {n:,}" if n else ""


def _tests(report: ReportJson) -> Iterator[str]:
    """Yield how tests ended and which disagreed."""
    found = report["tests"]
    parts = [f"{found[name]:,} {name}" for name in ("passed", "disagreed", "failed", "errors") if found[name]]
    if parts:
        noticed = (
            f"{found['different_pass']:,} passed with a value that differs, {found['different_fail']:,} noticed one"
        )
        yield f"Tests: {', '.join(parts)}; {noticed}."
    disagreed = findings.ended(report, "disagreed")
    if disagreed:
        yield ""
        yield from _folded(f"{plural(len(disagreed), 'test')} disagreed", _list(_bounded(disagreed)))


def _fields(report: ReportJson, *, show_values: ShowValues) -> Iterator[str]:
    """Yield which fields differ, with an example each."""
    found = findings.wrong_fields(report)
    if found:
        shown = show_values != "no"
        rows = [
            [
                one.task,
                one.path,
                f"{one.differ:,} of {one.compared:,}",
                change(one.example, limit=words.MAX_VALUE) if one.example and shown else "",
                one.test or "",
            ]
            for one in found[:MAX_CALLS]
        ]
        yield from _table(["task", "field", "differs in", "for example", "in"], rows)


def _values(report: ReportJson) -> Iterator[str]:
    """Yield what was answered for each value of enums and booleans."""
    rows = []
    for task in report["tasks"]:
        _, fields = findings.values(task)
        for path, found in fields.items():
            rows += [
                [task["task"], path, word(one.value), f"{one.agree:,} of {one.compared:,}", _others(one)]
                for one in found
            ]
    if rows:
        yield from _folded("Agreement per value", _table(["task", "field", "value", "agree", "answered instead"], rows))


def _others(one: Value) -> str:
    """Write what came in place of a value."""
    return ", ".join(f"{word(model) if verdict == 'differ' else verdict} {n:,}" for model, verdict, n in one.others)


def _reasons(report: ReportJson) -> Iterator[str]:
    """Yield why there is no value to compare."""
    for verdict in ("invalid", "failed", "unscored"):
        for reason, n in findings.reasons(report, verdict)[:MAX_CALLS]:
            yield f"- {verdict}, {plural(n, 'call')}: {words.markdown(reason)}"


def _calls(report: ReportJson, *, show_values: ShowValues) -> Iterator[str]:
    """Yield the calls that do not agree."""
    found, newly = findings.wrong_trials(report), findings.newly_wrong(report)
    if not found:
        return
    rows = [
        [
            "unstable" if one["verdict"] == "agree" else one["verdict"],
            one["task"],
            findings.standing(one, newly=newly),
            next(iter(one["tests"]), ""),
            _wrong(one, show_values=show_values),
        ]
        for one in found[:MAX_CALLS]
    ]
    more = f", the first {MAX_CALLS}" if len(found) > MAX_CALLS else ""
    title = f"{plural(len(found), 'call does', 'calls do')} not agree{more}"
    yield from _folded(title, _table(["verdict", "task", "", "test", "differences"], rows))


def _wrong(trial: Mapping[str, Any], *, show_values: ShowValues) -> str:
    """Write what is wrong with one call."""
    if show_values == "no":
        parts = [f"{one['path']} ({one['kind']})" for one in trial["differences"]]
    else:
        parts = [f"{one['path']}: {change(one, limit=words.MAX_VALUE)}" for one in trial["differences"]]
    return "; ".join([*parts[:10], *([trial["reason"]] if trial["reason"] else [])])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, every cell escaped; columns in which nothing stands are left out."""
    listed = list(rows)
    kept = [i for i in range(len(head)) if any(row[i] for row in listed)]
    for row in (head, ["---"] * len(head)):
        yield f"| {' | '.join(row[i] for i in kept)} |"
    for row in listed:
        yield f"| {' | '.join(words.markdown(row[i]) for i in kept)} |"


def _list(texts: Iterable[str]) -> Iterator[str]:
    """Yield a list, every entry escaped."""
    yield from (f"- {words.markdown(one)}" for one in texts)


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines that one unfolds by a click on the title, which is our own words."""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"


def _bounded(texts: list[str]) -> list[str]:
    """Return the first texts, and how many more there are."""
    return [*texts[:MAX_CALLS], *([f"and {len(texts) - MAX_CALLS:,} more"] if len(texts) > MAX_CALLS else [])]
