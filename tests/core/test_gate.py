from typing import Any

import pytest

from pytest_distil.core.call import NOT_PASSED
from pytest_distil.core.evidence import Outcome, Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import CHANGED, STALE, UNREACHED
from pytest_distil.core.wants import Wants
from support.reports import MODEL, facts, repeated, sample, triage


def held_out(agree: int, differ: int, **more: Any) -> ReportJson:
    """Return a report of so many held-out calls that agree and differ, a test each."""
    right = [triage(n, held_out="input") for n in range(agree)]
    wrong = [triage(agree + n, wrong="label", held_out="input") for n in range(differ)]
    return sample([*right, *wrong], **more)


@pytest.mark.parametrize(
    ("agree", "differ", "threshold", "passed"),
    [(95, 5, 0.95, True), (94, 6, 0.95, False), (10, 0, 1.0, True), (999, 1, 1.0, False), (923, 77, 92.3 / 100, True)],
)
def test_threshold(agree: int, differ: int, threshold: float, *, passed: bool) -> None:
    """A threshold is reached by a rate that is at least the threshold, and by no other."""
    ruling = judge(held_out(agree, differ), wants=Wants(fail_under=threshold))

    assert passed is ruling["passed"]
    assert passed is (not ruling["reasons"])


def test_the_sentence_names_both_rates() -> None:
    """A reader sees what was reached, on how many calls, and what was asked for."""
    ruling = judge(held_out(37, 3), wants=Wants(fail_under=0.95))

    assert ["92.5 % agreement on 40 held-out calls is below 95 %; the report shows what differs"] == ruling["reasons"]


def test_without_a_gate_nothing_fails_for_its_rate() -> None:
    """A run that asked for no gate is neither passed nor failed, however bad the model is."""
    ruling = judge(held_out(0, 40), wants=Wants())

    assert ruling["passed"] is None
    assert (False, []) == (ruling["gated"], ruling["reasons"])


@pytest.mark.parametrize("wants", [Wants(), Wants(fail_under=0.5), Wants(gate_on="all", fail_under=0.1)])
def test_nothing_compared_fails(wants: Wants) -> None:
    """Where nothing was compared, a run fails with or without a gate, in one sentence."""
    ruling = judge(sample([triage(1, wrong="unscored")]), wants=wants)

    assert ruling["passed"] is False
    assert 1 == len(ruling["reasons"])
    assert "nothing was compared: 1 call could not be scored" in ruling["reasons"][0]


def test_no_marked_function_was_called() -> None:
    """A suite that marks nothing is told to."""
    ruling = judge(sample([], tasks=[]), wants=Wants())

    assert "@distil" in ruling["reasons"][0]
    assert "no test that ran made a call" in judge(sample([], tasks=[facts("t")]), wants=Wants())["reasons"][0]


def test_newcomer() -> None:
    """Five calls and none held out: the one reason says what to do."""
    report = sample([triage(n, held_out=False) for n in range(5)])
    expected = "none of the 5 calls is held out; use --distil-gate-on=all or collect about 20 distinct calls"

    assert [expected] == judge(report, wants=Wants(fail_under=0.95))["reasons"]
    assert [expected] == judge(report, wants=Wants())["notes"]
    assert judge(report, wants=Wants())["passed"] is None
    assert judge(report, wants=Wants(fail_under=0.95, gate_on="all"))["passed"] is True


def test_default_side() -> None:
    """Held-out calls are judged, or all where no fraction is held out; what is asked for outranks both."""
    assert "held-out" == Wants().judged
    assert "all" == Wants(holdout=0).judged
    assert "new-patterns" == Wants(holdout=0, gate_on="new-patterns").judged


def test_new_patterns_are_judged_apart() -> None:
    """A model that knows its patterns and no others fails where new patterns are judged."""
    known = [triage(n, held_out="input") for n in range(40)]
    report = sample([*known, *[triage(40 + n, held_out="pattern", wrong="label") for n in range(4)]])

    assert judge(report, wants=Wants(fail_under=0.9))["passed"] is True
    assert judge(report, wants=Wants(fail_under=0.9, gate_on="new-patterns"))["passed"] is False


def test_no_new_patterns() -> None:
    """Where no pattern is held back, judging new patterns fails and says how to hold some back."""
    ruling = judge(held_out(5, 0), wants=Wants(fail_under=0.9, gate_on="new-patterns"))

    assert ruling["passed"] is False
    assert "held_out=True" in ruling["reasons"][0]


@pytest.mark.parametrize(
    ("served", "passed"),
    [
        ((), None),
        ((MODEL,), None),
        ((f"{MODEL}-2025-11-01",), None),
        ((f"{MODEL}:latest",), None),
        (("gpt-3.5-turbo",), False),
        ((MODEL, "other"), False),
        ((f"{MODEL}-mini",), False),
    ],
)
def test_another_model_fails(served: tuple[str, ...], passed: object) -> None:
    """A server that answers as another model than the one asked for fails the run, with or without a gate."""
    report = held_out(20, 0, tasks=[facts("shop.mail.triage", served=served)])

    assert passed is judge(report, wants=Wants())["passed"]


@pytest.mark.parametrize(("failed", "passed"), [(1, None), (2, False)])
def test_failed_answers_above_one_in_a_hundred_fail(failed: int, *, passed: object) -> None:
    """One failed answer in a hundred is endured, two are not, with or without a gate."""
    calls = [triage(n, wrong="failed" if n < failed else None) for n in range(100)]
    ruling = judge(sample(calls), wants=Wants())

    assert passed is ruling["passed"]
    assert (passed is None) is (not ruling["reasons"])
    assert "most often: timeout, 2" in "".join([*ruling["reasons"], "most often: timeout, 2" if passed is None else ""])


@pytest.mark.parametrize("answered", [0, 1])
def test_an_endpoint_that_is_dead_is_one_reason(answered: int) -> None:
    """Where no answer came at all, that is said once, and not again for each thing that falls short without answers."""
    calls = [triage(n, wrong="failed" if n >= answered else None, pinned=True) for n in range(20)]
    wants = Wants(fail_under=0.9, gate_on="all", thresholds={"triage": 0.9}, fail_under_tests=0.9)
    ruling = judge(sample(calls), wants=wants)

    assert ruling["passed"] is False
    assert "answers failed, more than 1 %" in ruling["reasons"][0]
    assert (len(ruling["reasons"]) > 1) is bool(answered)


def test_failed_repeats_are_failed_answers() -> None:
    """Answers that fail only when a call is asked again are counted too."""
    calls = [repeated(triage(n), "agree", "failed" if n < 3 else "agree") for n in range(100)]

    assert judge(sample(calls), wants=Wants())["passed"] is False


def test_interrupted_is_not_judged() -> None:
    """A run that was interrupted has no ruling, whatever is in it."""
    report = held_out(1, 39, selection=Selection(interrupted=True))
    ruling = judge(report, wants=Wants(fail_under=0.99, thresholds={"nothing": 1.0}))

    assert ruling["passed"] is None
    assert (True, []) == (ruling["interrupted"], ruling["reasons"])
    assert ["the run was interrupted and is not judged"] == ruling["notes"]


@pytest.mark.parametrize(
    ("selection", "part"),
    [
        (Selection(crashed=2), "2 parts of the run crashed"),
        (Selection(expected=30), "10 of the 30 calls that session"),
    ],
)
def test_incomplete_runs_fail_where_gated(selection: Selection, part: str) -> None:
    """What is missing of a run fails a gate, and only a gate."""
    report = held_out(20, 0, selection=selection)

    assert part in judge(report, wants=Wants(fail_under=0.5))["reasons"][0]
    assert judge(report, wants=Wants())["passed"] is None


@pytest.mark.parametrize("reason", [CHANGED, STALE, UNREACHED])
def test_recorded_calls_that_could_not_be_compared_fail_where_gated(reason: str) -> None:
    """A session that is out of date for one task does not leave the others to be judged alone."""
    trials = [triage(n, held_out="input") for n in range(20)]
    trials += [triage(20 + n, task="old", held_out="input", wrong="unscored", reason=reason) for n in range(4)]
    report = sample(trials, selection=Selection(expected=24))
    said = f"4 of the 24 calls that session '{report['session']}' holds of the tests that ran could not be compared"

    assert [f"{said} (most often: {reason})"] == judge(report, wants=Wants(fail_under=0.5))["reasons"]
    assert "collect again" in reason
    assert judge(report, wants=Wants())["passed"] is None


def test_calls_of_tests_that_failed_are_not_missing() -> None:
    """What a failing test called is not judged; that it fails is pytest's to say."""
    trials = [*[triage(n, held_out="input") for n in range(20)], triage(20, wrong="unscored", reason=NOT_PASSED)]

    assert judge(sample(trials, selection=Selection(expected=21)), wants=Wants(fail_under=0.5))["passed"] is True


def test_partial_runs_are_judged_and_say_so() -> None:
    """A part of the suite is judged by what ran."""
    ruling = judge(held_out(20, 0, selection=Selection(partial=True, deselected=7)), wants=Wants(fail_under=0.5))

    assert ruling["passed"] is True
    assert ["this was a part of the suite (7 tests deselected); what ran is judged"] == ruling["notes"]


def test_another_brief_than_the_card_fails_where_gated() -> None:
    """A model trained with other prompts than today's is not the one that would be used."""
    card = {"signature": "1" * 16, "docstring": "other", "instructions": "3" * 16, "schema": "4" * 16}
    report = held_out(20, 0, tasks=[facts("shop.mail.triage", card=card)])

    assert "'docstring' changed since" in judge(report, wants=Wants(fail_under=0.5))["reasons"][0]
    assert judge(report, wants=Wants())["passed"] is None


def test_recorded_results_of_another_source_fail_where_gated() -> None:
    """Results recorded before the original changed are not the original's."""
    report = held_out(20, 0, tasks=[facts("shop.mail.triage", recorded_source_digest="old")])

    assert "collect again" in judge(report, wants=Wants(fail_under=0.5))["reasons"][0]


def test_unrecorded_calls_are_not_gated() -> None:
    """Calls that no session holds change no ruling, and are not forgotten."""
    calls = [triage(n, held_out="input") for n in range(20)]
    report = sample([*calls, *[triage(50 + n, wrong="label", apart="unrecorded") for n in range(9)]])
    ruling = judge(report, wants=Wants(fail_under=1.0))

    assert ruling["passed"] is True
    assert ["9 calls stand in no session, so they are not judged; collect again"] == ruling["notes"]


def test_only_unrecorded_calls_fail_a_gate() -> None:
    """A gate over a session that holds none of the calls fails."""
    ruling = judge(sample([triage(1, apart="unrecorded")]), wants=Wants(fail_under=0.5))

    assert ruling["passed"] is False
    assert "holds none of the calls" in ruling["reasons"][0]


def test_a_broken_pin_fails_without_any_gate() -> None:
    """A call marked must_agree that differs fails the run, even if seen, and names its test."""
    ruling = judge(sample([triage(1), triage(2, wrong="label", pinned=True)]), wants=Wants())

    assert ruling["passed"] is False
    assert (
        "1 call marked must_agree did not agree (in 'tests/test_mail.py::test_triage[case2]')" in ruling["reasons"][0]
    )
    assert 1 == len(ruling["pins"]["broken"])


def test_kept_pins_ask_for_no_gate() -> None:
    """Pins that hold leave a run not gated."""
    assert judge(sample([triage(1, pinned=True)]), wants=Wants())["passed"] is None


def test_a_test_that_must_pass_fails_the_run_when_it_disagrees() -> None:
    """A test marked must_pass may not disagree."""
    ended = [Outcome(test="a.py::b", ending="disagreed", different=True, must_pass=True)]
    ruling = judge(sample([triage(1)], tests=ended), wants=Wants())

    assert "1 test marked must_pass disagreed ('a.py::b')" in ruling["reasons"][0]


@pytest.mark.parametrize(("share", "passed"), [(0.75, True), (0.76, False)])
def test_share_of_tests(share: float, *, passed: bool) -> None:
    """The gate on tests counts tests that got the model's values; others, and real failures, are not in it."""
    ended = [Outcome(test=f"p{n}", ending="passed", different=n % 2 == 0) for n in range(3)]
    ended += [Outcome(test="d", ending="disagreed", different=True), Outcome(test="f", ending="failed")]
    ended += [Outcome(test=f"o{n}", ending="passed") for n in range(9)]
    ruling = judge(sample([triage(1)], tests=ended), wants=Wants(fail_under_tests=share))

    assert passed is ruling["passed"]
    assert (0.75, 4) == (ruling["tests"]["share"], ruling["tests"]["of"])


def test_share_of_no_tests_fails() -> None:
    """In shadow no test gets a value from the model: a gate on tests has nothing to judge and fails."""
    ruling = judge(sample([triage(1)], tests=[Outcome(test="a", ending="passed")]), wants=Wants(fail_under_tests=0.1))

    assert ruling["passed"] is False
    assert "--distil-return=model" in ruling["reasons"][0]


def test_a_gate_on_tests_needs_no_held_out_calls() -> None:
    """Where only tests are gated, calls on the training side are enough."""
    assert judge(sample([triage(1)]), wants=Wants(fail_under_tests=0.9))["passed"] is True


def test_too_few_calls_fail() -> None:
    """A perfect rate on fewer calls than asked for does not pass."""
    ruling = judge(held_out(5, 0), wants=Wants(fail_under=0.9, min_calls=10))

    assert ["5 held-out calls compared, at least 10 must be; collect more"] == ruling["reasons"]


def test_confidence_judges_the_lower_bound() -> None:
    """52 calls that all agree show 95 at 95 % confidence, 51 do not, and 60 with one wrong do not either."""
    wants = Wants(fail_under=0.95, confidence=0.95)
    enough, few, wrong = (judge(held_out(*each), wants=wants) for each in ((52, 0), (51, 0), (59, 1)))

    assert (True, False, False) == (enough["passed"], few["passed"], wrong["passed"])
    assert enough["overall"]["bound"] >= 0.95
    assert (
        "95 at 95 % confidence needs at least 52 independent calls; 51 held-out calls are worth 51" == few["reasons"][0]
    )
    assert "98.3 % agreement on 60 held-out calls is at least 9" in wrong["reasons"][0]


def test_confidence_of_few_clusters_fails() -> None:
    """A hundred calls of one test show nothing with confidence."""
    calls = [triage(n, held_out="input", tests=("one.py::test",)) for n in range(100)]
    ruling = judge(sample(calls), wants=Wants(fail_under=0.5, confidence=0.95))

    assert "come from 1 group or test; at least 8 are needed" in ruling["reasons"][0]


def test_certainty_of_100_is_refused() -> None:
    """No number of calls shows 100 % with confidence, and the sentence says so."""
    ruling = judge(held_out(60, 0), wants=Wants(fail_under=1.0, confidence=0.95))

    assert "can be shown by no number of calls" in ruling["reasons"][0]


def test_judging_changes_nothing() -> None:
    """The report is not touched, and judging it again gives the same ruling."""
    report = sample()
    before = repr(report)
    rulings = [judge(report, wants=Wants(fail_under=0.95, baseline=report)) for _ in range(2)]

    assert rulings[0] == rulings[1]
    assert before == repr(report)


def test_every_number_of_the_ruling_is_the_reports() -> None:
    """What is judged is the very block that the report shows."""
    report = sample()
    ruling = judge(report, wants=Wants(fail_under=0.95))

    assert report["held_out"] is ruling["counts"]
    assert report["tasks"][0]["held_out"] is ruling["tasks"]["shop.mail.triage"]["counts"]
