"""Where a rule for comparing would help."""

from __future__ import annotations

from typing import Any

from pytest_distil.core.trial import Difference
from pytest_distil.run.compare import compare
from pytest_distil.run.hints import hints


def values(path: str, *pairs: tuple[Any, Any], kind: str = "value") -> list[Difference]:
    """Return differences at one path."""
    return [Difference(path, kind, *pair) for pair in pairs]


def test_a_hint() -> None:
    """A hint says how many of a field's differences would be none with a rule."""
    found = values("title", ("A", "a"), ("B", "b"), ("C", "c"), ("D", "x"))

    assert [("title", "ignore_case", 3, 4)] == hints(found)


def test_by_field() -> None:
    """Differences are counted by field, over the elements of lists; the field with most comes first."""
    found = [
        *values("items[0].price", ("3.50", "3.5")),
        *values("items[1].price", ("1.0", "1.00")),
        *values("items[2].text", ("A", "a")),
        *values("items[3].text", ("A", "a"), ("B", "b")),
    ]

    assert [
        ("items[*].text", "ignore_case", 3, 3),
        ("items[*].price", "close(rel=1e-9)", 2, 2),
    ] == hints(found)


def test_the_rule_that_most_vanish_with() -> None:
    """Of several rules that is named which helps most, and the strictest of equals."""
    long = ("the cat sat on a mat", "the cat sat on the mat")

    assert [("a", "similar(0.8)", 2, 2)] == hints(values("a", long, ("x", "X")))
    assert [("a", "ignore_case", 2, 2)] == hints(values("a", ("y", "Y"), ("x", "X")))


def test_order() -> None:
    """Lists that differ in their order alone would agree with `unordered`."""
    found = [one for _ in range(2) for one in compare({"tags": [1, 2]}, {"tags": [2, 1]}, {}, equal=False).differences]

    assert [("tags", "unordered", 2, 2)] == hints(found)


def test_no_hint() -> None:
    """One difference is no reason for a rule, nor are a few of many, nor are values that are missing."""
    assert [] == hints([])
    assert [] == hints(values("a", ("A", "a")))
    assert [] == hints(values("a", ("A", "a"), ("B", "b"), *[("x", "y")] * 7))
    assert [] == hints(values("a", (None, None), ("x", None), kind="missing"))
