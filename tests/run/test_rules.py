"""Rules for comparing, by path."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pytest_distil.core.path import Step
from pytest_distil.core.trial import joined
from pytest_distil.mark.errors import DeclarationError
from pytest_distil.mark.task import Compare, Rule, close, ignore_case, ignored, similar, unordered
from pytest_distil.run.rules import Scope, accepts_leaf, number, parse, scope_of, token_f1

HUGE = 10**400


def scope_at(rules: dict[str, Rule], *steps: Step) -> Scope:
    """Return the scope that some steps lead to."""
    scope = scope_of(rules)
    for step in steps:
        scope = scope.enter(step)
    return scope


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("total", ("total",)),
        ("$.total", ("total",)),
        ("items[*].price", ("items", None, "price")),
        ("$[*].price", (None, "price")),
        ("[0][12]", (0, 12)),
        ("prices.*", ("prices", None)),
        ("unit-price.größe", ("unit-price", "größe")),
        ('$["a b"].c', ("a b", "c")),
        ('a["\\"]\\u00e9"]', ("a", '"]é')),
    ],
)
def test_paths(path: str, steps: tuple[Step, ...]) -> None:
    """A path names keys and indexes, or any of them."""
    assert steps == parse(path)


@pytest.mark.parametrize(
    "key", ["a", "a-b", "a b", "é", "0", "", '"', "]", "\\", "\n", "\x00", "a.b", "*", "$", "\ud800"]
)
def test_keys_read_back(key: str) -> None:
    """Whatever key is written in a path is read from it."""
    assert (key,) == parse(joined("", key))
    assert ("x", key) == parse(joined("x", key))


@pytest.mark.parametrize("path", ["a b", "items[", "items[-1]", "items[x]", ".", "a..b", "[0]a", '["\\q"]', "[']"])
def test_paths_that_cannot_be_read(path: str) -> None:
    """A path that cannot be read is refused, and how to write it is said."""
    with pytest.raises(DeclarationError, match=r"cannot be read from .* on; write it like total, items\[\*\]\.price"):
        parse(path)


def test_a_rule_holds_below_its_path() -> None:
    """A rule for a container is the rule of its leaves, until a deeper one takes over."""
    rules = {"items": ignore_case, "items[*].price": close(rel=0.1)}

    assert scope_at(rules, "total").rule is None
    assert ignore_case == scope_at(rules, "items", 3, "name").rule
    assert close(rel=0.1) == scope_at(rules, "items", 3, "price").rule


@pytest.mark.parametrize("turn", [1, -1])
def test_the_more_specific_rule_wins(turn: int) -> None:
    """Of rules for one depth that wins which names more, then that which names earlier; their order is no matter."""
    rules = dict(
        list({"[*][*]": ignored("a"), "[*].b": ignored("b"), "a[*]": ignored("c"), "a.b": ignored("d")}.items())[::turn]
    )

    assert ["d", "c", "b", "a"] == [
        scope.rule.reason
        for scope in (scope_at(rules, *steps) for steps in (("a", "b"), ("a", "x"), ("x", "b"), ("x", "x")))
        if scope.rule
    ]


def test_unordered_is_for_its_own_path() -> None:
    """A list inside an unordered list keeps its order, and `unordered` hides no other rule."""
    rules = {"$": ignore_case, "rows": unordered}

    assert scope_at(rules, "rows").unordered
    assert ignore_case == scope_at(rules, "rows").rule
    assert not scope_at(rules, "rows", 0).unordered
    assert ignore_case == scope_at(rules, "rows", 0).rule


def test_nothing_counts_where_all_is_ignored() -> None:
    """A place is silent where it is ignored and no rule below says otherwise."""
    assert scope_at({"a": ignored("x"), "a.b": ignored("y"), "a.c": unordered}, "a").silent
    assert not scope_at({"a": ignored("x"), "a.b": ignore_case}, "a").silent
    assert scope_at({"a": ignored("x"), "a.b": ignore_case}, "a", "c").silent
    assert not scope_at({"a.b": ignored("x")}, "a").silent


def test_plain_rules() -> None:
    """Rules read back from the plain JSON of a brief are the same."""
    declared = Compare({"a": similar(0.5), "b[*]": close(abs=1), "$": ignored("x"), "c": unordered})

    assert scope_of(declared.fields) == scope_of({path: asdict(rule) for path, rule in declared.fields.items()})


@pytest.mark.parametrize(
    ("original", "model", "rule", "accepted"),
    [
        ("A", "a", None, False),
        ("A", "A", None, True),
        (1, 1.0, None, False),
        (0.0, -0.0, None, False),
        ("Straße", "STRASSE", ignore_case, True),
        ("a", "b", ignore_case, False),
        ([], {}, ignore_case, False),
        ("3.50", "3.5", close(rel=1e-9), True),
        ("3.50", 3.5, close(rel=1e-9), False),
        (3, 3.0, close(rel=1e-9), True),
        (1, True, close(rel=1e-9), False),
        (100, 101, close(rel=0.01), True),
        (100, 102, close(rel=0.01), False),
        (0, 0.1, close(abs=0.1), True),
        (HUGE, HUGE + 1, close(rel=0.1), False),
        ("1e999", "1e998", close(rel=0.1), False),
        ("1e1", "10", close(rel=1e-9), True),
        ("v1", "v1.0", close(rel=1), False),
        (None, 1, close(rel=1), False),
        ("the cat sat", "The cat, sat!", similar(1), True),
        ("the cat sat down here", "the cat sat up there", similar(0.6), True),
        ("the cat sat down here", "the cat sat up there", similar(0.61), False),
        (1, 2, similar(0.1), False),
        ("a", 1, ignored("x"), True),
        (1, [], ignored("x"), False),
    ],
)
def test_leaves(original: Any, model: Any, rule: Rule | None, accepted: bool) -> None:  # noqa: FBT001 - a column
    """Each rule accepts what it is for, both ways round."""
    assert accepted == accepts_leaf(original, model, rule)
    assert accepted == accepts_leaf(model, original, rule)


@pytest.mark.parametrize(
    ("original", "model", "share"),
    [
        ("a b", "b a", 1),
        ("a a b", "a b b", 2 / 3),
        ("a", "b", 0),
        ("", "", 1),
        ("!", "?", 1),
        ("a", "", 0),
        ("a", "a b", 2 / 3),
    ],
)
def test_token_f1(original: str, model: str, share: float) -> None:
    """Token F1 counts words with their repetitions, in any order."""
    assert share == token_f1(original, model)


@pytest.mark.parametrize(
    "value", [True, None, "nan", "Infinity", "1_0", " 1", "", ".", "0x1", "１", HUGE, "1" * 400, [], {}]
)
def test_no_numbers(value: Any) -> None:
    """What only looks like a number to Python is none."""
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "read"), [(1, 1.0), ("-1.50", -1.5), ("+.5", 0.5), ("1.", 1.0), ("1E2", 100.0), (2.5, 2.5)]
)
def test_numbers(value: Any, read: float) -> None:
    """Numbers and Decimals as text are numbers."""
    assert read == number(value)
