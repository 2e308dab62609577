import json
from typing import Any

import pytest

from pytest_distil.core.evidence import Selection
from pytest_distil.core.promotion import earlier, promoted, refusals, worse
from support.reports import repeated, sample, triage, trials


def test_small_and_sorted() -> None:
    """A baseline file holds one short line a call, in an order that does not depend on the run, and no values."""
    report = sample()
    text = json.dumps(promoted(report), indent=1)
    lines = [line for line in text.splitlines() if line.startswith('   "')]

    assert 260 == len(lines)
    assert all(len(line) < 120 for line in lines)
    assert "A-100" not in text
    assert list(promoted(report)["calls"]["shop.mail.triage"]) == sorted(promoted(report)["calls"]["shop.mail.triage"])


def test_survives_a_file() -> None:
    """What a baseline file knows of each call is what the report knows."""
    report = sample([triage(5), triage(1, wrong="label"), triage(20), repeated(triage(2), "agree", "differ", "agree")])

    assert earlier(report) == earlier(json.loads(json.dumps(promoted(report))))


def test_values_only_when_asked() -> None:
    """Answers stand in a baseline only where that is asked for, and then only those that did not agree."""
    kept = promoted(sample(trials(40)), values=True)["trials"]

    assert {"differ"} == {one["verdict"] for one in kept}
    assert "trials" not in promoted(sample(trials(40)))


@pytest.mark.parametrize(
    "selection",
    [Selection(partial=True), Selection(interrupted=True), Selection(crashed=1), Selection(sample=0.5)],
)
def test_only_whole_runs_are_promoted(selection: Selection) -> None:
    """A part of a run never becomes what later runs are measured by."""
    assert ["the run was not whole (interrupted, partial, crashed or a sample); promote a whole one"] == list(
        refusals(sample(selection=selection))
    )
    assert [] == list(refusals(sample()))


def test_broken_runs_are_not_promoted() -> None:
    """A run with failed answers never becomes a baseline."""
    report = sample([triage(n, wrong="failed" if n < 5 else None) for n in range(50)])

    assert "5 of 50 answers failed" in next(refusals(report))


@pytest.mark.parametrize(
    ("now", "before", "lower"), [({}, {1: "label"}, False), ({1: "label"}, {}, True), ({}, {}, False)]
)
def test_lowering_is_noticed(now: dict[int, str], before: dict[int, str], *, lower: bool) -> None:
    """A report that has more wrong on the common calls would lower the baseline."""
    sentence = worse(sample(trials(40, wrong=now)), previous=promoted(sample(trials(40, wrong=before))))

    assert lower is (sentence is not None)


def test_replacing_all_calls_is_lowering() -> None:
    """A baseline cannot be got rid of by promoting a report that shares no call with it."""
    assert "shares no call" in (worse(sample([triage(1)]), previous=promoted(sample([triage(2)]))) or "")


def test_a_reason_stays() -> None:
    """Why a worse baseline was accepted stays in the file, through later promotions."""
    first = promoted(sample(), accepted="smaller model, half the price")
    second: dict[str, Any] = promoted(sample(), previous=first)
    third = promoted(sample(), previous=second, accepted="another")

    assert ["smaller model, half the price"] == [one["reason"] for one in second["accepted"]]
    assert ["smaller model, half the price", "another"] == [one["reason"] for one in third["accepted"]]
