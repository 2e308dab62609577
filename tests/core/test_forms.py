from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest

from pytest_distil.core.codec import Adapter, NoSchemaError
from pytest_distil.core.forms import Forms
from pytest_distil.core.own_type import decode_as, encode_argument
from pytest_distil.mark.errors import EncodingError
from support.kinds import Leafy


class Coin:
    """A class that pydantic knows nothing of."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


class Other(Coin):
    """Another one."""


def encode(value: Any) -> Any:
    """Write coins of positive value."""
    if not isinstance(value, Coin):
        return None
    if value.cents < 0:
        raise RuntimeError(f"debt of {-value.cents}")
    return value.cents


def decode(kind: type[Any], data: Any) -> Any:
    """Read coins."""
    return kind(data) if issubclass(kind, Coin) else None


FORMS = Forms(encode, decode, schema=lambda kind: {"type": "integer"} if kind is Coin else None)


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (Coin, Coin(3), "3"),
        (list[Coin] | None, [Coin(1), Coin(2)], "[1,2]"),
        (list[Coin] | None, None, "null"),
        (dict[str, tuple[Coin, int]], {"a": (Coin(1), 2)}, '{"a":[1,2]}'),
        (Other, Other(3), "3"),
        (Leafy, None, None),
    ],
)
def test_round_trip(annotation: Any, value: Any, text: str | None) -> None:
    """A type that stands anywhere in an annotation is written and read as is said; known ones are left alone."""
    adapter = Adapter(annotation, forms=FORMS)
    if text is None:
        assert [] == adapter.forms
        return

    assert text == adapter.encode(value)
    assert text == adapter.encode(adapter.decode(text))
    assert text == encode_argument(value, None, FORMS)


def test_the_schema() -> None:
    """It stands in the annotation's, and is unknown where one part's is."""
    assert {"type": "array", "items": {"type": "integer"}} == Adapter(list[Coin], forms=FORMS).schema()
    assert Adapter(tuple[Coin, Other], forms=FORMS).schema() is None


def test_without_forms_nothing_has_changed() -> None:
    """Such a type has no schema then, and its values have no JSON form."""
    with pytest.raises(NoSchemaError):
        Adapter(Coin)
    with pytest.raises(EncodingError, match=r"^\$: a Coin has no JSON form$"):
        encode_argument(Coin(1), None)


def test_a_type_is_read_as_it_was_seen() -> None:
    """Without an annotation too."""
    read = decode_as(Coin, "7", FORMS)

    assert (Coin, 7) == (type(read), read.cents)


def test_a_subclass_is_lost_behind_its_base() -> None:
    """What would come back as another type is left out, and an argument is written by its own type."""
    with pytest.raises(EncodingError, match="an Other comes back from JSON as a Coin"):
        Adapter(Coin, forms=FORMS).encode(Other(1))

    assert "1" == encode_argument(Other(1), Adapter(Coin, forms=FORMS), FORMS)


def test_each_thread_hears_of_its_own_trouble() -> None:
    """What one value's writing was stopped by is not said of another."""
    adapter, both, said = Adapter(list[Coin], forms=FORMS), Barrier(2), set()

    def work(cents: int) -> None:
        both.wait()
        for _ in range(200):
            try:
                adapter.encode([Coin(cents)])
            except EncodingError as error:
                said.add((cents, "debt of " + error.message.partition("debt of ")[2]))

    threads = [Thread(target=work, args=(cents,)) for cents in (-1, -2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(-1, "debt of 1"), (-2, "debt of 2")} == {(cents, text.partition(" (")[0]) for cents, text in said}
