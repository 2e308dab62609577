"""Which elements of two lists stand for each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_distil.mark.task import close, ignore_case, similar, unordered
from pytest_distil.run.pairs import pair, reordered
from pytest_distil.run.rules import scope_of

ORDERED = scope_of({})
UNORDERED = scope_of({"$": unordered})

lists = st.lists(st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2), max_size=8)
scopes = st.sampled_from(
    [ORDERED, UNORDERED, scope_of({"[0]": ignore_case}), scope_of({"$": unordered, "[*]": close(abs=1)})]
)


@settings(deadline=None)
@given(lists, lists, scopes)
def test_every_element_once(original: list[Any], model: list[Any], scope: Any) -> None:
    """Every element of both lists is in one pair, and no pair is empty."""
    pairs = pair(original, model, scope)

    assert list(range(len(original))) == sorted(i for i, _ in pairs if i is not None)
    assert list(range(len(model))) == sorted(j for _, j in pairs if j is not None)
    assert (None, None) not in pairs


@pytest.mark.parametrize(
    ("original", "model", "pairs"),
    [
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abc", "axc", [(0, 0), (1, 1), (2, 2)]),
        ("abc", "bc", [(0, None), (1, 0), (2, 1)]),
        ("bc", "abc", [(None, 0), (0, 1), (1, 2)]),
        ("abcd", "xbcd", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("abcdx", "bcdxy", [(0, None), (1, 0), (2, 1), (3, 2), (4, 3), (None, 4)]),
        ("", "a", [(None, 0)]),
    ],
)
def test_ordered(original: str, model: str, pairs: list[Any]) -> None:
    """Ordered elements are aligned along those that are equal, unless the index explains as much."""
    assert pairs == pair(list(original), list(model), ORDERED)


def test_ordered_and_long() -> None:
    """Past the longest stretch that is aligned, elements are paired by index, behind what is common at both ends."""
    original = ["a", *map(str, range(1000)), "z"]
    model = ["a", *map(str, range(1, 1000)), "y", "x", "z"]

    assert [(0, 0), (1, 1)] == pair(original, model, ORDERED)[:2]
    assert [(1000, 1000), (None, 1001), (1001, 1002)] == pair(original, model, ORDERED)[-3:]


def test_a_rule_for_one_index() -> None:
    """Where a rule names an index, elements are compared by index."""
    assert [(0, 0), (1, 1), (2, None)] == pair(list("abc"), list("bc"), scope_of({"[0]": ignore_case}))


def test_unordered() -> None:
    """Unordered elements are paired with their equals, then with those that differ in case, the rest as sorted."""
    pairs = pair(["a", "b", "Y", "z"], ["b", "y", "x", "a", "zz"], UNORDERED)

    assert [(0, 3), (1, 0), (2, 1), (3, 2), (None, 4)] == pairs


def test_unordered_by_likeness() -> None:
    """Elements left over are paired with those that share most leaves."""
    original = [{"n": 1, "a": 1, "b": 1}, {"n": 2, "a": 2, "b": 2}]
    model = [{"n": 3, "a": 2, "b": 2}, {"n": 4, "a": 1, "b": 1}]

    assert [(0, 1), (1, 0)] == sorted(pair(original, model, UNORDERED))


def test_reordered() -> None:
    """Lists of the same elements are in another order, by the rules that hold inside them."""
    folded = scope_of({"[*]": ignore_case})

    assert reordered(["a", "b"], ["b", "a"], ORDERED)
    assert not reordered(["a", "b"], ["b", "A"], ORDERED)
    assert reordered(["a", "b"], ["b", "A"], folded)
    assert not reordered(["a", "b"], ["b", "b"], ORDERED)
    assert not reordered(["a"], ["a", "a"], ORDERED)
    assert not reordered(["A", "b"], ["b", "a"], scope_of({"[0]": ignore_case}))
    assert not reordered(["a b", "c d"], ["d c", "a b"], scope_of({"[*]": similar(0.5)}))
