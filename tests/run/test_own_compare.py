from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core.trial import Difference, Ignored
from pytest_distil.run.compare import Comparison
from pytest_distil.run.own_compare import Comparer, Comparing, Incomparable

ORIGINAL = {"a": 1, "b": "x"}
RULES = {"b": {"kind": "ignored", "reason": "free text"}}


def compared(own: Comparer | None, model: Any, *, equal: bool | None = None) -> Comparison:
    """Compare a model's value with the original's."""
    return Comparing(own).compare("task", {}, (ORIGINAL, model), RULES, equal=equal)


@pytest.mark.parametrize("own", [None, lambda *_: None], ids=["nobody", "no opinion"])
def test_the_rules_decide(own: Comparer | None) -> None:
    """Where the suite says nothing."""
    assert not compared(own, {"a": 2, "b": "x"}).agree
    assert compared(own, {"a": 1, "b": "y"}).agree


def test_what_the_suite_accepts_is_not_counted() -> None:
    """It is listed as ignored, beside what a rule ignores."""
    found = compared(lambda *_: True, {"a": 2, "b": "y"})

    assert found.agree
    assert () == found.differences
    assert {Ignored("a", "pytest_distil_compare accepts it"), Ignored("b", "free text")} == set(found.ignored)


@pytest.mark.parametrize("equal", [None, True])
def test_what_the_suite_refuses_differs(equal: bool | None) -> None:  # noqa: FBT001 - a verdict
    """Although a rule accepts it, or its decoded value is equal."""
    model = {"a": 1, "b": "y"}
    found = compared(lambda *_: False, model, equal=equal)

    assert not found.agree
    assert (Difference("$", "value", ORIGINAL, model),) == found.differences


def test_the_same_value_agrees() -> None:
    """Nobody is asked about it."""

    def own(*_: object) -> bool:
        raise AssertionError("asked")

    assert compared(own, dict(ORIGINAL)).agree


def test_what_does_not_work_is_no_verdict() -> None:
    """The error names the hook."""

    def pytest_distil_compare(*_: object) -> bool:
        raise ValueError("no")

    with pytest.raises(Incomparable, match=r"pytest_distil_compare raised ValueError: no \(test_own_compare.py:\d+\)"):
        compared(pytest_distil_compare, {})
    with pytest.raises(Incomparable, match="pytest_distil_compare returned an int"):
        compared(lambda *_: 1, {})  # type: ignore[arg-type]
