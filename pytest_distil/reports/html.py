"""An evaluation as one HTML page that needs nothing else; the only file that knows jinja2."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pytest_distil.core.phrases import percent, plural
from pytest_distil.core.report import ReportJson
from pytest_distil.core.text import Json
from pytest_distil.mark.errors import SettingError
from pytest_distil.reports import findings, words
from pytest_distil.reports.findings import Value
from pytest_distil.reports.view import ShowValues, change, word

MAX_CALLS = 1000
"""Wrong calls on the page: browsers get slow with more, and the JSON report has them all."""

MAX_LINES = 500
"""Lines of one value, for the same reason."""

Row = tuple[str | None, str | None, bool]
"""A line of the original's value beside one of the model's, and whether they differ; None where a side has none."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """How often which value of a field was answered for which."""

    task: str
    path: str
    side: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, int, int, tuple[tuple[str, int], ...]], ...]
    """Value, agreeing, compared, and for each column a cell: its kind (`right`, `wrong`, `none`) and number."""


def check() -> None:
    """Raise `SettingError` where jinja2 is missing, so that nothing is run for a page that cannot be made."""
    try:
        import jinja2  # noqa: F401
    except ModuleNotFoundError as error:
        message = "an HTML report needs jinja2: python -m pip install 'pytest-distil[html]'"
        raise SettingError("--distil-report", message) from error


def render(report: ReportJson, *, show_values: ShowValues = "yes") -> str:
    """Return a judged report as a page; raise `SettingError` where jinja2 is missing."""
    check()
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    source = Path(__file__).with_name("report.html.jinja").read_text(encoding="utf-8")
    wrong = findings.wrong_trials(report)
    return environment.from_string(source).render(
        report=report,
        ruling=words.ruling(report).removeprefix("distil: "),
        passed={True: "passed", False: "failed", None: "open"}[report["ruling"]["passed"]],
        wrong=wrong[:MAX_CALLS],
        more=len(wrong) - MAX_CALLS,
        verdicts=sorted(Counter(one["verdict"] for one in wrong[:MAX_CALLS]).items()),
        matrices=list(matrices(report)),
        fields=findings.wrong_fields(report),
        newly=findings.newly_wrong(report),
        show_values=show_values,
        **_TOOLS,
    )


def matrices(report: Mapping[str, Any]) -> Iterator[Matrix]:
    """Yield a table for each field that has a closed set of values, and something else answered."""
    for task in report["tasks"]:
        side, fields = findings.values(task)
        for path, found in fields.items():
            if any(one.others for one in found):
                yield _matrix(task["task"], path, side, found)


def _matrix(task: str, path: str, side: str, found: list[Value]) -> Matrix:
    """Return the table of one field: a row for each value of the original's, a column for each answer."""
    answered = dict.fromkeys(word(one.value) for one in found)
    for one in found:
        answered |= dict.fromkeys(_answer(model, verdict) for model, verdict, _ in one.others)
    rows = []
    for one in found:
        others = Counter({_answer(model, verdict): n for model, verdict, n in one.others})
        others[word(one.value)] += one.agree
        cells = tuple((_kind(name == word(one.value), others[name]), others[name]) for name in answered)
        rows.append((word(one.value), one.agree, one.compared, cells))
    return Matrix(task, path, side, tuple(answered), tuple(rows))


def _answer(model: Json, verdict: str) -> str:
    """Name what came in place of a value."""
    return word(model) if verdict == "differ" else f"({verdict})"


def _kind(right: bool, n: int) -> str:  # noqa: FBT001 - a condition, passed on
    """Say how a cell looks."""
    return "none" if not n else "right" if right else "wrong"


def rows(trial: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a trial's two values line by line, so that what differs stands beside each other."""
    left, right = lines(trial["original"]), lines(trial["answer"])
    for kind, start, end, other, last in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for i in range(max(end - start, last - other)):
            one = left[start + i] if start + i < end else None
            two = right[other + i] if other + i < last else None
            yield one, two, kind != "equal"


def lines(value: Json) -> list[str]:
    """Return a value as lines of JSON, the first `MAX_LINES`; an answer that is no value is text already."""
    text = value if isinstance(value, str) and "\n" in value else json.dumps(value, ensure_ascii=False, indent=2)
    found = str(text).split("\n")
    return found if len(found) <= MAX_LINES else [*found[:MAX_LINES], "..."]


def _shown(value: Any) -> Any:
    """Make text visible that the template prints; what is markup already is left alone."""
    return words.visible(value) if type(value) is str else value


_TOOLS: Mapping[str, Any] = {
    **{name: getattr(findings, name) for name in ("standing", "reasons", "ended")},
    **{name: getattr(words, name) for name in ("rate", "compared", "interval", "value", "seconds", "tokens")},
    "rows": rows,
    "lines": lines,
    "percent": percent,
    "plural": plural,
    "change": partial(change, limit=10 * words.MAX_VALUE),
}
"""What the template calls."""
