"""Calls have fingerprints, and examples read back as they were."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.call import Example, LeftOut, fingerprint
from pytest_distil.core.text import Json

EXAMPLE = Example(
    task="shop.price",
    dataset="shop",
    fingerprint="f" * 32,
    arguments={"text": "ä", "n": [1, 2.5, None]},
    result={"total": "3.50"},
    held_out="pattern",
    group='"x"',
    tests=("t.py::one", "t.py::two"),
)

arguments = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()))


@given(given_arguments=arguments, order=st.randoms(use_true_random=False))
def test_equal_calls(given_arguments: dict[str, Json], order: object) -> None:
    """The order of keys makes no difference; the task's name and every value do."""
    keys = list(given_arguments)
    order.shuffle(keys)  # type: ignore[attr-defined]
    turned = {key: given_arguments[key] for key in keys}

    assert fingerprint("f", given_arguments) == fingerprint("f", turned)
    assert fingerprint("f", given_arguments) != fingerprint("g", given_arguments)
    assert fingerprint("f", given_arguments) != fingerprint("f", {**given_arguments, "more": 1})


def test_numbers_of_other_types() -> None:
    """`1`, `1.0`, `True` and `"1"` are different arguments."""
    assert 4 == len({fingerprint("f", {"a": value}) for value in (1, 1.0, True, "1")})


def test_pinned() -> None:
    """A fingerprint is the same in every version: sessions, answers and reports go by it."""
    assert "e805cbff36ef597ee95daa776c17d533" == fingerprint("shop.price", {"text": "ä", "n": [1, 2.5, None]})


def test_lines() -> None:
    """A line of calls.jsonl has the names that are published, and reads back as it was."""
    data = json.loads(json.dumps(EXAMPLE.to_json()))

    assert ["v", "task", "dataset", "fingerprint", "arguments", "result", "held_out", "group", "tests"] == [*data]
    assert 1 == data["v"]
    assert EXAMPLE == Example.from_json(data)
    assert replace(EXAMPLE, held_out=False, group=None) == Example.from_json({**data, "held_out": False, "group": None})
    assert EXAMPLE == Example.from_json({**data, "block_of_a_later_version": 1})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**EXAMPLE.to_json(), "v": 2}, "not an example of version 1"),
        ([], "not an example of version 1"),
        (None, "not an example of version 1"),
        ({"v": 1, "task": "f"}, "an example without 'dataset'"),
    ],
)
def test_what_is_no_line(data: Json, message: str) -> None:
    """What is no example of a known version says so."""
    with pytest.raises(ValueError, match=message):
        Example.from_json(data)


def test_left_out() -> None:
    """Calls that were left out are told apart by what is said of them, and sorted by it."""
    assert LeftOut("a", "f") == LeftOut("a", "f", "", "")
    assert [LeftOut("a", "f"), LeftOut("a", "g"), LeftOut("b", "f")] == sorted(
        [LeftOut("b", "f"), LeftOut("a", "g"), LeftOut("a", "f")]
    )
