from typing import Any

import pytest
from markdown_it import MarkdownIt

from pytest_distil.core.evidence import Outcome
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Difference
from pytest_distil.core.wants import Wants
from pytest_distil.reports.markdown import MAX_CALLS, render
from pytest_distil.reports.view import ShowValues
from pytest_distil.reports.words import visible
from support.hostile import HOSTILE
from support.reports import facts, sample, triage, trials


def judged(report: ReportJson, **wants: Any) -> ReportJson:
    """Return a report with its ruling."""
    return {**report, "ruling": judge(report, wants=Wants(**wants))}


def test_the_head_and_the_rates() -> None:
    """The ruling stands first, then agreement by task with memory beside it."""
    expected = """\
## distil: ft:gpt-4.1-nano-2025-04-14:<!-- -->acme::B1x2y3

**90 % agreement on 40 held-out calls (Wilson 76.9 to 96) - below 95 %: FAILED**

| task | held out | 95 % interval | new inputs | new patterns | seen |
| --- | --- | --- | --- | --- | --- |
| shop.mail.triage | 90 % of 40 | 76.9 to 96 | 90 % of 30 | 90 % of 10 | 98.8 % of 160 |
| memory: lookup | 0 % of 40 | 0 to 8.8 |  |  |  |
| memory: nearest | 65 % of 40 | 49.5 to 77.9 |  |  |  |
| memory: majority | 0 % of 40 | 0 to 8.8 |  |  |  |

Tests: 198 passed, 2 disagreed; 4 passed with a value that differs, 2 noticed one.
"""

    assert expected == render(judged(sample(trials()), fail_under=0.95))[: len(expected)]


def test_several_reasons_and_notes_are_listed() -> None:
    """More than one reason, and every note, is an entry of a list under the ruling."""
    report = judged(sample(), fail_under=0.95, thresholds={"nothing": 1.0}, baseline=sample())
    told = render(report)

    assert "FAILED for 2 reasons**\n\n- 88.5 % agreement on 52 held-out calls is below 95 %" in told
    assert "- the threshold for 'nothing' names no task" in told
    assert "- the smallest drop that 52 held-out calls" in told


def test_columns_without_numbers_are_left_out() -> None:
    """Where nothing is held out there is no column for it."""
    told = render(judged(sample([triage(n, held_out=False) for n in range(20)])))

    assert "| task | seen |\n| --- | --- |\n| shop.mail.triage | 100 % of 20 |" in told


def test_many_calls_are_bounded() -> None:
    """A summary stays readable, and says what it leaves out."""
    told = render(judged(sample([triage(n, wrong="label") for n in range(300)])))

    assert "300 calls do not agree, the first 50" in told
    assert MAX_CALLS == told.count("| differ |")
    assert len(told) < 50_000


@pytest.mark.parametrize(("show_values", "there"), [("yes", True), ("differences", True), ("no", False)])
def test_values_can_be_hidden(show_values: ShowValues, *, there: bool) -> None:
    """Where values must not be shown, none is; arguments never are."""
    told = render(judged(sample(trials())), show_values=show_values)

    assert there is ('"bug" -\\> "other"' in told)
    assert there is ("Agreement per value" in told)
    assert "Dear team" not in told
    assert "sorry" not in told


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_text(hostile: str) -> None:
    """Whatever a model, a test or a value is, the page's structure is the same, and the text is shown as it is."""
    harmless, page = (MarkdownIt("commonmark").enable("table").parse(_page(text)) for text in ("x", hostile))
    shown = ["".join(part.content for part in one.children or () if part.type != "html_inline") for one in page]

    assert [one.type for one in harmless] == [one.type for one in page]
    assert [one.content for one in harmless if one.type == "html_block"] == [
        one.content for one in page if one.type == "html_block"
    ]
    assert [one for one in shown if visible(hostile).strip()[:30] in one]


def _page(text: str) -> str:
    """Return a report with a text in every place that a user or a model may fill."""
    difference = (Difference(text, "value", text, text),)
    listed = [
        triage(1, wrong="label", differences=difference, tests=(text,)),
        triage(2, wrong="invalid", reason=text, answer=text),
        triage(3, wrong="label", task=text.replace("\ud800", "")),
        triage(4, wrong="label", answer={"label": text}),
    ]
    tasks = [facts(task, model=text, served=(text,)) for task in ("shop.mail.triage", text.replace("\ud800", ""))]
    tests = [Outcome(test=text, ending="disagreed", different=True)]
    return render(judged(sample(listed, tasks=tasks, tests=tests), fail_under=1.0, baseline_path=text))
