"""A marked function is the function that it was, for everybody who looks."""

from __future__ import annotations

import abc
import copy
import doctest
import functools
import inspect
import pickle
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import pytest
import wrapt

from pytest_distil import distil
from support.watching import watched

T = TypeVar("T")


@distil
def described(text: str, *, times: int = 1) -> str:
    """Repeat text.

    >>> described("a", times=2)
    'aa'
    """
    return text * times


@distil
async def awaited(number: int, /) -> str:
    """Say a number."""
    return str(number)


def test_what_inspection_sees() -> None:
    """Name, module, docstring, signature, annotations and source are the original's."""
    assert ("described", "described", __name__) == (
        described.__name__,
        described.__qualname__,
        described.__module__,
    )
    assert "(text: 'str', *, times: 'int' = 1) -> 'str'" == str(inspect.signature(described))
    assert (described.__doc__ or "").startswith("Repeat text.")
    assert {"text": str, "times": int, "return": str} == typing.get_type_hints(described)
    assert "return text * times" in inspect.getsource(described)
    assert inspect.isfunction(described)


def test_coroutine_functions_stay_such() -> None:
    """A coroutine function is one for whoever asks, and no other function is."""
    assert inspect.iscoroutinefunction(awaited)
    assert not inspect.iscoroutinefunction(described)


def test_doctests_are_found() -> None:
    """A docstring's examples are collected as before."""
    found = doctest.DocTestFinder().find(sys.modules[__name__], __name__)

    assert [1] == [len(test.examples) for test in found if test.name == f"{__name__}.described"]


@pytest.mark.parametrize("function", [described, awaited])
def test_pickling(function: Any) -> None:
    """A marked function is pickled by its name and copied as itself."""
    assert function is pickle.loads(pickle.dumps(function))  # noqa: S301 - our own
    assert function is copy.deepcopy(function) is copy.copy(function)


def test_above_lru_cache() -> None:
    """Above a cache every call is seen, and what the cache offers is at hand."""

    @distil
    @functools.lru_cache(maxsize=2)
    def cached(a: int) -> int:
        return a + 1

    with watched() as seen:
        assert [2, 2, 3] == [cached(1), cached(1), cached(2)]

    info: Any = cached
    assert (1, 2, 2) == info.cache_info()[:3]
    assert {"maxsize": 2, "typed": False} == info.cache_parameters()
    info.cache_clear()
    assert 0 == info.cache_info().currsize
    assert [3] == [*seen.times.values()]


def test_below_lru_cache() -> None:
    """Below a cache the calls are seen that get through to the function."""

    @functools.lru_cache
    @distil
    def cached(a: int) -> int:
        return a + 1

    with watched() as seen:
        assert [2, 2, 3] == [cached(1), cached(1), cached(2)]

    assert [({"a": 1}, 2), ({"a": 2}, 3)] == seen.calls


def test_on_functions_that_others_wrapped() -> None:
    """What a decorator of another library adds stays; the signature is the innermost function's."""

    def counted(function: Any) -> Any:
        @functools.wraps(function)
        def count(*args: Any, **kwargs: Any) -> Any:
            count.calls += 1  # type: ignore[attr-defined]
            return function(*args, **kwargs)

        count.calls = 0  # type: ignore[attr-defined]
        return count

    @distil
    @counted
    def wrapped(a: int, b: int = 2) -> int:
        return a * b

    with watched() as seen:
        assert 6 == wrapped(3)

    assert [({"a": 3, "b": 2}, 6)] == seen.calls
    assert 1 == wrapped.__wrapped__.calls
    assert ["a", "b"] == [*inspect.signature(wrapped).parameters]


def test_on_objects_that_wrap() -> None:
    """A decorator that returns an object with `__wrapped__` is no obstacle, nor is an attribute of it that raises."""

    class Decorated:
        def __init__(self, function: Callable[[int], int]) -> None:
            functools.update_wrapper(self, function)

        def __call__(self, *args: Any) -> int:
            return int(self.__wrapped__(*args))  # type: ignore[attr-defined]

        @property
        def fails(self) -> None:
            raise RuntimeError("not now")

        def helper(self) -> str:
            return "help"

    @wrapt.decorator
    def passed(function: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return function(*args, **kwargs)

    @distil
    @passed
    def one(a: int) -> int:
        return a + 1

    @distil
    @Decorated
    def two(a: int) -> int:
        return a + 1

    with watched() as seen:
        assert (2, 3) == (one(1), two(2))

    assert [({"a": 1}, 2), ({"a": 2}, 3)] == seen.calls
    assert "help" == two.helper()


def test_abstract_methods() -> None:
    """An abstract method stays abstract, in either order of decorators."""

    class Base(abc.ABC):
        @distil
        @abc.abstractmethod
        def one(self) -> int: ...

        @abc.abstractmethod
        @distil
        def two(self) -> int: ...

        @distil
        @classmethod
        @abc.abstractmethod
        def three(cls) -> int: ...

    assert {"one", "two", "three"} == Base.__abstractmethods__
    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]


def test_protocols() -> None:
    """A marked method of a protocol is a member of it, and what has it fits the protocol."""

    @runtime_checkable
    class Reads(Protocol):
        @distil
        def read(self, text: str) -> int: ...

    class Reader:
        @distil
        def read(self, text: str) -> int:
            return len(text)

    assert isinstance(Reader(), Reads)
    assert not isinstance(3, Reads)


@typing.overload
def overloaded(value: int) -> int: ...
@typing.overload
def overloaded(value: str) -> str: ...
@distil
def overloaded(value: int | str) -> int | str:
    """Return the value."""
    return value


def test_overloads() -> None:
    """Overloads of a marked function are found; the implementation is the task."""
    with watched() as seen:
        assert (1, "a") == (overloaded(1), overloaded("a"))

    assert 2 == len(typing.get_overloads(overloaded))
    assert [({"value": 1}, 1), ({"value": "a"}, "a")] == seen.calls


def test_above_singledispatch() -> None:
    """Above `singledispatch` every call is seen, and implementations are registered as before."""

    @distil
    @functools.singledispatch
    def shown(value: object) -> str:
        return "object"

    shown.register(int, lambda _: "int")

    with watched() as seen:
        assert ("object", "int") == (shown("x"), shown(1))

    assert [({"value": "x"}, "object"), ({"value": 1}, "int")] == seen.calls


def test_below_singledispatch() -> None:
    """A marked function is an implementation like another, chosen by its annotation."""

    @functools.singledispatch
    def shown(value: object) -> str:
        return "object"

    @shown.register
    @distil
    def shown_int(value: int) -> str:
        return "int"

    with watched() as seen:
        assert ("object", "int") == (shown("x"), shown(1))

    assert [({"value": 1}, "int")] == seen.calls


class Box(Generic[T]):
    """A box."""

    def __init__(self, value: T) -> None:
        self.value = value

    @distil
    def labelled(self, label: str) -> str:
        """Label it."""
        return f"{label}: {self.value}"


def test_generic_classes() -> None:
    """A method of a generic class is a task like another."""
    with watched() as seen:
        assert "a: 1" == Box[int](1).labelled("a")

    assert [({"label": "a"}, "a: 1")] == seen.calls


@dataclass(slots=True)
class Point:
    """A place."""

    x: int
    y: int = 0

    @distil
    def plus(self, other: Point) -> Point:
        """Add."""
        return Point(self.x + other.x, self.y + other.y)


def test_methods_of_slotted_dataclasses() -> None:
    """`self` of a dataclass is part of the call, with slots too."""
    with watched() as seen:
        Point(1).plus(Point(2, 3))

    assert [({"self": {"x": 1, "y": 0}, "other": {"x": 2, "y": 3}}, {"x": 3, "y": 3})] == seen.calls


def test_partial_of_a_marked_function() -> None:
    """A partial and a partialmethod of a marked function call it."""

    class Bound:
        @distil
        def power(self, base: int, exponent: int) -> int:
            return int(base**exponent)

        square = functools.partialmethod(power, exponent=2)

    with watched() as seen:
        assert (9, "bbb") == (Bound().square(3), functools.partial(described, times=3)("b"))

    assert [({"base": 3, "exponent": 2}, 9), ({"text": "b", "times": 3}, "bbb")] == seen.calls


def test_wrong_calls_fail_as_ever() -> None:
    """A call that does not fit raises the original's own TypeError, with a run and without one."""
    messages = set()
    wrong: Any = described
    for call in (wrong, wrong.__wrapped__):
        with pytest.raises(TypeError) as caught:
            call()
        messages.add(str(caught.value))
    with watched(), pytest.raises(TypeError) as caught:
        wrong(1, 2, 3)

    assert {"described() missing 1 required positional argument: 'text'"} == messages
    assert "described() takes 1 positional argument but 3 were given" == str(caught.value)
