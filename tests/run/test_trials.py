"""From what tests called, what a session holds and what the model answered to trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from pytest_distil.core.call import Example
from pytest_distil.core.trial import CHANGED, CONTRADICTS, STALE, UNREACHED, Trial
from pytest_distil.mark.errors import InvalidAnswer
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.sightings import Key, Sightings
from pytest_distil.run.trials import LOST, Trials
from support.calls import NO_RULES, Model, called, double, events, example, recorded, row, settings, task


def trials(
    sightings: Sightings, *held: Example, ran: Iterable[str] | None = None, unfit: Iterable[str] = ()
) -> dict[int, Trial]:
    """Return the trials of a run by the number that was doubled; every recorded call is expected."""
    session = recorded(*held) if held else None
    expected: set[Key] = {(one.task, one.fingerprint) for one in held}
    judging = Trials(sightings, session, NO_RULES, ran=None if ran is None else set(ran), unfit=set(unfit))
    for name, brief in (session.manifest.briefs() if session else {}).items():
        sightings.briefs.setdefault(name, brief)
    return {one.arguments["n"]: one for one in judging.of(expected) if one.arguments}


def seen(*attempts: tuple[str, Callable[[], Any]], model: Model | None = None, vouched: bool = True) -> Sightings:
    """Return what the session's side has seen of attempts: test and what it calls."""
    evaluator = Evaluator(settings(), model or Model(), None)
    sightings = Sightings()
    for test, call in attempts:
        _, payload = called(evaluator, test, call)
        [event] = events([payload], vouched=vouched)
        sightings.take_rest(event)
        sightings.take(event)
    return sightings


def asked(sightings: Sightings, *held: Example, model: Model | None = None) -> Sightings:
    """Let recorded calls be asked about too, as asking ahead does."""
    evaluator = Evaluator(settings(), model or Model(), None)
    for one in held:
        evaluator.ask(task(one.task), row(one)[1])
        evaluator.owe(task(one.task), row(one))
    sightings.take_rest({**evaluator.rest(wait=True), "deselected": 0})
    return sightings


@pytest.mark.parametrize(
    ("answer", "verdict"), [(2, "agree"), (3, "differ"), ("two", "invalid")], ids=["right", "wrong", "invalid"]
)
def test_a_call(answer: Any, verdict: str) -> None:
    """A call of a test that vouches is judged by what the original gave."""

    def call() -> None:
        with suppress(InvalidAnswer):
            double(1)

    found = trials(seen(("t", call), model=Model(lambda _: answer)))[1]

    assert (verdict, None, ("t",)) == (found.verdict, found.apart, found.tests)
    assert 2 == found.original


def test_calls_that_no_session_holds() -> None:
    """Where there is a session, a call that it does not hold is judged apart."""
    held = example(1, "t")
    found = trials(seen(("t", lambda: (double(1), double(2)))), held)

    assert [None, "unrecorded"] == [found[n].apart for n in (1, 2)]


def test_recorded_calls_that_were_not_made() -> None:
    """A recorded call of a test that ran is judged by its recorded result, though the test did not reach it."""
    held = [example(1, "t"), example(2, "t")]
    found = trials(asked(seen(("t", lambda: double(1))), *held), *held, ran={"t"})

    assert ["agree", "agree"] == [found[n].verdict for n in (1, 2)]
    assert ("t",) == found[2].tests


@pytest.mark.parametrize(
    ("tests", "unfit", "verdict"),
    [(("t",), {"t"}, "unscored"), (("t", "u"), {"t"}, "agree"), (("t",), set(), "agree")],
    ids=["by a test that fails", "by another too", "by a test that does not"],
)
def test_tests_that_fail_on_their_own(tests: tuple[str, ...], unfit: set[str], verdict: str) -> None:
    """What only tests call that fail with the original's values is not scored, recorded or not."""
    held = example(2, *tests)
    found = trials(asked(seen(("t", lambda: double(1)), vouched=False), held), held, ran=tests, unfit=unfit)

    assert verdict == found[2].verdict
    assert "unscored" == found[1].verdict
    assert "the test did not pass" == found[1].reason


def test_today_before_recorded() -> None:
    """What the original gives today counts, not what it gave when it was recorded."""
    held = example(1, "t", result=7)
    found = trials(seen(("t", lambda: double(1))), held)

    assert (2, "agree") == (found[1].original, found[1].verdict)


def test_results_after_a_wrong_value() -> None:
    """What an original gave after its test received a wrong value counts only where nothing is recorded."""
    model = Model(lambda given: 2 * given["n"] + (given["n"] == 1))
    held = example(2, "t", result=9)
    sightings = seen(("t", lambda: [double(n) for n in (1, 2, 3)]), model=model)
    found = trials(asked(sightings, held, model=model), held)

    assert (9, "differ") == (found[2].original, found[2].verdict)
    assert (6, "agree") == (found[3].original, found[3].verdict)


def test_calls_whose_original_raised() -> None:
    """A call whose original raised is not scored, and says why."""

    def call() -> None:
        with pytest.raises(ValueError, match="-1"):
            double(-1)

    found = trials(seen(("t", call)))[-1]

    assert ("unscored", "the original raised") == (found.verdict, found.reason)


def test_reasons_for_not_scoring() -> None:
    """What has no judgement is told apart: contradictions, lost answers, calls out of reach, out of date, changed."""
    two = seen(("t", lambda: double(1)))
    two.calls[next(iter(two.calls))].originals["3"] = 3
    lost = seen(("t", lambda: double(2)))
    lost.judgements.clear()
    stale, changed = example(4, "t", result="four"), example(5, "t", m=1)

    assert CONTRADICTS == trials(two)[1].reason
    assert ("failed", LOST) == (trials(lost)[2].verdict, trials(lost)[2].reason)
    assert UNREACHED == trials(Sightings(), example(3, "t"))[3].reason
    assert STALE == trials(asked(Sightings(), stale), stale)[4].reason
    assert CHANGED == trials(Sightings(), changed)[5].reason


def test_wide_fixtures() -> None:
    """A call of a wide fixture is of no test, and judged apart unless a test makes it too."""
    evaluator = Evaluator(settings(), Model(), None)
    sightings = Sightings()
    for test, n, wide in (("t", 1, True), ("u", 2, True), ("v", 2, False)):
        _, payload = called(evaluator, test, partial(double, n), wide=wide)
        [event] = events([payload])
        sightings.take_rest(event)
        sightings.take(event)
    found = trials(sightings)

    assert ("fixture", ()) == (found[1].apart, found[1].tests)
    assert (None, ("v",)) == (found[2].apart, found[2].tests)


def test_memory() -> None:
    """Held-out calls are also answered by the three ways to remember the training examples."""
    held = [example(n, "t") for n in range(5)]
    out = type(held[0])(**{**{k: getattr(held[0], k) for k in held[0].__dataclass_fields__}, "held_out": "input"})
    every = [out, *held[1:]]
    judging = Trials(asked(Sightings(), *every), recorded(*every), NO_RULES)
    judging._sightings.briefs.update(recorded(*every).manifest.briefs())
    found = judging.with_memory(list(judging.of({(one.task, one.fingerprint) for one in every})))
    [memory] = [one.memory for one in found if one.memory]

    assert {"lookup": "invalid", "nearest": "differ", "majority": "differ"} == memory
