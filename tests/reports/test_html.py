import re
import sys
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from pytest_distil.core.evidence import Outcome
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Difference
from pytest_distil.core.wants import Wants
from pytest_distil.mark.errors import SettingError
from pytest_distil.reports.html import MAX_LINES, check, lines, matrices, render, rows
from pytest_distil.reports.view import ShowValues
from pytest_distil.reports.words import visible
from support.hostile import HOSTILE
from support.reports import facts, receipt, repeated, sample, triage, trials

VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """Reads a page: its tags, its text, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def judged(report: ReportJson, **wants: Any) -> ReportJson:
    """Return a report with its ruling."""
    return {**report, "ruling": judge(report, wants=Wants(**wants))}


def test_one_page_that_needs_nothing_else() -> None:
    """Every tag is closed, and nothing is loaded from anywhere."""
    text = render(judged(sample(), fail_under=0.95))
    page = Page(text)

    assert [] == page.open
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href", "srcset")]
    assert not re.search(r"https?:|@import|url\(", text)
    assert "default-src 'none'" in text


def test_what_is_told() -> None:
    """The page holds the ruling, the rates, the fields, the values and every wrong call."""
    text = render(judged(sample(), fail_under=0.95))
    told = " ".join(Page(text).texts)

    assert "88.5 % agreement on 52 held-out calls (Wilson 76.5 to 94.8, worth 48) - below 95 %: FAILED" in told
    for part in ("memory: nearest", "Fields that differ", "Agreement per value", "items[*].price", "vanish with"):
        assert part in told
    assert 9 == text.count('<details class="call"')
    assert 'style="--low: 76.51%; --high: 94.75%; --at: 88.46%"' in text


def test_side_by_side() -> None:
    """What differs stands beside each other, what does not is not marked."""
    trial = {"original": {"a": 1, "b": [1, 2], "c": 3}, "answer": {"a": 1, "b": [1], "c": 4}}

    assert [
        ("{", "{", False),
        ('  "a": 1,', '  "a": 1,', False),
        ('  "b": [', '  "b": [', False),
        ("    1,", "    1", True),
        ("    2", None, True),
        ("  ],", "  ],", False),
        ('  "c": 3', '  "c": 4', True),
        ("}", "}", False),
    ] == list(rows(trial))


def test_lines_are_bounded_and_text_stays_text() -> None:
    """A huge value is cut; an answer of several lines is shown as its lines."""
    assert MAX_LINES + 1 == len(lines(list(range(10_000))))
    assert ["no", "JSON"] == lines("no\nJSON")
    assert ['"text"'] == lines("text")


def test_a_matrix_counts_every_compared_call() -> None:
    """In a confusion table each row adds up to the calls of its value, with what was no value at all."""
    listed = [triage(n, held_out=False, wrong={5: "label", 6: "invalid"}.get(n)) for n in range(15)]
    label = next(one for one in matrices(judged(sample(listed))) if one.path == "label")

    assert ("bug", "billing", "feature", "other", "(invalid)") == label.columns
    assert ("bug", 3, 5, (("right", 3), ("none", 0), ("none", 0), ("wrong", 1), ("wrong", 1))) == label.rows[0]
    for _, _, compared, cells in label.rows:
        assert compared == sum(n for _, n in cells)


@pytest.mark.parametrize(
    ("show_values", "shown", "hidden"),
    [
        ("yes", ["Dear team", "sorry", "9.99"], []),
        ("differences", ["9.99"], ["Dear team", "sorry", "Original and model"]),
        ("no", ["items[0].price (value)"], ["Dear team", "sorry", "9.99", "Agreement per value"]),
    ],
)
def test_values_can_be_hidden(show_values: ShowValues, shown: list[str], hidden: list[str]) -> None:
    """Where values must not be shown, none is, and where only differences may, nothing else is."""
    text = " ".join(Page(render(judged(sample()), show_values=show_values)).texts)

    assert shown == [one for one in shown if one in text]
    assert [] == [one for one in hidden if one in text]


def test_repeats() -> None:
    """All answers of an unstable call are there, and the spread."""
    text = " ".join(Page(render(judged(sample([repeated(triage(1), "agree", "differ"), triage(2)])))).texts)

    assert "Asked 2 times: 0 % to 100 % by round; 1 of 1 call unstable" in text
    assert 'answer 2: differ, {"label": "differ"}' in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_text(hostile: str) -> None:
    """Whatever a model, a test or a value is, the page has the same tags, and the text is shown as it is."""
    harmless, page = Page(_page("x")), Page(_page(hostile))

    assert Counter(harmless.tags) == Counter(page.tags)  # tasks are sorted by their names, so the order differs
    assert Counter(name for name, _ in harmless.attributes) == Counter(name for name, _ in page.attributes)
    assert visible(hostile) in page.texts
    assert not [one for text in page.texts for one in text.split("\n") if visible(one) != one]


def _page(text: str) -> str:
    """Return a page with a text in every place that a user or a model may fill."""
    clean = text.replace("\ud800", "")
    difference = (Difference(text, "value", text, text),)
    listed = [
        triage(1, wrong="label", differences=difference, tests=(text, "b"), arguments={"a": [text.replace("\n", "")]}),
        triage(2, wrong="invalid", reason=text, answer=text.replace("\n", "")),
        triage(4, wrong="label", answer={"label": text}),
        receipt(3, wrong="total", task=clean),
    ]
    tasks = [facts(task, model=text, served=(text,)) for task in ("shop.mail.triage", clean)]
    tests = [Outcome(test=text, ending="disagreed", different=True)]
    report = sample(listed, tasks=tasks, tests=tests, left_out={text: 1}, session=text, started=text)
    return render(judged(report, fail_under=1.0, baseline_path=text))


def test_without_jinja2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that cannot be made is refused with the command that helps."""
    monkeypatch.setitem(sys.modules, "jinja2", None)

    with pytest.raises(SettingError, match=r"python -m pip install 'pytest-distil\[html\]'"):
        check()
    with pytest.raises(SettingError, match="jinja2"):
        render(judged(sample()))


def test_trials_are_numbered_by_verdict() -> None:
    """The filters say how many calls of each kind there are."""
    text = " ".join(" ".join(Page(render(judged(sample(trials())))).texts).split())

    assert "differ (5)" in text
    assert "invalid (1)" in text
