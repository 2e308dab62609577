"""Whether two values are the same: more strictly than `==`, and with the place where they differ."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from pytest_distil.core.same import an, attributes, first_difference, is_record, is_root, path_text
from support.kinds import Cached, Color, Frozen, Hidden, Leafy, Level, Names, Open, Point, Slotted, numbered

NAN = float("nan")


def hidden(value: int) -> Hidden:
    """Return a model whose private attribute is set."""
    made = Hidden(a=1)
    made._b = value
    return made


class Odd:
    """Equal to nothing, and says so loudly."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


SAME = [
    (1, 1),
    (3, 3.0),
    (3.0, 3),
    (NAN, float("nan")),
    ([NAN, {"a": NAN}], [float("nan"), {"a": float("nan")}]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1: "a"}, {1: "a"}),
    ({1, 2.5}, {2.5, 1}),
    ({Frozen(x=1)}, {Frozen(x=1)}),
    ([1.0, [2]], [1, [2.0]]),
    (Decimal("1.50"), Decimal("1.5")),
    (Leafy(a=1), Leafy(a=1)),
    (Point(1, 2), Point(1.0, 2.0)),
    (collections.deque([1]), collections.deque([1])),
    (Color.RED, Color.RED),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=numbered(SAME))
def test_the_same(one: Any, other: Any) -> None:
    """Equal leaves of equal types are the same; an int is the same as its float, nan as nan, in any order of keys."""
    assert first_difference(one, other) is None
    assert first_difference(other, one) is None


DIFFERENT: list[tuple[Any, Any, str]] = [
    (1, True, "$"),
    (1.0, True, "$"),
    (1, "1", "$"),
    (2**53 + 1, float(2**53), "$"),
    ("a", b"a", "$"),
    (Level.LOW, 1, "$"),
    ([1, 2], (1, 2), "$"),
    ([1, 2], [1], "$"),
    ([1, [2, 3]], [1, [2, 4]], "$[1][1]"),
    ({"a": {"b c": 1}}, {"a": {"b c": 2}}, "$.a['b c']"),
    ({"a": 1}, {"b": 1}, "$.a"),
    ({1: 0}, {True: 0}, "$"),
    ({1: 0}, {1.0: 0}, "$"),
    ({"red": 0}, {Color.RED: 0}, "$"),
    ({1}, {True}, "$"),
    ({1, 2}, {1}, "$"),
    ({NAN}, {float("nan")}, "$"),
    (collections.deque([1]), collections.deque([True]), "$[0]"),
    (collections.deque([1]), [1], "$"),
    (Leafy(a=1), Leafy(a=2), "$.a"),
    (Leafy(a=1), {"a": 1, "b": None, "c": False}, "$"),
    (Slotted(tags=frozenset("a"), at=Point(1)), Slotted(tags=frozenset("a"), at=Point(2)), "$.at.x"),
    (hidden(1), hidden(2), "$._b"),
    (Open(a=1, z=1), Open(a=1, z=2), "$.z"),  # type: ignore[call-arg]
    (Open(a=1, z=1), Open(a=1), "$"),  # type: ignore[call-arg]
    (Odd(), Odd(), "$"),
    (object(), object(), "$"),
]


@pytest.mark.parametrize(("one", "other", "path"), DIFFERENT, ids=numbered(DIFFERENT))
def test_different(one: Any, other: Any, path: str) -> None:
    """Other types at any level differ, keys and elements of sets included, and the path says where."""
    for found in (first_difference(one, other), first_difference(other, one)):
        assert found is not None
        assert path == path_text(found) or len(found) == 1


@dataclass
class Uninitialised:
    """Has a field that nobody set."""

    a: int
    b: int = field(init=False)


def test_fields_that_are_not_there() -> None:
    """A field that was never set, or deleted, is a difference and no error."""
    one, other = Uninitialised(1), Uninitialised(1)
    other.b = 2
    bare = Leafy.model_construct()

    assert (".b",) == first_difference(one, other)
    assert first_difference(one, Uninitialised(1)) is None
    assert first_difference(bare, Leafy(a=1)) is not None


def test_cached_properties() -> None:
    """What a model has computed and kept makes no difference."""
    one, other = Cached(a=1), Cached(a=1)
    assert 2 == one.twice

    assert first_difference(one, other) is None


def test_attributes() -> None:
    """Fields are those that are declared, extra ones, and private ones; a leaf has none."""
    assert {"a": 1, "_b": 2} == attributes(hidden(2))
    assert {"a": 1, "z": 2} == attributes(Open(a=1, z=2))  # type: ignore[call-arg]
    assert {"tags": frozenset(), "at": 1} == attributes(Slotted(tags=frozenset(), at=1))  # type: ignore[arg-type]
    assert attributes(3) is None


class Bare:
    """Knows no equality."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Barred:
    """The same in slots."""

    __slots__ = ("a", "b")

    def __init__(self, a: int) -> None:
        self.a = a


class Handled(Bare):
    """Says itself what of it is kept."""

    def __getstate__(self) -> object:
        return {}


STATES: list[tuple[Any, Any, str | None]] = [
    (Bare(a=1, b=[2]), Bare(b=[2], a=1), None),
    (Bare(a=Bare(b=1)), Bare(a=Bare(b=2)), "$.a.b"),
    (Bare(a=1), Bare(a=True), "$.a"),
    (Bare(a=1), Bare(a=1, b=2), "$"),
    (Bare(), Bare(), None),
    (Barred(1), Barred(1), None),
    (Barred(1), Barred(2), "$.a"),
    (Handled(a=1), Handled(a=1), "$"),
    (object(), object(), "$"),
    (threading.Lock(), threading.Lock(), "$"),
    (Bare(a=object()), Bare(a=object()), "$.a"),
]


@pytest.mark.parametrize(("one", "other", "path"), STATES, ids=numbered(STATES))
def test_types_without_equality(one: Any, other: Any, path: str | None) -> None:
    """They are compared by all that they hold, as far as that can be seen; what hides it equals itself only."""
    found = first_difference(one, other)

    assert path == (None if found is None else path_text(found))
    assert first_difference(one, one) is None


def test_kinds_of_types() -> None:
    """Models and dataclasses are records, and root models stand for their one field."""
    assert [True, True, True, False] == [is_record(kind) for kind in (Leafy, Point, Names, int)]
    assert [True, False, False] == [is_root(kind) for kind in (Names, Leafy, int)]


class Loud:
    """Has a repr that nobody may call."""

    def __repr__(self) -> str:
        raise RuntimeError("not now")


PATHS: list[tuple[tuple[Any, ...], str]] = [
    ((), "$"),
    ((".items", 0, ".price"), "$.items[0].price"),
    (("a key", 1.5, True), "$['a key'][1.5][True]"),
    ((Loud(), object()), "$[a Loud][an object]"),
    (("\ud800",), "$['\\ud800']"),
    (("x" * 100,), "$['" + "x" * 40 + "...']"),
    ((0,) * 100, "$" + "[0]" * 20 + "..."),
]


@pytest.mark.parametrize(("path", "text"), PATHS, ids=numbered(PATHS))
def test_paths(path: tuple[Any, ...], text: str) -> None:
    """A path is short, can be written to any file, and has no repr of somebody's object in it."""
    assert text == path_text(path)
    path_text(path).encode()


def test_names_of_types() -> None:
    """A value is named by its type, without the function that the type is local to."""

    class Local(BaseModel):
        pass

    maker: Callable[[], object] = Local

    assert ["an int", "a Leafy", "a Local"] == [an(int), an(Leafy), an(type(maker()))]
