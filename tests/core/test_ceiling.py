from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core.gate import judge
from pytest_distil.core.report import ReportJson
from pytest_distil.core.wants import Wants
from support.reports import sample, triage


def noisy(*, wrong: int, contradicts: int, of: int = 40) -> ReportJson:
    """Return a report of calls whose originals ran twice, some of them with another result."""
    calls = [
        triage(
            n,
            held_out="input",
            wrong="label" if n < wrong else None,
            again=("label",) if n >= of - contradicts else (),
        )
        for n in range(of)
    ]
    return sample(calls)


def ruling(report: ReportJson, **more: Any) -> dict[str, Any]:
    """Judge by the original's own noise."""
    return judge(report, wants=Wants(fail_under_noise=True, **more))


@pytest.mark.parametrize(
    ("wrong", "contradicts", "passed"), [(0, 0, True), (0, 10, True), (10, 10, True), (11, 10, False), (1, 0, False)]
)
def test_the_original_is_the_measure(wrong: int, contradicts: int, *, passed: bool) -> None:
    """A model passes that agrees with the original as often as the original with itself."""
    assert passed is ruling(noisy(wrong=wrong, contradicts=contradicts), allowed_drop=0.0)["passed"]


def test_the_allowed_drop() -> None:
    """A model that is as good as the original falls short in half of all runs, so some points are allowed."""
    found = ruling(noisy(wrong=8, contradicts=7), allowed_drop=0.05)

    assert found["passed"]
    assert 0.775 == pytest.approx(found["threshold"])
    assert (
        "the original agrees with itself on 82.5 % of the judged calls that it ran twice for, so 77.5 % is asked for"
        in found["notes"]
    )


def test_the_higher_threshold_counts() -> None:
    """A threshold of its own is not lowered by noise."""
    assert not ruling(noisy(wrong=4, contradicts=20), fail_under=0.95)["passed"]


def test_nothing_ran_twice() -> None:
    """Without a second run there is nothing to judge by, and the gate fails closed."""
    found = ruling(sample([triage(n, held_out="input") for n in range(9)]))

    assert found["passed"] is False
    assert any("ran twice, so --distil-fail-under-noise has nothing to judge by" in one for one in found["reasons"])


def test_nothing_else_changes() -> None:
    """Where noise is not gated on, it is only shown."""
    report = noisy(wrong=4, contradicts=2)

    assert judge(report, wants=Wants())["passed"] is None
    assert judge(report, wants=Wants(fail_under=0.9))["passed"]
