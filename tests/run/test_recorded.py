"""What a session holds of the tasks that are evaluated."""

from __future__ import annotations

import pytest

from pytest_distil.run.recorded import fits
from pytest_distil.run.typed import TypedTask
from support.calls import example, recorded, task


def test_the_order_of_tests() -> None:
    """Recorded calls come in the order of the tests that will run, each where the first of its tests stands."""
    session = recorded(example(1, "b"), example(2, "a", "c"), example(3, "gone"), example(4, "c"))

    assert [2, 1, 4] == [one.arguments["n"] for one in session.of_tests(["a", "b", "c"])]
    assert [1] == [one.arguments["n"] for one in session.of_tests(["b"])]
    assert [] == session.of_tests([])


def test_the_longest_reply() -> None:
    """The longest result decides how long replies may be; a task without any has none."""
    session = recorded(example(1, "a", result=5), example(2, "a", result="ö" * 10))

    assert 22 == session.longest_reply("calls.double")
    assert session.longest_reply("another") is None


@pytest.mark.parametrize(
    ("arguments", "wanted"), [({"n": 1}, True), ({}, False), ({"n": 1, "m": 2}, False), ({"m": 1}, False)]
)
def test_calls_that_can_still_be_made(arguments: dict[str, int], *, wanted: bool) -> None:
    """A recorded call fits today's function where it has its parameters."""
    assert wanted == fits(arguments, TypedTask(task()).brief)
