from dataclasses import replace
from typing import Any

import pytest

from pytest_distil.core.call import NOT_PASSED
from pytest_distil.core.evidence import Outcome, Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.merging import merge
from pytest_distil.core.report import ReportJson, comparable
from pytest_distil.core.trial import CONTRADICTS, Trial
from pytest_distil.core.wants import Wants
from pytest_distil.mark.errors import DataError
from support.reports import facts, outcomes, receipts, sample, triage, trials


def shard(own: list[Trial], suite: int, **more: Any) -> ReportJson:
    """Return the report of a shard that ran the tests of some trials, of a suite of so many tests."""
    selection = Selection(partial=True, deselected=suite - len(own))
    return sample(own, **{"selection": selection, "tests": outcomes(own), "left_out": {}, **more})


def shown(report: ReportJson) -> ReportJson:
    """Return what is comparable of a report, without what each shard costs anew."""
    once = [{**task, "usage": None} for task in comparable(report)["tasks"]]
    return comparable(report) | {"tasks": once, "usage": None}


def test_shards_make_the_report_of_one_run() -> None:
    """The merged report of disjoint shards is the report of the run in one piece, and its ruling the same."""
    every = [*trials(), *receipts()]
    tasks = [facts(name) for name in ("shop.mail.triage", "shop.receipts.parse_receipt")]
    whole = sample(every, tests=[one for part in (every[::2], every[1::2]) for one in outcomes(part)], left_out={})
    merged = merge([shard(every[::2], len(every), tasks=tasks), shard(every[1::2], len(every), tasks=tasks)])

    assert shown(whole) == shown(merged)
    assert judge(whole, wants=Wants(fail_under=0.9)) == judge(merged, wants=Wants(fail_under=0.9))
    assert 2 * whole["usage"]["requests"] == merged["usage"]["requests"]


def test_missing_shards_leave_a_part() -> None:
    """Shards whose tests do not add up to the suite are a part of it, unless somebody says otherwise."""
    every = trials()
    parts = [shard(every[:80], 200), shard(every[80:120], 200)]

    assert (True, 80) == tuple(merge(parts)["selection"][key] for key in ("partial", "deselected"))
    assert merge(parts, whole=True)["selection"]["partial"] is False


def test_shards_by_path_do_not_add_up() -> None:
    """Of shards that were given paths nobody knows what a whole run holds."""
    every = trials()
    for cut in (80, len(every) // 2):
        parts = [sample(each, selection=Selection(partial=True)) for each in (every[:cut], every[cut:])]

        assert merge(parts)["selection"]["partial"] is True


def test_the_worse_verdict_counts() -> None:
    """A call that two shards judged differently does not pass because the better answer was taken."""
    merged = merge([sample([triage(5)]), sample([triage(5, wrong="label", tests=("b.py::b",), pinned=True)])])
    (trial,) = merged["trials"]

    assert ("differ", True) == (trial["verdict"], trial["pinned"])
    assert ["b.py::b", "tests/test_mail.py::test_triage[case5]"] == trial["tests"]


def test_two_originals_are_unscored() -> None:
    """A call with another original result in each shard is not scored."""
    merged = merge([sample([triage(5)]), sample([triage(5, original={"label": "other"})])])

    assert {CONTRADICTS: 1} == merged["tasks"][0]["reasons"]["unscored"]
    assert 1 == merged["held_out"]["unscored"]


def test_a_shard_that_does_not_vouch_hides_nothing() -> None:
    """What one shard could not score is judged by the other; what contradicts itself is judged by none."""
    unscored, wrong = triage(5, wrong="unscored", reason=NOT_PASSED), triage(5, wrong="label")
    parts = [sample([unscored]), sample([wrong])]

    for shards in (parts, parts[::-1]):
        assert "differ" == merge(shards)["trials"][0]["verdict"]
    assert {CONTRADICTS: 1} == merge([sample([replace(unscored, reason=CONTRADICTS)]), sample([wrong])])["tasks"][0][
        "reasons"
    ]["unscored"]


def test_what_shards_share_is_expected_once() -> None:
    """A call that the session holds of tests of two shards is not missing; what one shard misses still is."""
    shared, own = triage(5), triage(6)
    parts = [
        sample([shared], selection=Selection(expected=1)),
        sample([shared, own], selection=Selection(expected=2)),
    ]
    lacking = sample([shared], selection=Selection(expected=3))

    assert 2 == merge(parts)["selection"]["expected"]
    assert 4 == merge([*parts, lacking])["selection"]["expected"]


def test_held_out_wins_and_so_does_what_is_judged() -> None:
    """A call is held out if any shard holds it out, and judged if any shard judges it."""
    merged = merge([sample([triage(1)]), sample([triage(1, held_out="pattern", apart="fixture")])])
    (trial,) = merged["trials"]

    assert ("pattern", None) == (trial["held_out"], trial["apart"])


def test_other_blocks_add_up() -> None:
    """What was left out, hints, tests and values are those of all shards."""
    parts = [sample(left_out={"a": 1, "b": 2}), sample(left_out={"b": 1}, tests=[Outcome(test="x", ending="failed")])]
    merged = merge(parts)

    assert {"a": 1, "b": 3} == merged["left_out"]
    assert [(2, 2)] == [(one["vanish"], one["differ"]) for one in merged["hints"]]
    assert 1 == merged["tests"]["failed"]
    assert "x" in [one["test"] for one in merged["tests"]["listed"]]
    cells = [[sum(cell["seen"] for cell in report["tasks"][0]["values"]) for report in (parts[0], merged)]]
    assert [[cells[0][0], 2 * cells[0][0]]] == cells


@pytest.mark.parametrize(("key", "value"), [("model", "other"), ("brief", {"schema": "other"})])
def test_what_does_not_belong_together_is_refused(key: str, value: object) -> None:
    """Reports of two models, or of two commits, are not merged."""
    other = sample([triage(2)], tasks=[facts("shop.mail.triage", **{key: value})])

    with pytest.raises(DataError, match=f"differ in its {key}"):
        merge([sample([triage(1)]), other])


def test_an_interrupted_shard_interrupts_all() -> None:
    """What is missing of one shard is missing of all."""
    merged = merge([sample(), sample(selection=Selection(interrupted=True, crashed=1))])

    assert (True, 1) == (merged["selection"]["interrupted"], merged["selection"]["crashed"])
