"""What must not be touched is found before anything touches it, at any depth."""

from __future__ import annotations

import asyncio
import collections
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from pydantic import BaseModel

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter
from pytest_distil.core.guard import refuse_untouchable
from pytest_distil.core.own_type import encode_argument
from support.kinds import Leafy, numbered


class Holder(BaseModel):
    """Holds anything."""

    held: Any


@dataclass(slots=True)
class Slot:
    """Holds anything."""

    held: Any


class Pages:
    """An iterator that is no generator."""

    def __init__(self) -> None:
        self.left = 3

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.left -= 1
        return self.left


def iterators() -> dict[str, Any]:
    """Return one-shot things of all sorts, new ones at each call."""
    return {
        "generator": (n for n in range(3)),
        "list_iterator": iter([1, 2, 3]),
        "zip": zip([1, 2], [3, 4], strict=True),
        "map": map(str, [1, 2]),
        "_csv.reader": csv.reader(io.StringIO("a\nb")),
        "StringIO": io.StringIO("a\nb"),
        "Pages": Pages(),
    }


WRAPPINGS: dict[str, Callable[[Any], Any]] = {
    "bare": lambda it: it,
    "list": lambda it: [1, it],
    "tuple": lambda it: (it,),
    "dict": lambda it: {"a": {"b": it}},
    "set": lambda it: {it},
    "deque": lambda it: collections.deque([it]),
    "model": lambda it: Holder(held=[it]),
    "constructed": lambda it: Leafy.model_construct(a=it),
    "dataclass": lambda it: Slot([it]),
    "counter": lambda it: collections.OrderedDict(a=it),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", iterators())
def test_iterators_are_never_consumed(kind: str, wrapping: str) -> None:
    """An iterator at any depth is refused, by whatever way it comes, and still gives all it has."""
    iterator = iterators()[kind]
    value = WRAPPINGS[wrapping](iterator)
    for encode in (refuse_untouchable, Adapter(Any).encode, lambda one: encode_argument(one, None)):
        with pytest.raises(EncodingError, match="is an iterator, which recording would consume"):
            encode(value)

    assert next(iterators()[kind]) == next(iterator)


@pytest.mark.parametrize(
    "annotation", [Iterable[int], list[Any], collections.deque[Any], dict[str, Any], set[Any], tuple[Any, ...]]
)
def test_annotations_open_no_way(annotation: Any) -> None:
    """An iterator is refused under an annotation that would iterate, too."""
    iterator = iter([1, 2])
    values: list[Any] = [iterator, [iterator], (iterator,), {"a": iterator}, collections.deque([iterator])]
    for value in values:
        with pytest.raises(EncodingError):
            encode_argument(value, Adapter(annotation))

    assert [1, 2] == [*iterator]


class MyMock(mock.MagicMock):
    """A mock of one's own."""


MOCKS = [
    mock.Mock(),
    mock.MagicMock(spec=Leafy),
    mock.MagicMock(spec=[], return_value=3),
    mock.AsyncMock(),
    mock.create_autospec(Leafy, instance=True),
    mock.NonCallableMock(),
    MyMock(),
    mock.sentinel.some,
    mock.call(1),
]


@pytest.mark.parametrize("value", MOCKS, ids=numbered(MOCKS))
def test_mocks(value: Any) -> None:
    """A mock is no value, whatever it pretends to be."""
    for held in (value, [value], {"a": (value,)}, Leafy.model_construct(a=value)):
        with pytest.raises(EncodingError, match="is no value"):
            refuse_untouchable(held)


async def coroutine() -> None:
    """Do nothing."""


def test_awaitables() -> None:
    """What must be awaited is refused, and neither awaited nor closed."""
    made = coroutine()
    with pytest.raises(EncodingError, match="a coroutine must be awaited"):
        refuse_untouchable([made])

    asyncio.run(made)


def test_where_it_stands() -> None:
    """The path leads to what was refused."""
    with pytest.raises(EncodingError) as caught:
        refuse_untouchable({"a": [1, Slot(held={"b": iter([])})]})

    assert "$.a[1].held.b: a list_iterator is an iterator, which recording would consume" == str(caught.value)


PASSING = [1, "a", b"a", None, [1, {"a": (2.5, {3})}], range(3), {"a": 1}.keys(), Leafy(a=1), Slot(1), Leafy, object()]


@pytest.mark.parametrize("value", PASSING, ids=numbered(PASSING))
def test_what_may_be_touched(value: Any) -> None:
    """Everything else passes; whether it has a JSON form is another question."""
    refuse_untouchable(value)
