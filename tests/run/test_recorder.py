"""Collecting on the test's side: every call is recorded or counted, and nobody notices."""

from __future__ import annotations

import copy
import functools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
from pydantic import BaseModel, field_validator

from pytest_distil import distil
from pytest_distil.core import call as reasons
from pytest_distil.run.attempt import Attempt
from support.kinds import Leafy
from support.watching import watched


class Animal(BaseModel):
    name: str


class Dog(Animal):
    tricks: list[str] = []


@distil
def same(value: Any) -> Any:
    """Return what is given."""
    return value


@distil
def total(items: list[int]) -> int:
    """Add, and leave nothing of the list."""
    found = sum(items)
    items.clear()
    return found


@pytest.mark.parametrize(
    "value",
    [3, "text", [1], {"a": 1}, object(), Leafy(a=1), iter([1]), mock.MagicMock(), float("nan"), "\ud800", b"\xff", int],
    ids=range(12),
)
def test_results_are_handed_on(value: Any) -> None:
    """What the original returns is returned, the same object, whether it could be recorded or not."""
    with watched() as seen:
        assert value is same(value)

    assert 1 == sum(seen.times.values()) + sum(seen.left_out.values())


def test_repeated_calls() -> None:
    """Equal calls are one row that says how often."""
    with watched() as seen:
        for value in (1, 2, 1, 1.0, True):
            same(value)

    assert [(1, 1), (2, 2), (1.0, 1.0), (True, True)] == [(one["value"], result) for one, result in seen.calls]
    assert [2, 1, 1, 1] == [times for *_, times in seen.payload["rows"]]


def test_arguments_are_snapshots() -> None:
    """Arguments are those that the call was made with, whatever the original does to them."""
    items = [1, 2]
    with watched() as seen:
        assert 3 == total(items)

    assert [] == items
    assert [({"items": [1, 2]}, 3)] == seen.calls


def test_results_are_snapshots() -> None:
    """A result is what was returned, whatever the test does to it afterwards."""

    @distil
    def dog(name: str) -> Dog:
        return Dog(name=name)

    with watched() as seen:
        for made in (dog("a"), dog("b")):
            made.tricks.append("sit")
            made.name = "?"

    assert [{"name": "a", "tricks": []}, {"name": "b", "tricks": []}] == [result for _, result in seen.calls]


def test_mutable_defaults() -> None:
    """A default that the function changes is recorded as it was at each call."""

    @distil
    def grow(a: int, seen: list[int] = []) -> int:  # noqa: B006 - what is tested
        seen.append(a)
        return len(seen)

    with watched() as found:
        assert [1, 2] == [grow(5), grow(5)]

    assert [({"a": 5, "seen": []}, 1), ({"a": 5, "seen": [5]}, 2)] == found.calls


def test_defaults_without_json() -> None:
    """A default that has no JSON form leaves the call out that uses it, and says how to go on."""

    @distil
    def default(a: int, session: object = object()) -> int:
        return a

    with watched() as seen:
        assert (1, 2) == (default(1), default(2, session=3))

    assert [({"a": 2, "session": 3}, 2)] == seen.calls
    assert ["$.session: an object has no JSON form; to leave it out of the call: @distil(exclude='session')"] == (
        seen.details
    )


def test_subclasses_behind_a_base() -> None:
    """An argument is recorded with all its fields; a result that the annotation would cut is left out."""

    @distil
    def rename(animal: Animal, name: str) -> Animal:
        return animal.model_copy(update={"name": name})

    with watched() as seen:
        rename(Animal(name="a"), "b")
        rename(Dog(name="a", tricks=["sit"]), "b")

    assert [{"name": "b"}] == [result for _, result in seen.calls]
    assert {reasons.RESULT: 1} == seen.left_out
    assert ["$: a Dog comes back from JSON as an Animal"] == seen.details


def test_wrong_calls() -> None:
    """A call that Python refuses is refused by the original, with its own words, and counted."""
    wrong: Any = total
    messages = []
    for _ in range(2):
        with pytest.raises(TypeError) as caught:
            wrong(1, 2)
        messages.append(str(caught.value))
        with watched() as seen, pytest.raises(TypeError) as caught:
            wrong(1, 2)
        messages.append(str(caught.value))

    assert {"total() takes 1 positional argument but 2 were given"} == {*messages}
    assert {reasons.ARGUMENT: 1} == seen.left_out
    assert ["$: the call does not fit the signature"] == seen.details


def test_calls_that_do_not_fit_and_work() -> None:
    """A decorator that brings arguments of its own makes calls that the signature does not explain: counted."""

    def injecting(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def call(*args: Any) -> Any:
            return function(*args, session="injected")

        return call

    @distil
    @injecting
    def with_session(a: int, *, session: str) -> str:
        return f"{a} {session}"

    with watched() as seen:
        assert "1 injected" == with_session(1)

    assert ["$: the call does not fit the signature"] == seen.details


def test_randomness_is_not_touched() -> None:
    """Recording draws no random numbers."""
    random.seed(1)
    before = random.getstate()
    with watched() as seen:
        for value in ([1], {"a", "b"}, Leafy(a=1), object(), 1.5):
            same(value)

    assert before == random.getstate()
    assert 5 == sum(seen.times.values()) + sum(seen.left_out.values())


def test_arguments_are_the_same_objects() -> None:
    """The original gets the very objects that the caller gave."""
    given = {"a": [1]}

    @distil
    def keeps(value: dict[str, list[int]], *rest: object, **more: object) -> int:
        assert value is given
        assert rest[0] is given
        assert more["k"] is given
        return 1

    before = copy.deepcopy(given)
    with watched() as seen:
        keeps(given, given, k=given)

    assert before == given
    assert [({"value": {"a": [1]}, "rest": [{"a": [1]}], "more": {"k": {"a": [1]}}}, 1)] == seen.calls


def test_iterators_are_not_consumed() -> None:
    """A function that takes and returns an iterator works as ever."""

    @distil
    def doubled(numbers: Iterator[int]) -> Iterator[int]:
        return (2 * n for n in numbers)

    with watched() as seen:
        assert [2, 4] == [*doubled(iter([1, 2]))]

    assert 1 == sum(seen.left_out.values())


def test_descriptions_are_few() -> None:
    """Of a thousand calls that are left out for one reason twenty are described, and all are counted."""
    with watched() as seen:
        for n in range(1000):
            same({f"key_{n}": object()})

    assert {reasons.ARGUMENT: 1000} == seen.left_out
    assert 21 == len(seen.details)
    assert "and more like these" == max(seen.details)
    assert "$.value.key_0: an object has no JSON form; to leave it out of the call: @distil(exclude='value')" in (
        seen.details
    )


def test_what_is_sent_is_ascii() -> None:
    """What travels is plain JSON in ASCII, with lone surrogates of a user's own message in it too."""

    class Loud(BaseModel):
        a: int

        @field_validator("a")
        @classmethod
        def fails(cls, _: int) -> int:
            raise ValueError("\ud800 näh")

    with watched() as seen:
        same(Loud.model_construct(a=-1))
        same("ä")
    sent = json.dumps(seen.payload)

    assert sent.isascii()
    assert "\\\\ud800" in sent
    json.loads(sent)


def test_briefs_travel_once() -> None:
    """A task's brief comes with its first row, and not again."""
    with watched() as seen:
        same(1)
        first = seen.payload
        seen.recorder.attempt = Attempt("t.py::next")
        same(2)
        second = seen.recorder.payload(seen.recorder.attempt)

    assert [[f"{__name__}.same"], []] == [[one["task"] for one in each["briefs"]] for each in (first, second)]
    assert [1, 1] == [len(each["rows"]) for each in (first, second)]


@dataclass
class Parser:
    """`self` of a dataclass is part of the call."""

    base: int = 10
    cache: dict[str, int] = field(default_factory=dict)

    @distil
    def parse(self, text: str) -> int:
        self.cache[text] = int(text, self.base)
        return self.cache[text]


class Plain:
    """`self` of a class without fields is not."""

    @distil
    def parse(self, text: str) -> int:
        return int(text)


def test_self() -> None:
    """`self` of a model or dataclass is recorded as it was before; any other is no part of the call, and it is said."""
    with watched() as seen:
        Parser(2).parse("11")
        Plain().parse("11")

    assert [({"self": {"base": 2, "cache": {}}, "text": "11"}, 3), ({"text": "11"}, 11)] == seen.calls
    assert ["self", "text"] == seen.brief(f"{__name__}.Parser.parse")["parameters"]
    assert (["text"], ["self"]) == (
        seen.brief(f"{__name__}.Plain.parse")["parameters"],
        seen.brief(f"{__name__}.Plain.parse")["excluded"],
    )
