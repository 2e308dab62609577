import json
import random
from fractions import Fraction
from typing import Any

import pytest

from pytest_distil.core.evidence import Outcome, Traffic
from pytest_distil.core.prompt import Answer, Usage
from pytest_distil.core.report import Tally, build, comparable, counts, fields
from pytest_distil.core.trial import Difference, Ignored, Trial
from support.reports import facts, outcomes, receipt, receipts, repeated, sample, triage, trials


def test_tallies_add_up() -> None:
    """`sum` works on tallies, from 0, and what is counted is what was there."""
    parts = [Tally(agree=2, differ=1), Tally(invalid=1, failed=1, unscored=4)]
    total = sum(parts)

    assert Tally(agree=2, differ=1, invalid=1, failed=1, unscored=4) == total
    assert 5 == sum(parts, Tally()).compared
    assert 2 / 5 == sum(parts, Tally()).agreement


def test_nothing_compared_has_no_agreement() -> None:
    """Where nothing was compared, agreement is None, and neither 0 nor 1."""
    assert Tally(unscored=3).agreement is None
    assert counts([])["agreement"] is None
    assert counts([])["interval"] is None


def test_repeats_count_by_their_mean() -> None:
    """Agreement is the mean over repeats; the verdict counted is that of the first answer, as production asks once."""
    listed = [repeated(triage(1), "agree", "differ", "agree"), repeated(triage(2), "differ", "agree", "differ")]
    found = counts(listed)

    assert (1, 1) == (found["agree"], found["differ"])
    assert found["agreement"] == pytest.approx(0.5)
    assert Fraction(-1, 3) == Tally.of(listed[0]).shift


def test_sides_add_up() -> None:
    """Held out is new inputs and new patterns, the total is held out and seen."""
    report = sample()

    for name in ("agree", "differ", "invalid", "failed", "unscored"):
        assert report["totals"][name] == report["held_out"][name] + report["seen"][name]
        assert report["held_out"][name] == report["new_inputs"][name] + report["new_patterns"][name]
        assert report["totals"][name] == sum(task["totals"][name] for task in report["tasks"])
    assert 260 == report["totals"]["agree"] + 9


def test_what_is_scored_apart_is_in_no_other_count() -> None:
    """Unrecorded calls and those of wide fixtures are counted, and are in no rate that can be gated."""
    listed = [triage(1), triage(5, wrong="label", apart="unrecorded"), triage(10, wrong="label", apart="fixture")]
    report = sample(listed)

    assert (1, 0) == (report["totals"]["agree"], report["totals"]["differ"])
    assert 1 == report["unrecorded"]["differ"]
    assert 1 == report["fixtures"]["differ"]
    assert 0 == report["held_out"]["clusters"]


def test_order_does_not_matter() -> None:
    """A report is the same, byte for byte, in whatever order workers hand their parts in."""
    listed, tests = [*trials(), *receipts()], outcomes(trials())
    tasks = [facts("shop.mail.triage"), facts("shop.receipts.parse_receipt")]
    shuffled = random.Random(4)  # noqa: S311 - any order will do
    written = set()
    for _ in range(3):
        for each in (listed, tests, tasks):
            shuffled.shuffle(each)
        report = build(trials=listed, tests=tests, tasks=tasks, settings={}, started="now", seconds=1.0)
        written.add(json.dumps(report))

    assert 1 == len(written)


def test_every_key_of_the_design_is_there() -> None:
    """The names that other programs read are those that DESIGN.md gives."""
    report = sample()
    head = ["v", "model", "served_model", "started", "seconds", "settings", "session", "selection"]
    sides = ["totals", "held_out", "new_inputs", "new_patterns", "seen", "unrecorded"]
    rest = ["tasks", "tests", "usage", "left_out", "memory", "ruling", "trials"]

    assert {*head, *sides, *rest} <= report.keys()
    assert {"passed", "disagreed", "failed", "errors", "skipped"} <= report["tests"].keys()
    assert {"same_pass", "different_pass", "different_fail"} <= report["tests"].keys()
    assert {"task", "dataset", "brief", "source_digest", "totals", "held_out", "seen", "fields", "usage"} <= (
        report["tasks"][0].keys()
    )
    assert {"agree", "differ", "invalid", "failed", "unscored", "agreement", "interval"} <= report["totals"].keys()
    assert {"lookup", "nearest", "majority"} == report["memory"].keys()


def test_memory_is_counted_on_the_held_out_calls() -> None:
    """The memory models stand on the same held-out calls as the model, whatever the model's verdicts are."""
    report = sample()
    compared = {name: report["held_out"][name] for name in ("agree", "differ", "invalid", "failed")}

    for each in report["memory"].values():
        assert sum(compared.values()) == each["agree"] + each["differ"]
    assert 0 < report["memory"]["nearest"]["agreement"] < 1
    assert sample([triage(1)])["memory"] is None


def test_fields_count_calls() -> None:
    """A field's numbers are calls: two wrong prices in one receipt are one call with a wrong price."""
    twice = (Difference("items[0].price", "value"), Difference("items[1].price", "value"))
    listed = [receipt(2, wrong="total", differences=twice), receipt(4), receipt(5, wrong="invalid")]
    found = {one["path"]: one for one in fields(listed)}

    assert {"path": "items[*].price", "compared": 2, "differ": 1, "ignored": 0, "missing": 1} == found["items[*].price"]
    assert 0 == found["total"]["differ"]


def test_a_wrong_whole_is_wrong_in_its_parts() -> None:
    """A list that is too long differs in its items and all that they hold; calls that agree are compared in it too."""
    longer = (Difference("items[2]", "added"),)
    found = {one["path"]: one for one in fields([receipt(1, wrong="total", differences=longer), receipt(2)])}

    assert (2, 1) == (found["items[*]"]["compared"], found["items[*]"]["differ"])
    assert (2, 1) == (found["items[*].price"]["compared"], found["items[*].price"]["differ"])
    assert 0 == found["shop"]["differ"]


def test_ignored_differences_are_counted_apart() -> None:
    """A difference that a rule ignores is no difference, and is not forgotten."""
    found = {one["path"]: one for one in fields([triage(1, ignored=(Ignored("order", "free text"),))])}

    assert {"path": "order", "compared": 1, "differ": 0, "ignored": 1, "missing": 0} == found["order"]


def test_reasons_are_counted_most_frequent_first() -> None:
    """Invalid, failed and unscored trials are counted by their reason."""
    listed = [triage(n, wrong="invalid", reason="no JSON" if n % 3 else "truncated") for n in range(5)]

    assert {"no JSON": 3, "truncated": 2} == sample(listed)["tasks"][0]["reasons"]["invalid"]
    assert ["no JSON", "truncated"] == list(sample(listed)["tasks"][0]["reasons"]["invalid"])


def test_tests_are_counted_by_how_they_ended_and_what_they_got() -> None:
    """The cells say what tests notice: a value that differs passes or fails them."""
    ended = [
        Outcome(test="a", ending="passed", different=False),
        Outcome(test="b", ending="passed", different=True),
        Outcome(test="c", ending="disagreed", different=True),
        Outcome(test="d", ending="failed"),
        Outcome(test="e", ending="passed"),
        Outcome(test="f", ending="passed", different=False, must_pass=True),
        Outcome(test="g", ending="error"),
        Outcome(test="h", ending="skipped"),
    ]
    found = sample([triage(1)], tests=ended)["tests"]
    listed = found.pop("listed")
    endings = {"passed": 4, "disagreed": 1, "failed": 1, "errors": 1, "skipped": 1}

    assert endings | {"same_pass": 2, "different_pass": 1, "different_fail": 1} == found
    assert ["c", "d", "f", "g"] == [one["test"] for one in listed]


def test_usage_adds_up() -> None:
    """What a run has cost is what its tasks have cost, and answers fetched for nothing beside it."""
    spent = [Traffic.of(Answer(requests=2, retries=1, waited_seconds=0.5, usage=Usage(10, 0, 5, 0)))] * 2
    tasks = [facts("a", usage=sum(spent, Traffic())), facts("b", usage=Traffic(stored=1))]
    usage = build(trials=(), tests=(), tasks=tasks, settings={}, started="", seconds=0.0, unused=3)["usage"]

    assert (4, 1, 2, 1.0, 20, 10, 3) == tuple(
        usage[name]
        for name in ("requests", "stored", "retries", "waited_seconds", "prompt_tokens", "completion_tokens", "unused")
    )


def test_comparable_forgets_how_answers_came() -> None:
    """Two runs that differ in times, settings, retries and stored answers only are the same report."""
    calm = sample()
    slow: list[Trial] = [Trial.from_json({**one, "seconds": 9.0}) for one in calm["trials"]]
    tasks = [facts(task, usage=Traffic(900, 0, 700, 60.0, Usage(41_200, 10_240, 5_130, 0))) for task in _tasks(calm)]
    stormy = sample(slow, tasks=tasks, started="later", seconds=99.0, settings={"x": 1}, tests=outcomes(slow))
    stormy = {**stormy, "hints": calm["hints"]}
    for task, other in zip(stormy["tasks"], calm["tasks"], strict=True):
        task["values"] = other["values"]

    assert calm != stormy
    assert comparable(calm) == comparable(stormy)


def test_comparable_sees_a_verdict() -> None:
    """One verdict that is another makes another report."""
    assert comparable(sample([triage(1)])) != comparable(sample([triage(1, wrong="label")]))


def _tasks(report: dict[str, Any]) -> list[str]:
    return [one["task"] for one in report["tasks"]]
