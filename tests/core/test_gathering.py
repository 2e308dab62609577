"""Vouched calls add up to the same examples, whatever order they come in."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_distil.core.call import Conflict, Example
from pytest_distil.core.dataset import Rules, held_out_side
from pytest_distil.core.gathering import Gathering, left_out_by
from support.briefs import brief_of

BRIEF = brief_of(str)
ARGUMENTS = '{"email":"a"}'
BRIEFS = {BRIEF.task: BRIEF}

CALLS = st.lists(
    st.tuples(
        st.sampled_from(['{"email":"a","urgent":false}', '{"email":"b","urgent":{"x":1,"y":2}}']),
        st.sampled_from(['"spam"', '{"p":1,"q":2}', '{"q":2,"p":1}', "1", "1.0", "true"]),
        st.sampled_from(["t.py::one", "t.py::two", "t.py::three"]),
        st.sampled_from([False, "input", "pattern"]),
    ),
    min_size=1,
    max_size=12,
)


def gathered(calls: list[tuple[str, str, str, object]], rules: Rules | None = None) -> list[Example | Conflict]:
    """Return what some calls add up to."""
    gathering = Gathering(rules or Rules())
    for arguments, result, test, held_out in calls:
        gathering.add(BRIEF.task, arguments, result, tests=(test,), held_out=held_out)  # type: ignore[arg-type]
    return list(gathering.each(BRIEFS))


@settings(deadline=None)
@given(calls=CALLS, order=st.randoms(), how=st.sampled_from(["drop", "majority"]))
def test_order_means_nothing(calls: list[tuple[str, str, str, object]], order: Random, how: object) -> None:
    """The same calls give the same examples and conflicts in any order, texts with other key orders included."""
    shuffled = list(calls)
    order.shuffle(shuffled)
    rules = Rules(conflicts=how)  # type: ignore[arg-type]

    assert gathered(calls, rules) == gathered(shuffled, rules)


def test_key_order_is_no_difference() -> None:
    """Equal calls and equal results whose keys stand in another order are one example; the smaller text is kept."""
    one, other = '{"email":"a","urgent":{"x":1,"y":2}}', '{"urgent":{"y":2,"x":1},"email":"a"}'
    [example] = gathered([(other, '{"q":2,"p":1}', "t::b", False), (one, '{"p":1,"q":2}', "t::a", False)])

    assert isinstance(example, Example)
    assert '{"p": 1, "q": 2}' == json.dumps(example.result)
    assert ["email", "urgent"] == list(example.arguments)
    assert ("t::a", "t::b") == example.tests


@pytest.mark.parametrize("pair", [("1", "1.0"), ("1", "true"), ("0.0", "-0.0")])
def test_equal_means_equal_text(pair: tuple[str, str]) -> None:
    """`1`, `1.0` and `True` are different results: a model is trained on text."""
    [conflict] = gathered([('{"email":"a"}', result, "t::a", False) for result in pair])

    assert isinstance(conflict, Conflict)


def test_held_out_wins() -> None:
    """A call that any test or session keeps from training is kept from it, as a pattern where any says so."""
    rules = Rules(holdout=0)
    sides: list[list[object]] = [[False, "input"], ["input", "pattern"], ["pattern", False], [False, False]]
    found = [gathered([('{"email":"a"}', "1", "t::a", side) for side in pair], rules)[0] for pair in sides]

    assert ["input", "pattern", "pattern", False] == [one.held_out for one in found]


def test_majority_is_counted_in_tests() -> None:
    """The result that most tests saw stands, with their names; the conflict is still told."""
    calls = [('{"email":"a"}', "1", "t::a", False), ('{"email":"a"}', "1", "t::b", False)]
    example, conflict = gathered([*calls, ('{"email":"a"}', "2", "t::c", False)], Rules(conflicts="majority"))

    assert isinstance(example, Example)
    assert (1, ("t::a", "t::b")) == (example.result, example.tests)
    assert isinstance(conflict, Conflict)
    assert ((1, ("t::a", "t::b")), (2, ("t::c",))) == conflict.results


def test_the_outvoted_hold_out_too() -> None:
    """A held-out test that saw another result made the call too: what most tests saw of it is not trained on."""
    held = next(name for n in range(100) if _is_held_out(name := f"t.py::test_{n}"))
    kept = [name for n in range(100) if not _is_held_out(name := f"t.py::test_{n}")]
    calls: list[tuple[str, str, str, object]] = [(ARGUMENTS, "1", test, False) for test in kept[:2]]
    rules = Rules(conflicts="majority", holdout_by="test")

    assert [False] == [one.held_out for one in gathered(calls, rules)]
    example, _ = gathered([*calls, (ARGUMENTS, "2", held, False)], rules)

    assert isinstance(example, Example)
    assert ("pattern", (kept[0], kept[1])) == (example.held_out, example.tests)


def _is_held_out(test: str) -> bool:
    return held_out_side(BRIEF, {}, (test,), Rules(holdout_by="test")) == "pattern"


def test_a_tie_is_no_majority() -> None:
    """Two results that equally many tests saw are dropped, also where one test made the call more often."""
    calls = [('{"email":"a"}', "1", "t::a", False), ('{"email":"a"}', "1", "t::a", False)]
    [conflict] = gathered([*calls, ('{"email":"a"}', "2", "t::c", False)], Rules(conflicts="majority"))

    assert isinstance(conflict, Conflict)


def test_many_tests_of_one_call() -> None:
    """A call that every test makes keeps every test, each once."""
    names = [f"t::test_{n:04}" for n in range(1000)]
    [example] = gathered([('{"email":"a"}', "1", name, False) for name in [*names, *reversed(names)]])

    assert isinstance(example, Example)
    assert tuple(names) == example.tests


def test_the_cause_of_a_conflict_is_named() -> None:
    """Where parameters are no part of the call, they are the likely reason for different results."""
    [conflict] = gathered([('{"email":"a"}', result, "t::a", False) for result in ("1", "2")])
    assert isinstance(conflict, Conflict)
    excluding = brief_of(str, excluded=("client",))

    assert "2 different results" == left_out_by(conflict, BRIEF, settled=False).detail
    assert left_out_by(conflict, excluding, settled=False).detail.endswith("what is excluded: 'client'")


def test_conflicts_survive_json() -> None:
    """A line of conflicts.jsonl reads back as it was."""
    [conflict] = gathered([('{"email":"a"}', result, "t::a", "input") for result in ("1", "2")])
    assert isinstance(conflict, Conflict)

    assert conflict == Conflict.from_json(json.loads(json.dumps(conflict.to_json())))
