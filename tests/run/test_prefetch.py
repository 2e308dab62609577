"""Asking ahead: in the order of the tests, a window before the one that runs."""

from __future__ import annotations

import pytest

from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.prefetch import Prefetch
from support.calls import Model, example, recorded, settings

TESTS = [f"test_{n}" for n in range(10)]


def prefetch(model: Model, ahead: int, **tests: str) -> tuple[Prefetch, Evaluator]:
    """Return what asks ahead about one call a test."""
    session = recorded(*(example(n, test) for n, test in enumerate(TESTS)))
    evaluator = Evaluator(settings(), model, session)
    return Prefetch(evaluator, session.of_tests(TESTS), TESTS, ahead=ahead), evaluator


@pytest.mark.parametrize("ahead", [1, 3, 8, 100])
def test_a_window_ahead(ahead: int) -> None:
    """Before the first test a window is asked about, then the tests up to the one that runs and a window more."""
    model = Model()
    asking, _ = prefetch(model, ahead)
    asking.advance(None)
    before = list(model.numbers)
    asking.advance("test_4")

    assert list(range(min(ahead, 10))) == before
    assert list(range(min(5 + ahead, 10))) == model.numbers
    assert all(prefetched for *_, prefetched in model.asked)


def test_tests_in_another_order() -> None:
    """A test that runs out of order asks nothing twice, nor does one that is unknown."""
    model = Model()
    asking, _ = prefetch(model, 2)
    for test in ("test_7", "test_1", "test_unknown"):
        asking.advance(test)

    assert list(range(10)) == sorted(model.numbers)


def test_the_end() -> None:
    """At the end the rest is asked about, and a judgement is owed on every recorded call."""
    model = Model()
    asking, evaluator = prefetch(model, 1)
    asking.advance(None)
    asking.finish()
    asking.finish()

    assert list(range(10)) == model.numbers
    assert 10 == len(evaluator.judgements(wait=True))


def test_calls_that_cannot_be_made() -> None:
    """A call whose parameters are not today's is not asked about, nor is one of a task that is not there."""
    model = Model()
    other = example(1, "test_0")
    gone = type(other)(**{**{name: getattr(other, name) for name in other.__dataclass_fields__}, "task": "gone"})
    session = recorded(example(1, "test_0", m=2))
    asking = Prefetch(Evaluator(settings(), model, session), [*session.of_tests(TESTS), gone], TESTS, ahead=10)
    asking.advance(None)
    asking.finish()

    assert [] == model.numbers
