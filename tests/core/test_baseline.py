from typing import Any

import pytest

from pytest_distil.core.evidence import Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.promotion import promoted
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Trial
from pytest_distil.core.wants import Wants
from support.reports import receipt, repeated, sample, triage


def calls(n: int, wrong: set[int], **more: Any) -> list[Trial]:
    """Return held-out trials of which some are wrong, a test each."""
    return [triage(number, held_out="input", wrong="label" if number in wrong else None, **more) for number in range(n)]


def compared(now: list[Trial] | ReportJson, before: list[Trial], **more: Any) -> dict[str, Any]:
    """Return the ruling on a report beside a promoted baseline."""
    report = now if isinstance(now, dict) else sample(now)
    return judge(report, wants=Wants(baseline=promoted(sample(before)), baseline_path="base.json", **more))


@pytest.mark.parametrize(("allowed", "passed"), [(0.02, False), (0.05, True)])
def test_three_of_76(allowed: float, *, passed: bool) -> None:
    """Three calls lost of 76 are 3.9 points: more than two, less than five, and no proof of anything."""
    ruling = compared(calls(76, {1, 2, 3}), calls(76, set()), allowed_drop=allowed)

    assert passed is ruling["passed"]
    assert (3, 0, 76) == tuple(ruling["baseline"][key] for key in ("newly_wrong", "newly_right", "paired"))
    assert ["the smallest drop that 76 held-out calls could have shown beyond noise is 6.6 points"] == ruling["notes"]
    assert (
        passed
        or (
            "agreement fell 3.9 points below the baseline on 76 held-out calls (3 newly wrong, 0 newly right), "
            "more than the allowed 2 points; the report lists these calls"
        )
        == ruling["reasons"][0]
    )


@pytest.mark.parametrize("wrong", [set(), {1}, {1, 2, 3}])
def test_equal_and_better_models_pass(wrong: set[int]) -> None:
    """A model that is as good, or better, passes."""
    assert compared(calls(76, wrong), calls(76, {1, 2, 3}))["passed"] is True


def test_a_drop_beyond_noise_fails_though_it_is_allowed() -> None:
    """Six calls lost of 76 are no noise, whatever drop is allowed."""
    ruling = compared(calls(76, set(range(6))), calls(76, set()), allowed_drop=0.1)

    assert ruling["passed"] is False
    assert "which is more than noise (p = 0.016)" in ruling["reasons"][0]


def test_noise_in_both_directions_passes() -> None:
    """Calls that are lost and won in equal numbers are retraining noise."""
    ruling = compared(calls(76, set(range(10))), calls(76, set(range(10, 20))))

    assert ruling["passed"] is True
    assert (10, 10, 0.0) == tuple(ruling["baseline"][key] for key in ("newly_wrong", "newly_right", "drop"))


def test_calls_that_hang_together_are_one_proof() -> None:
    """Six lost calls of one test are one event, so noise; of six tests they are not."""
    one = ("a.py::one",)
    before = [*calls(70, set()), *[triage(100 + n, held_out="input", tests=one) for n in range(6)]]
    now = [*calls(70, set()), *[triage(100 + n, held_out="input", tests=one, wrong="label") for n in range(6)]]
    ruling = compared(now, before, allowed_drop=0.1)

    assert ruling["passed"] is True
    assert "sign-flip permutation of clusters" == ruling["baseline"]["method"]
    assert 0.5 == ruling["baseline"]["p"]
    assert "exact McNemar" == compared(calls(9, set()), calls(9, set()))["baseline"]["method"]


def test_no_overlap_fails() -> None:
    """A baseline that shares no call with the report compares nothing, and fails."""
    later = [triage(1000 + n, held_out="input") for n in range(20)]
    ruling = compared(later, calls(20, set()))

    assert ruling["passed"] is False
    assert "no held-out call is in both this report and the baseline" in ruling["reasons"][0]


def test_little_overlap_fails_a_whole_run() -> None:
    """A whole run that lacks most of the baseline's calls fails; a part of the suite is compared by what ran."""
    few = calls(4, set())
    partial = sample(few, selection=Selection(partial=True))

    assert "only 4 of the baseline's 20 held-out calls" in compared(few, calls(20, set()))["reasons"][0]
    assert compared(partial, calls(20, set()))["passed"] is True


def test_a_changed_original_is_not_compared_and_fails() -> None:
    """A call whose original result changed proves nothing about the model."""
    changed = [triage(0, held_out="input", original={"label": "new"}), *calls(20, set())[1:]]
    ruling = compared(changed, calls(20, {0}))

    assert (1, 19) == (ruling["baseline"]["changed_original"], ruling["baseline"]["paired"])
    assert ["the original's result changed for 1 held-out call since the baseline"] == [
        reason.partition(";")[0] for reason in ruling["reasons"]
    ]


def test_new_and_vanished_calls_are_counted() -> None:
    """What is in one of the two only is said, and not compared."""
    later = [*calls(20, set())[5:], triage(99, held_out="input", wrong="label")]
    ruling = compared(later, calls(20, set()))

    assert (1, 5, 15) == tuple(ruling["baseline"][key] for key in ("new", "vanished", "paired"))
    assert "not compared with the baseline: 1 new and 5 held-out calls gone" == ruling["notes"][1]


def test_only_the_judged_side_is_compared() -> None:
    """What the model lost on calls that it was trained on does not count against it."""
    seen = [triage(500 + n, held_out=False, wrong="label") for n in range(20)]
    before = [triage(500 + n, held_out=False) for n in range(20)]
    now = [*calls(20, set()), *seen]

    assert compared(now, [*calls(20, set()), *before])["passed"] is True
    assert compared(now, [*calls(20, set()), *before], gate_on="all")["passed"] is False


def test_a_missing_baseline_fails_unless_that_is_ok() -> None:
    """A file that is not there is no reason to pass."""
    report = sample(calls(20, set()))
    missing = judge(report, wants=Wants(baseline_path="base.json"))
    allowed = judge(report, wants=Wants(baseline_path="base.json", baseline_missing_ok=True))

    assert missing["passed"] is False
    assert "there is no baseline 'base.json'; write one" in missing["reasons"][0]
    assert allowed["passed"] is True
    assert ["there is no baseline 'base.json', so nothing is compared with it"] == allowed["notes"]


def test_tasks_are_tested_together() -> None:
    """The p values of tasks are adjusted for their number: what is just significant alone is not among three."""
    before = [*calls(40, set()), *[receipt(n, held_out="input", group=None) for n in range(40)]]
    lost = [receipt(n, held_out="input", group=None, wrong="total" if n < 5 else None) for n in range(40)]
    alone = compared(lost, before[40:], allowed_drop=1.0)
    among = compared([*calls(40, set()), *lost], before, allowed_drop=1.0)

    assert (False, True) == (alone["passed"], among["passed"])
    assert among["baseline"]["tasks"]["shop.receipts.parse_receipt"]["adjusted"] > 0.05


def test_a_task_that_fell_is_not_hidden() -> None:
    """Many calls of other tasks do not hide one that lost eight calls, or all of its few."""
    before = [*calls(900, set()), *[receipt(n, held_out="input", group=None) for n in range(20)]]
    for n, wrong in ((20, 8), (2, 2)):
        lost = [receipt(i, held_out="input", group=None, wrong="total" if i < wrong else None) for i in range(n)]
        ruling = compared([*calls(900, set()), *lost], before[: 900 + n])

        assert ruling["reasons"][-1].startswith("shop.receipts.parse_receipt fell from 100 %")


def test_repeats_count_by_their_share() -> None:
    """A call that agrees in one of two answers has lost half a call."""
    now = [repeated(one, "agree", "differ") if number < 2 else one for number, one in enumerate(calls(20, set()))]
    ruling = compared(now, calls(20, set()), allowed_drop=0.1)

    assert ruling["baseline"]["drop"] == pytest.approx(1 / 20)
    assert 0.25 == ruling["baseline"]["p"]


def test_too_little_data_says_so() -> None:
    """Three calls can show nothing, and the ruling says that."""
    ruling = compared(calls(3, set()), calls(3, set()))

    assert "3 held-out calls could have shown no drop beyond noise" in ruling["notes"][0]


def test_a_report_serves_as_a_baseline_like_what_is_promoted_of_it() -> None:
    """A whole report and the small file made of it give the same ruling."""
    before, now = sample(calls(76, {3})), sample(calls(76, {1, 2}))
    whole = judge(now, wants=Wants(baseline=before))

    assert whole == judge(now, wants=Wants(baseline=promoted(before)))
