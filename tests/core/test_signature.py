"""What a signature says: how calls bind, what annotations mean, and how it is written in a line."""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, Optional, Self, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from pytest_distil.core.signature import Parameters, describe, replaced, resolve, type_text
from pytest_distil.mark.task import Kind, Task
from support.kinds import numbered

T = TypeVar("T")
UserId = NewType("UserId", int)


def task_of(function: Callable[..., Any], kind: Kind = "function", **options: Any) -> Task:
    """Return a task of a function."""
    return Task(name="f", function=function, dataset="f", kind=kind, **options)


FUNCTIONS: list[Callable[..., None]] = [
    SIMPLE := lambda a, b=2, *, c=3: None,
    lambda a, /, b=2: None,
    STARRED := lambda a, *rest, k=1, **more: None,
    lambda *, a, b: None,
    lambda: None,
    lambda a, /, **a_too: None,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=numbered(FUNCTIONS))
@given(data=st.data())
def test_binding(function: Callable[..., None], data: st.DataObject) -> None:
    """Every call binds as Python binds it, defaults applied, or fits no more than it fits in Python."""
    args = tuple(data.draw(st.lists(st.integers(), max_size=4)))
    kwargs = data.draw(st.dictionaries(st.sampled_from(["a", "b", "c", "k", "rest", "zz"]), st.integers(), max_size=3))
    signature = inspect.signature(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        expected = None
    else:
        bound.apply_defaults()
        found = [bound.arguments[name] for name in signature.parameters if name in bound.arguments]
        expected = found if len(found) == len(signature.parameters) else None

    values = Parameters(task_of(function)).bind(args, kwargs)

    assert expected == (None if values is None else [*values])


@given(a=st.integers(), b=st.integers())
def test_one_call_in_many_ways(a: int, b: int) -> None:
    """By position, by name, in any order, with a default given or not: one call."""
    parameters = Parameters(task_of(SIMPLE))
    ways: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((a, b), {}),
        ((a,), {"b": b}),
        ((), {"b": b, "a": a}),
        ((a, b), {"c": 3}),
        ((), {"c": 3, "b": b, "a": a}),
    ]

    assert {(a, b, 3)} == {tuple(parameters.bind(*way) or ()) for way in ways}
    assert [a, 2, 3] == list(parameters.bind((a,), {}) or ())


def test_names() -> None:
    """Excluded parameters are bound and no part of a call; the owner is known by the kind of method."""

    class Reader:
        def read(self, text: str, session: object) -> None: ...

    parameters = Parameters(task_of(Reader.read, "method", exclude=frozenset({"session"})))

    assert ("self", "text", "session") == parameters.every
    assert ("self", "text") == parameters.names
    assert "self" == parameters.owner
    assert Parameters(task_of(SIMPLE)).owner is None


def test_defaults() -> None:
    """What a call leaves out has a value: a default, or nothing for `*` and `**`."""
    assert {"b": 2, "c": 3} == Parameters(task_of(SIMPLE)).defaults
    assert {"rest": (), "k": 1, "more": {}} == Parameters(task_of(STARRED)).defaults


def annotated(a: int, *rest: int, k: None = None, **more: str) -> None:
    """Take what is annotated."""


def bare(a, *rest):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN002, ANN201 - what is tested
    """Take anything."""


def test_annotations() -> None:
    """Annotations of `*` and `**` are those of what they hold; without one anything goes."""
    task = task_of(annotated)
    parameters = Parameters(task)

    assert [int, tuple[int, ...], type(None), dict[str, str]] == [
        resolve(task, parameters.annotation(name)) for name in parameters.every
    ]
    assert type(None) is resolve(task, parameters.returns)
    assert [Any, Any, Any] == [
        *map(Parameters(task_of(bare)).annotation, ("a", "rest")),
        Parameters(task_of(bare)).returns,
    ]


class Base(BaseModel):
    """A model that makes itself."""

    x: int = 0

    @classmethod
    def make(cls) -> Self:
        return cls()

    @classmethod
    def some(cls) -> list[Self] | None:
        return [cls()]


def test_self() -> None:
    """`Self` is the class that the method is defined in; inside of a function it stays what it is."""

    class Local:
        def make(self) -> Self:
            return self

    functions: list[Any] = [Base.make, Base.some, Local.make]
    made = [resolve(task_of(one), one.__annotations__["return"]) for one in functions]

    assert [Base, Optional[list[Base]], Self] == made  # noqa: UP045


def test_namespaces() -> None:
    """Names of the function's own scope stand before those of its module."""

    def local(a: Nested) -> None: ...  # type: ignore[name-defined] # noqa: F821

    assert int is resolve(task_of(local, namespace={"Nested": int}), "Nested")
    with pytest.raises(NameError):
        resolve(task_of(local), "Nested")


def test_replaced() -> None:
    """A part is replaced at any depth, and a type without that part is the same object."""

    def change(part: Any) -> Any:
        return str if part is int else part

    kept = dict[str, list[float]]

    assert kept is replaced(kept, change)
    assert [str, list[str], dict[str, str | None], Annotated[str, 3], tuple[str, ...], Literal[1]] == [
        replaced(one, change)
        for one in (int, list[int], dict[int, int | None], Annotated[int, 3], tuple[int, ...], Literal[1])
    ]
    assert Union[str, None] == replaced(Optional[int], change)  # noqa: UP007, UP045
    assert list[str] == replaced(typing.List[int], change)  # noqa: UP006


class Color(enum.Enum):
    """A value whose repr is the same everywhere."""

    RED = 1


class Box(BaseModel, Generic[T]):
    """A generic model."""

    item: T


class Nest:
    """Holds a class."""

    class Egg(BaseModel):
        """Held."""


EGG = Nest.Egg()


TEXTS: list[tuple[Any, str]] = [
    (None, "None"),
    (type(None), "None"),
    (Any, "Any"),
    (int, "int"),
    (Nest.Egg, "Nest.Egg"),
    (Box[int], "Box[int]"),
    (Box[Nest.Egg], "Box[Nest.Egg]"),
    (list[Nest.Egg] | None, "list[Nest.Egg] | None"),
    (Optional[int], "int | None"),  # noqa: UP045
    (typing.Dict[str, int], "dict[str, int]"),  # noqa: UP006
    (tuple[int, ...], "tuple[int, ...]"),
    (Literal["a.b", 3, True], "Literal['a.b', 3, True]"),
    (Annotated[int, "of no interest"], "int"),
    (Callable[[int], str], "Callable[str]"),
    (Sequence[T], "Sequence[T]"),  # type: ignore[valid-type] # mypy: unbound
    (UserId, "UserId"),
]


@pytest.mark.parametrize(("annotation", "text"), TEXTS, ids=numbered(TEXTS))
def test_types_in_words(annotation: Any, text: str) -> None:
    """A type is written without modules, metadata and addresses."""
    assert text == type_text(annotation)


class Loud:
    """Refuses to be compared."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not now")

    __hash__ = None  # type: ignore[assignment]


def test_odd_annotations() -> None:
    """An annotation that is no type is written without its address, and never compared."""
    assert "0x" not in type_text(Loud())


def shown(  # type: ignore[no-untyped-def] # noqa: PLR0913
    text: str,
    /,
    *rest: int,
    when: Nest.Egg = EGG,
    size: float = 1.5,
    name: str | None = None,
    ok: bool = True,
    loud: object = Loud(),
    plain=3,  # noqa: ANN001
    **more: Color,
) -> Box[int]:
    """Show a signature."""
    raise NotImplementedError


def test_a_line() -> None:
    """A signature is one line, the same in a script and in an import; defaults that may hold an address are dots."""
    assert (
        "shown(text: str, *rest: int, when: Nest.Egg = ..., size: float = 1.5, name: str | None = None, "
        "ok: bool = True, loud: object = ..., plain=3, **more: Color) -> Box[int]"
    ) == describe(task_of(shown), "shown")


def test_what_a_line_leaves_out() -> None:
    """The owner and excluded parameters are not shown."""

    class Reader:
        def read(self, text: str, session: object) -> None: ...

    assert "read(text: str) -> None" == describe(task_of(Reader.read, "method", exclude=frozenset({"session"})), "read")


def unresolved(a: missing.Type) -> other.Nowhere:  # type: ignore[name-defined] # noqa: F821
    """Do nothing."""


def test_a_line_of_what_cannot_be_resolved() -> None:
    """An annotation that means nothing at run time is shown as it is written, without modules."""
    assert "unresolved(a: Type) -> Nowhere" == describe(task_of(unresolved), "unresolved")
