from __future__ import annotations

from typing import Any

from pytest_distil.core.call import Example
from pytest_distil.core.text import parse
from pytest_distil.mark.task import Task
from pytest_distil.run.review import Review
from pytest_distil.run.typed import TypedTask


def ratio(a: float, b: float) -> float:
    """Divide."""
    return a / b


def event(result: str, *, vouched: bool = True, held_out: bool = False) -> dict[str, Any]:
    """Return what an attempt with one call has to say."""
    brief = TypedTask(Task(name="shop.ratio", function=ratio, dataset="shop", kind="function")).brief
    return {
        "test": "test_x.py::test",
        "held_out": held_out,
        "briefs": [brief.to_json()],
        "rows": [[brief.task, '{"b":1e16,"a":0.0}', result, 2]],
        "left_out": [],
        "vouched": vouched,
    }


def test_what_is_kept_stays_as_it_was_written() -> None:
    """To the byte, and whether or not JSON has a better form for it: not-a-number is no number in a schema."""
    for text in ('"NaN"', "1e16"):
        given = event(text)

        assert given == Review(lambda _: None).reviewed(given)


def test_what_a_reviewer_sees() -> None:
    """The call as one test vouches for it, from the first event of another worker on."""
    seen: list[Example] = []
    review = Review(seen.append)
    review.reviewed(event("1.0"))
    review.reviewed({**event("2.0", held_out=True), "briefs": []})

    assert [("test_x.py::test",)] * 2 == [one.tests for one in seen]
    assert [(1.0, False), (2.0, "pattern")] == [(one.result, one.held_out) for one in seen]
    assert 32 == len(seen[0].fingerprint)
    assert parse('{"b":1e16,"a":0.0}') == seen[0].arguments


def test_nobody_is_asked_about_what_does_not_count() -> None:
    """Attempts that do not vouch go by as they are."""

    def never(_: Example) -> str:
        raise AssertionError("asked")

    given = event("1.0", vouched=False)

    assert given == Review(never).reviewed(given)
