"""From what tests sent to a report and a ruling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_distil.core.call import Example
from pytest_distil.core.evidence import Ending, Outcome, Selection
from pytest_distil.core.prompt import Answer
from pytest_distil.core.report import ReportJson
from pytest_distil.run.evaluation import Evaluation
from pytest_distil.run.evaluator import Evaluator
from support.calls import Model, called, double, events, example, outer, recorded, row, settings, task

Attempted = tuple[str, bool, Callable[[], Any]]
"""The test, whether it vouches, and what it calls."""


def report(
    *attempts: Attempted,
    model: Model | None = None,
    held: tuple[Example, ...] = (),
    endings: dict[str, Ending] | None = None,
    workers: tuple[str, ...] = ("",),
    selection: Selection | None = None,
    **more: Any,
) -> ReportJson:
    """Return the report of a run of these attempts; what is recorded is asked about too."""
    session, given = recorded(*held) if held else None, settings(**more)
    evaluation = Evaluation(given, session)
    evaluator = Evaluator(given, model or Model(), session)
    for place, (test, vouched, call) in enumerate(attempts):
        _, payload = called(evaluator, test, call)
        [event] = events([payload], vouched=vouched)
        evaluation.take({**event, "worker": workers[place % len(workers)]})
    for one in held:
        evaluator.ask(task(one.task), row(one)[1])
        evaluator.owe(task(one.task), row(one))
    evaluation.sightings.take_rest(evaluator.rest(wait=True))
    known = endings or {test: "passed" if vouched else "failed" for test, vouched, _ in attempts}
    outcomes = [Outcome(test=test, ending=ending) for test, ending in known.items()]
    return evaluation.report(outcomes, selection or Selection())


def counted(block: dict[str, Any]) -> dict[str, int]:
    """Return the verdicts that were counted."""
    return {name: block[name] for name in ("agree", "differ", "invalid", "failed", "unscored") if block[name]}


def test_a_run() -> None:
    """A report counts distinct calls, names tests and tasks, and is ruled on."""
    model = Model(lambda given: 2 * given["n"] + (given["n"] == 3))
    found = report(
        ("a", True, lambda: [double(n) for n in (1, 2, 2)]), ("b", True, lambda: (double(3), double(1))), model=model
    )

    assert {"agree": 2, "differ": 1} == counted(found["totals"])
    assert ["calls.double"] == [one["task"] for one in found["tasks"]]
    assert ("m", "m", None) == (found["model"], found["served_model"], found["session"])
    assert 2 == found["tests"]["passed"]
    assert found["ruling"]["passed"] is None
    assert "baseline" in found["ruling"]


def test_a_rerun() -> None:
    """The last attempt of a test counts, and takes the place of the one before it."""
    found = report(("a", True, lambda: double(1)), ("a", True, lambda: double(2)), endings={"a": "passed"})

    assert {"agree": 1, "unscored": 1} == counted(found["totals"])


def test_two_workers() -> None:
    """Attempts on two workers that run at the same time do not take each other's place."""
    attempts: list[Attempted] = [("a", True, lambda: double(1)), ("b", True, lambda: double(2))] * 2
    found = report(*attempts, workers=("gw0", "gw1"))

    assert {"agree": 2} == counted(found["totals"])


def test_what_is_expected() -> None:
    """What the session holds of the tests that ran is expected: not of skipped ones, nor of those that did not run."""
    held = (example(1, "ran"), example(2, "skipped"), example(3, "elsewhere"), example(4, "ran", "skipped"))
    found = report(
        ("ran", True, lambda: double(1)), held=held, endings={"ran": "passed", "skipped": "skipped"}, gate_on="all"
    )

    assert 2 == found["selection"]["expected"]
    assert {"agree": 2} == counted(found["totals"])
    assert 3 == found["usage"]["unused"]
    assert ["ran"] == found["trials"][0]["tests"]


def test_a_test_that_took_its_worker_with_it() -> None:
    """What a test was to call that was killed is judged from the session; what failed on its own is not scored."""
    held = (example(1, "killed"), example(2, "failed"))
    found = report(("failed", False, lambda: double(5)), held=held, endings={"killed": "error", "failed": "failed"})

    assert {"agree": 1, "unscored": 1} == counted(found["totals"])
    assert {"unscored": 1} == counted(found["unrecorded"])


def test_models_and_results_of_tasks() -> None:
    """Each task names its model, and the recorded original where its result was not today's."""
    held = (example(1, "t"), example(1, "t", name="calls.outer"))
    found = report(
        ("t", True, lambda: (double(1), outer(1))),
        held=held,
        models={"double": "one", "": "other"},
        original="recorded",
    )

    assert {"calls.double": "one", "calls.outer": "other"} == {one["task"]: one["model"] for one in found["tasks"]}
    assert all(one["recorded_source_digest"] == one["source_digest"] for one in found["tasks"])
    assert all(
        one["recorded_source_digest"] is None for one in report(("t", True, lambda: double(1)), held=held[:1])["tasks"]
    )


def test_tasks_without_a_model() -> None:
    """What no model is asked about is in no report, recorded or not."""
    held = (example(1, "t"), example(1, "t", name="calls.outer"))
    found = report(("t", True, lambda: (double(1), outer(1))), held=held, models={"outer": "one"})

    assert ["calls.outer"] == [one["task"] for one in found["trials"]]
    assert 1 == found["selection"]["expected"]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_sample(share: float) -> None:
    """Only calls of the sample are in the report."""
    held = tuple(example(n, "t") for n in range(40))
    found = report(("t", True, lambda: [double(n) for n in range(40)]), held=held, sample=share)

    assert found["selection"]["expected"] == len(found["trials"]) == sum(counted(found["totals"]).values())
    assert (share == 0) == (not found["trials"])
    assert (share == 1) == (len(found["trials"]) == 40)


def test_an_interrupted_run() -> None:
    """An interrupted run is reported and not judged."""
    found = report(("a", True, lambda: double(1)), selection=Selection(interrupted=True), fail_under=0.9, gate_on="all")

    assert {"agree": 1} == counted(found["totals"])
    assert found["ruling"]["passed"] is None


def test_answers_that_an_interrupted_run_did_not_wait_for() -> None:
    """What had no answer when a run was interrupted says nothing of the model; what failed before that does."""
    reasons = ["the run was interrupted", "the run stopped before its end", "status 400: no"]
    model = Model(lambda given: Answer(failed=reasons[given["n"]]) if given["n"] < 3 else 2 * given["n"])
    found = report(
        ("a", True, lambda: [double(n) for n in range(4)]), model=model, selection=Selection(interrupted=True)
    )

    assert {"agree": 1, "failed": 1, "unscored": 2} == counted(found["totals"])
