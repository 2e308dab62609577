import json
from typing import Any

import pytest

from pytest_distil.core.evidence import Hint, Outcome, Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Difference
from pytest_distil.core.wants import Wants
from pytest_distil.reports.layout import Line
from pytest_distil.reports.terminal import evaluated
from pytest_distil.reports.words import visible
from support.hostile import HOSTILE
from support.reports import facts, receipts, repeated, sample, triage, trials

PATH = ".distil/reports/20251122T213000Z-model.json"


def lines(report: ReportJson, *, width: int = 80, verbosity: int = 0, **wants: Any) -> list[Line]:
    """Return what a judged report looks like."""
    judged = {**report, "ruling": judge(report, wants=Wants(**wants))}
    return evaluated(judged, width=width, verbosity=verbosity, path=PATH)


def text(report: ReportJson, **more: Any) -> str:
    """Return it as text, wrapped lines joined."""
    return " ".join(" ".join(line.text for line in lines(report, **more)).split())


def test_the_first_look_at_one_task() -> None:
    """At 120 columns and normal verbosity, a report of one task is this."""
    expected = """\
model      ft:gpt-4.1-nano-2025-04-14:acme::B1x2y3, judged by session 20251122T202000Z-3f2a91
task      held out  95 % interval  new inputs  new patterns           seen
triage  90 % of 40     76.9 to 96  90 % of 30    90 % of 10  98.8 % of 160
memory     nearest 65 %, lookup 0 %, majority 0 % on the same 40 held-out calls
left out   made in a fixture wider than a function (2)
tests      198 passed, 2 disagreed
           4 tests pass with a value that differs, 2 noticed one; 194 got the original's values
disagreed  tests/test_mail.py::test_triage[case10]
           tests/test_mail.py::test_triage[case60]
differ     triage.label in 3 of 199 calls, as "bug" -> "other" in tests/test_mail.py::test_triage[case5]
           triage.order in 1 of 199 calls, as null -> "a-1" in tests/test_mail.py::test_triage[case45]
           triage.priority in 1 of 199 calls, as "low" -> "high" in tests/test_mail.py::test_triage[case10]
values     triage.label (held out): bug 7 of 8 (other 1), feature 7 of 8 (invalid 1), 3 others 24 of 24
           triage.priority (held out): high 13 of 14 (invalid 1), low 25 of 26 (high 1)
invalid    1: no JSON
asked      41,200 tokens in (10,240 cached), 5,130 out; 14 s in all, 200 requests, 12 stored, 3 retries, 1.5 s waiting
report     .distil/reports/20251122T213000Z-model.json
distil: 90 % agreement on 40 held-out calls (Wilson 76.9 to 96) - below 95 %: FAILED"""

    assert expected.splitlines() == [line.text for line in lines(sample(trials()), width=120, fail_under=0.95)]


@pytest.mark.parametrize("width", [70, 80, 120])
@pytest.mark.parametrize("verbosity", [0, 1, 2])
def test_fits_the_terminal(width: int, verbosity: int) -> None:
    """No line is wider than the terminal but words that are, and the sentences of the ruling, which can be searched."""
    told = lines(sample(), width=width, verbosity=verbosity, fail_under=0.95)
    sentences = ("distil:", "failed", "note", "report")
    long = [line.text for line in told if len(line.text) > width and not line.text.startswith(sentences)]

    assert not [one for one in long if max(map(len, one.split())) + 15 < width]


def test_short_at_first_sight() -> None:
    """One task takes about 25 lines at 80 columns."""
    assert 26 >= len(lines(sample(trials()), fail_under=0.95))


def test_quiet_is_the_ruling() -> None:
    """With -q it is one line."""
    (line,) = lines(sample(), verbosity=-1, fail_under=0.95)

    assert line.text.startswith("distil: 88.5 % agreement on 52 held-out calls")


def test_quiet_tells_why_it_failed() -> None:
    """With -q, several reasons stand above the ruling; one stands in it."""
    told = lines(sample(), verbosity=-1, fail_under=0.95, thresholds={"nothing": 0.5})

    assert ["failed     88.5 %", "failed     the thr", "distil: 88.5 % agr"] == [
        line.text[:18].rstrip() for line in told
    ]


@pytest.mark.parametrize(
    ("wants", "style"),
    [
        ({"fail_under": 0.5}, {"green": True, "bold": True}),
        ({"fail_under": 0.95}, {"red": True, "bold": True}),
        ({}, {"bold": True}),
    ],
)
def test_the_ruling_is_last_and_coloured(wants: dict[str, Any], style: dict[str, bool]) -> None:
    """The last line is the ruling: green, red, or plain where there is none."""
    assert style == lines(sample(), **wants)[-1].style


def test_several_tasks_have_a_row_each_and_one_for_all() -> None:
    """Each task has its row, coloured by its own ruling, and all of them one."""
    told = lines(sample(), width=120, fail_under=0.85, thresholds={"parse_receipt": 0.9})
    rows = {line.text.split()[0]: line for line in told if line.text.startswith(("triage", "parse_receipt", "all"))}

    assert "83.3 % of 12   48.8 to 96.3      8" in rows["parse_receipt"].text
    assert [{}, {"red": True}, {"green": True}] == [rows[name].style for name in ("triage", "parse_receipt", "all")]


def test_no_column_without_calls() -> None:
    """Where nothing is held out, seen calls stand alone, with their interval."""
    told = text(sample([triage(n, held_out=False) for n in range(20)]))

    assert "task seen 95 % interval triage 100 % of 20 83.9 to 100" in told
    assert "held out" not in told.partition("note")[0]


@pytest.mark.parametrize(("own", "beaten"), [("label", True), (None, False)])
def test_a_model_no_better_than_memory_is_told_so(own: str | None, *, beaten: bool) -> None:
    """Where looking up the training examples reaches as much, the report says it."""
    listed = [
        triage(
            n,
            held_out="input",
            wrong=own,
            memory={"lookup": "differ", "nearest": "agree" if n else "differ", "majority": "differ"},
        )
        for n in range(9)
    ]

    assert beaten is ("the model is no better than nearest" in text(sample(listed)))


def test_repeats_and_noise() -> None:
    """Repeated answers show their spread, a noisy original its own agreement."""
    listed = [
        repeated(triage(n, again=("label",) if n < 2 else ()), "agree", "differ" if n < 3 else "agree")
        for n in range(10)
    ]
    told = text(sample(listed))

    assert "asked 2 times: 70 % to 100 % by round; 3 of 10 calls unstable" in told
    assert "model against original 85 %, original against itself 80 %, on 10 calls" in told
    assert "the original differs from itself in label 2" in told


def test_a_baseline() -> None:
    """A comparison with a baseline has its line and its note."""
    told = text(sample(trials(), session=None), baseline=sample(trials(wrong={})), baseline_path="base.json")

    assert (
        "base.json: 100 % -> 90 % on 40 held-out calls; 4 newly wrong, 0 newly right (p = 0.062, exact McNemar)" in told
    )
    assert "the smallest drop that 40 held-out calls could have shown beyond noise is 12.5 points" in told
    assert "there is no session" in told


def test_what_is_scored_apart() -> None:
    """Unrecorded calls and those of wide fixtures are told of, with their rates."""
    told = text(sample([triage(1), triage(2, apart="unrecorded"), triage(3, apart="fixture", wrong="label")]))

    assert "1 call that no session holds: 100 %; 1 call of wide fixtures: 0 %" in told


def test_why_answers_are_missing() -> None:
    """Invalid, failed and unscored trials are told of by reason."""
    told = text(
        sample([triage(n, wrong=one) for n, one in enumerate(["invalid", "failed", "unscored", "failed", None])])
    )

    assert "invalid 1: no JSON failed 2: timeout unscored 1: the original raised" in told


def test_hints_and_ignored_differences() -> None:
    """Rules that would help are proposed; what a rule ignores is counted."""
    told = text(sample([triage(1, wrong="ignored")], hints=[Hint("shop.mail.triage", "order", "ignore_case", 9, 12)]))

    assert "hint 9 of 12 differences in triage.order vanish with ignore_case" in told
    assert "ignored triage.order: 1 call" in told


def test_verbose_lists_calls_and_more_verbose_their_values() -> None:
    """-v lists what is wrong, -vv with arguments; at first sight there is neither."""
    report = sample([triage(n, wrong="label") for n in range(60)])
    first, more, most = (text(report, verbosity=one) for one in (0, 1, 2))

    assert "calls differ" not in first
    assert "and 10 more; -vv lists them" in more
    assert "arguments" not in more
    assert 60 == most.count("arguments {")


def test_values_can_be_hidden() -> None:
    """Where values must not be shown, none is, and where only differences may, no argument is."""
    report = sample(trials())
    judged = {**report, "ruling": judge(report, wants=Wants())}
    hidden = "\n".join(line.text for line in evaluated(judged, width=80, verbosity=2, show_values="no"))
    differing = "\n".join(line.text for line in evaluated(judged, width=80, verbosity=2, show_values="differences"))

    assert not [word for word in ('"bug"', "Dear team", "sorry", "other 1") if word in hidden]
    assert "label (value)" in hidden
    assert '"bug" -> "other"' in differing
    assert "Dear team" not in differing


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("verbosity", [0, 2])
def test_hostile_text_is_text(hostile: str, verbosity: int) -> None:
    """Whatever a model, a test or a server is called, every line is one line of visible characters."""
    difference = (Difference(hostile, "value", hostile, {hostile: [hostile]}),)
    listed = [
        triage(1, wrong="label", differences=difference, tests=(hostile,), arguments={hostile: hostile}),
        triage(2, wrong="invalid", reason=hostile, answer=hostile),
        triage(3, original={"label": hostile.replace("\ud800", "")}, task=hostile, pinned=True, wrong="label"),
    ]
    report = sample(
        listed,
        tasks=[facts(task, model=hostile, served=(hostile,)) for task in ("shop.mail.triage", hostile)],
        tests=[Outcome(test=hostile, ending="disagreed", different=True, must_pass=True)],
        left_out={hostile: 1},
        hints=[Hint(hostile, hostile, hostile, 2, 2)],
        session=hostile,
    )
    for line in lines(report, verbosity=verbosity, baseline=report, baseline_path=hostile, fail_under=0.9):
        assert line.text == visible(line.text)
        assert not line.text.startswith("::")


def test_an_interrupted_run_says_so() -> None:
    """An interrupted run shows what there is, and is not judged."""
    told = lines(sample(selection=Selection(interrupted=True)), fail_under=0.99)

    assert told[-1].text.endswith("interrupted: not judged")
    assert {"yellow": True, "bold": True} == told[-1].style


def test_nothing_at_all() -> None:
    """A run without calls is told in few lines."""
    told = lines(sample([], tasks=[], left_out={}))

    assert (
        "nothing was compared: FAILED: nothing was compared: the tests that ran called no marked function"
        in told[-1].text
    )
    assert 5 > len(told)


def test_many_tasks_are_quick() -> None:
    """The report is read, not copied: its JSON is the same after it was told of."""
    report = sample([*trials(), *receipts()])
    before = json.dumps(report)
    lines(report, verbosity=2)

    assert before == json.dumps(report)
