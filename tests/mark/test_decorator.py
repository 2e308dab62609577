"""`@distil`: what can be a task, and what is said of what cannot."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

import pytest

from pytest_distil import Compare, DeclarationError, distil
from pytest_distil.mark.task import Task, find
from support.watching import watched


def declared(marked: Callable[..., Any]) -> Task:
    """Return the task of a marked function."""
    function = getattr(marked, "__func__", marked)
    task = find(f"{function.__module__}.{function.__qualname__}")
    assert task is not None
    return task


class Parser:
    """Every kind of method, marked in either order."""

    @distil
    def method(self, text: str) -> int:
        return len(text)

    @classmethod
    @distil
    def class_above(cls, text: str) -> int:
        return len(text)

    @distil
    @classmethod
    def class_below(cls, text: str) -> int:
        return len(text)

    @staticmethod
    @distil
    def static_above(text: str) -> int:
        return len(text)

    @distil
    @staticmethod
    def static_below(text: str) -> int:
        return len(text)


KINDS = {
    "method": "method",
    "class_above": "classmethod",
    "class_below": "classmethod",
    "static_above": "staticmethod",
    "static_below": "staticmethod",
}


@pytest.mark.parametrize("name", KINDS)
def test_methods(name: str) -> None:
    """A method of each kind, in either order of decorators, works on objects and records its arguments alone."""
    with watched() as seen:
        result = getattr(Parser(), name)("abc")

    assert 3 == result
    assert [({"text": "abc"}, 3)] == seen.calls
    assert KINDS[name] == declared(getattr(Parser, name)).kind


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind != "method"])
def test_methods_of_the_class(name: str) -> None:
    """Class methods and static methods work on the class too, and stay what they were for whoever looks."""
    assert 3 == getattr(Parser, name)("abc")
    assert KINDS[name] == type(vars(Parser)[name]).__name__


def test_functions() -> None:
    """A function is marked with and without brackets; outside of a run it does what it did."""

    @distil
    def bare(a: int) -> int:
        return a + 1

    @distil()
    def called(a: int) -> int:
        return a + 1

    assert (2, 2) == (bare(1), called(1))


@pytest.mark.asyncio
async def test_coroutine_functions() -> None:
    """A coroutine function is awaited, and the call is recorded with what it came to."""

    @distil
    async def slow(a: int) -> int:
        return a + 1

    with watched() as seen:
        result = await slow(1)

    assert 2 == result == await slow(1)
    assert [({"a": 1}, 2)] == seen.calls


def test_options() -> None:
    """Every option reaches the task; what is not given has the default that the documentation says."""

    @distil(name="shop.price", dataset="shop", group="text", instructions="Say it.", exclude="client", format="tools")
    def price(text: str, client: object) -> float:
        return float(text)

    @distil
    def plain(text: str) -> float:
        return float(text)

    task = find("shop.price")
    assert task is not None
    assert ("shop", "text", "Say it.", "tools") == (task.dataset, task.group, task.instructions, task.format)
    assert frozenset({"client"}) == task.exclude
    assert declared(plain).name == declared(plain).dataset
    assert (None, None, None, frozenset(), None, "run") == (
        declared(plain).group,
        declared(plain).instructions,
        declared(plain).format,
        declared(plain).exclude,
        declared(plain).compare,
        declared(plain).original,
    )
    assert 1.5 == price("1.5", None)


def function(text: str, times: int = 1) -> str:
    """Repeat text."""
    return text * times


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": "tex"}, "exclude names 'tex'; the parameters are text, times"),
        ({"exclude": {"text", "session"}}, "exclude names 'session'"),
        ({"group": "client"}, "group names 'client'; the parameters are text, times"),
        ({"group": "text", "exclude": "text"}, "group 'text' is excluded from the call; a group must be part of it"),
        ({"original": "always"}, "original is 'run' or 'recorded', not 'always'"),
        ({"compare": {"a": 1}}, r"compare takes Compare\(fields=\{...\}\), not"),
        ({"format": "xml"}, "format is one of 'json_schema', 'tools', 'functions', not 'xml'"),
        ({"format": "raw"}, "format is one of"),
        ({"name": "two\nlines"}, "name is a line of text"),
        ({"name": "\ud800"}, "name is a line of text"),
        ({"name": ""}, "name is a line of text, not ''"),
        ({"dataset": 5}, "dataset is a line of text, not 5"),
        ({"instructions": 5}, "instructions are text, not 5"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    """An option that contradicts the function or another one is refused where it stands, by name."""
    with pytest.raises(DeclarationError, match=message):
        distil(**options)(function)


def test_unknown_options() -> None:
    """An option that does not exist is a TypeError, as for any function."""
    with pytest.raises(TypeError, match="title"):
        distil(title="x")(function)  # type: ignore[call-overload]


def test_bad_rules() -> None:
    """A rule for comparing is one of those that exist."""
    with pytest.raises(DeclarationError, match=r"the rule for 'total' is 'close'; use similar\(\)"):
        Compare(fields={"total": "close"})  # type: ignore[dict-item]


def generator() -> Iterator[int]:
    """Yield."""
    yield 1


async def async_generator() -> AsyncIterator[int]:
    """Yield."""
    yield 1


class Other:
    """What cannot be marked."""

    def __init__(self) -> None:
        """Make one."""

    def __new__(cls) -> Self:
        return super().__new__(cls)

    def _it(self) -> int:
        return 1

    it = property(_it)
    once = functools.cached_property(_it)
    once.__set_name__(None, "once")  # type: ignore[arg-type]
    part = functools.partialmethod(_it)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (generator, "the generator 'generator': its result is not one value; mark a function that returns a list"),
        (async_generator, "the generator 'async_generator'"),
        (staticmethod(generator), "the generator 'generator'"),
        (vars(Other)["__init__"], "the constructor 'Other.__init__': it has no result; mark a function that makes"),
        (vars(Other)["__new__"].__func__, "the constructor 'Other.__new__'"),
        (vars(Other)["__new__"], "the constructor 'Other.__new__'"),
        (vars(Other)["it"], "a property: a property has no call; move its body into a method and mark that"),
        (vars(Other)["once"], "a property"),
        (classmethod(vars(Other)["it"]), "a property"),
        (vars(Other)["part"], "an object of type 'partialmethod': mark the function that it calls"),
        (functools.partial(function, times=2), "an object of type 'partial': mark the function that it calls"),
        (staticmethod(functools.partial(function)), "an object of type 'partial'"),
        (Other, "the class 'Other': mark the function that makes one"),
        (len, "an object of type 'builtin_function_or_method'"),
        ("name", "an object of type 'str'"),
        (3, "an object of type 'int'"),
    ],
)
def test_what_cannot_be_a_task(target: Any, message: str) -> None:
    """What has no one result, or is no function, is refused at decoration with a message that says what to do."""
    with pytest.raises(DeclarationError, match=message):
        distil(target)


def test_two_marks() -> None:
    """A function that is marked already is refused, whatever stands between the marks: its calls would count twice."""
    once = distil(name="twice")(function)

    @functools.wraps(once)
    def between(*args: Any) -> Any:
        return once(*args)

    for target in (once, between):
        with pytest.raises(DeclarationError, match="marks 'function' twice; keep one of the marks"):
            distil(name="again")(target)
