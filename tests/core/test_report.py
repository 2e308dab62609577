import json
import random
from typing import Any

from pytest_distil.core.evidence import Traffic
from pytest_distil.core.prompt import Answer, Usage
from pytest_distil.core.report import build, comparable
from pytest_distil.core.trial import Trial
from support.reports import facts, outcomes, receipts, sample, triage, trials


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
