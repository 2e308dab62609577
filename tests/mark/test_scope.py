"""String annotations mean what they mean where the function stands, types local to a function included."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from pytest_distil import distil
from support.watching import watched

if TYPE_CHECKING:
    from decimal import Decimal


class Item(BaseModel):
    """The module's own, which a caller's variable of that name must not hide."""

    of_module: int = 1


def test_local_types() -> None:
    """Types of the function around, alone and inside of others, are found."""

    class Local(BaseModel):
        x: int

    @distil
    def bare(a: Local) -> Local:
        return a

    @distil
    def inside(a: list[Local]) -> dict[str, Local | None]:
        return {"k": a[0], "n": None}

    with watched() as seen:
        bare(Local(x=1))
        inside([Local(x=1)])

    assert [({"a": {"x": 1}}, {"x": 1}), ({"a": [{"x": 1}]}, {"k": {"x": 1}, "n": None})] == seen.calls


def test_local_types_inside_of_local_types() -> None:
    """Dataclasses and named tuples name their own types by strings too, and those may be local."""

    class Local(BaseModel):
        x: int

    @dataclasses.dataclass
    class Held:
        item: Local

    class Pair(NamedTuple):
        held: Held
        n: int

    @distil
    def pair(x: int) -> Pair:
        return Pair(Held(Local(x=x)), 1)

    with watched() as seen:
        pair(3)

    assert [({"x": 3}, [{"item": {"x": 3}}, 1])] == seen.calls


def test_types_of_classes_around() -> None:
    """A method sees the types of its class, and those of the function that the class is made in."""

    class Local(BaseModel):
        x: int

    class Outer:
        class Inner(BaseModel):
            y: int

        @distil
        def method(self, a: Inner) -> Local:
            return Local(x=a.y)

    with watched() as seen:
        Outer().method(Outer.Inner(y=2))

    assert [({"a": {"y": 2}}, {"x": 2})] == seen.calls
    (task,) = seen.times
    assert "method(a: Outer.Inner) -> Local" == seen.brief(task)["signature"]


@distil
def early(a: int) -> Later:
    """Return what is defined below."""
    return Later(a=a)


class Later(BaseModel):
    """Defined after the function that returns it."""

    a: int


def test_types_that_are_defined_later() -> None:
    """A string annotation is resolved when the function is first called, not where it stands."""
    with watched() as seen:
        early(1)

    assert [({"a": 1}, {"a": 1})] == seen.calls


def of_module(a: int) -> Item:
    """Return the module's item."""
    return Item(of_module=a)


def test_a_callers_names_do_not_count() -> None:
    """A function that is marked far from where it is defined means the names of its own module."""

    class Item(BaseModel):
        of_caller: int

    marked = distil(of_module)
    with watched() as seen:
        marked(2)

    assert ({"of_caller"}, {"of_module"}) == ({*Item.model_fields}, {*type(marked(2)).model_fields})
    assert [({"a": 2}, {"of_module": 2})] == seen.calls


@distil
def only_for_checkers(a: int) -> Decimal:
    """Return a number whose type is imported for type checkers alone."""
    from decimal import Decimal as Number

    return Number(a)


def test_types_that_only_checkers_import() -> None:
    """A return type that is not there at run time is a line that says what to do, and the call works."""
    with watched() as seen:
        assert 3 == only_for_checkers(3)

    assert {"the return type has no schema": 1} == seen.left_out
    assert ["its return annotation: name 'Decimal' is not defined at run time; import or define it there too"] == (
        seen.details
    )


@distil
def parameter_for_checkers(a: Decimal, b: Any) -> str:
    """Take a number whose type is imported for type checkers alone."""
    return f"{a}{b}"


def test_parameters_that_only_checkers_import() -> None:
    """A parameter whose annotation means nothing is encoded by the value's own type."""
    from decimal import Decimal as Number

    with watched() as seen:
        parameter_for_checkers(Number("1.50"), 2)

    assert [({"a": "1.50", "b": 2}, "1.502")] == seen.calls
