from __future__ import annotations

import asyncio
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.text import Json, canonical
from pytest_distil.mark.errors import DataError
from pytest_distil.models.memory import Memory, MemoryModel, features, lookup, majority, nearest, neighbours, remember

TICKETS = remember(
    [
        ({"email": "Where is my parcel? It should have come on Monday."}, '"shipping"'),
        ({"email": "I was charged twice for one order, please refund me."}, '"billing"'),
        ({"email": "The invoice has the wrong address, can you correct it?"}, '"billing"'),
        ({"email": "My password does not work any more."}, '"account"'),
    ]
)
NOTHING = remember([])


def test_lookup() -> None:
    """Looking up finds exactly the same call, whatever the order of its arguments, and no other."""
    memory = remember([({"a": 1, "b": 2}, "3")])

    assert "3" == lookup(memory, {"b": 2, "a": 1})
    assert lookup(memory, {"a": 1, "b": 2.0}) is None
    assert lookup(memory, {"a": 1}) is None


def test_the_last_result_counts() -> None:
    """Of equal calls in several sessions the last one's result is known."""
    assert "4" == lookup(remember([({"a": 1}, "3"), ({"a": 1}, "4")]), {"a": 1})


@pytest.mark.parametrize(
    ("email", "result"),
    [
        ("Where is the parcel that should have come?", '"shipping"'),
        ("please refund the order I was charged for", '"billing"'),
        ("PASSWORD forgotten", '"account"'),
        ("the invoice is wrong", '"billing"'),
    ],
)
def test_nearest(email: str, result: str) -> None:
    """The most similar call is the one that shares the rarest words."""
    assert result == nearest(TICKETS, {"email": email})


def test_nearest_by_parameter() -> None:
    """A value counts for the parameter that it belongs to."""
    memory = remember([({"a": 12, "b": 70}, '"first"'), ({"a": 70, "b": 12}, '"second"')])

    assert '"first"' == nearest(memory, {"a": 12, "b": 5})
    assert '"second"' == nearest(memory, {"a": 5, "b": 12})


def test_nearest_of_short_texts() -> None:
    """Short values are compared by their characters too."""
    memory = remember([({"code": "AX-4411"}, '"ax"'), ({"code": "QR-9920"}, '"qr"')])

    assert '"qr"' == nearest(memory, {"code": "QR-9921"})


def test_nearest_is_exact_first() -> None:
    """A call that is known is its own neighbour, even where it has nothing that tells it apart."""
    memory = remember([({"a": [1, 2]}, '"one"'), ({"a": [2, 1]}, '"other"'), ({"a": [1, 2, 2]}, '"third"')])

    assert ['"one"', '"other"', '"third"'] == [nearest(memory, {"a": a}) for a in ([1, 2], [2, 1], [1, 2, 2])]


def test_nothing_in_common() -> None:
    """Where nothing is shared the first call in the order of texts answers: the same in every run."""
    assert '"account"' != nearest(TICKETS, {"email": "zzz"})
    assert nearest(TICKETS, {"email": "zzz"}) == TICKETS.results[0]


def test_majority() -> None:
    """The commonest result is known, the first by its text where there are several."""
    assert '"billing"' == majority(TICKETS)
    assert "1" == majority(remember([({"a": 1}, "2"), ({"a": 2}, "1")]))


def test_nothing_known() -> None:
    """Without examples there is no result."""
    assert (None, None, None) == (lookup(NOTHING, {}), nearest(NOTHING, {"a": 1}), majority(NOTHING))
    assert [] == neighbours(NOTHING, {"a": 1}, k=3)


calls = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 30) | st.text("xyz ", max_size=8))


@given(st.lists(calls), calls, st.integers(0, 5))
def test_neighbours(known: list[Json], arguments: Json, k: int) -> None:
    """Searching finds the calls that comparing with each one finds, equal ones first."""
    memory = remember([(call, "1") for call in known])
    by_hand = sorted(similarities(memory, arguments), reverse=True)[:k]
    found = neighbours(memory, arguments, k=k)
    scores = similarities(memory, arguments)

    assert min(k, len(memory.calls)) == len(found) == len(set(found))
    assert pytest.approx(by_hand) == [scores[place] for place in found]


@given(st.lists(st.tuples(calls, st.just("1"))), st.randoms())
def test_order_makes_no_difference(examples: list[tuple[Json, str]], chance: random.Random) -> None:
    """Sessions that hold the same calls in another order make the same memory."""
    shuffled = list(examples)
    chance.shuffle(shuffled)

    assert remember(examples) == remember(shuffled)


def similarities(memory: Memory, arguments: Json) -> list[float]:
    """Return how similar each known call is, by going through all; infinitely so where it is equal."""
    known = [set(features(call)) for call in memory.calls]
    asked = set(features(arguments))
    weights = {
        feature: math.log(len(known) / sum(feature in one for one in known)) ** 2 for feature in set().union(*known)
    }
    lengths = [math.sqrt(sum(weights[feature] for feature in one)) for one in known]
    shared = [sum(weights[feature] for feature in one & asked) for one in known]
    return [
        math.inf if canonical(call) == canonical(arguments) else sum_ / length if length else 0.0
        for call, sum_, length in zip(memory.calls, shared, lengths, strict=True)
    ]


def session(folder: Path, *lines: Any) -> Path:
    """Write the examples of a session."""
    path = folder / "calls.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def line(task: str, a: int, result: Json, *, held_out: str | bool = False) -> dict[str, Any]:
    """Return a line of `calls.jsonl`, as far as memory reads it."""
    return {"v": 1, "task": task, "arguments": {"a": a}, "result": result, "held_out": held_out}


def ask(how: str, files: list[Path], task: str, a: int) -> Answer:
    """Ask a memory."""
    return asyncio.run(MemoryModel.read(how, files).ask(Prompt(task, {"a": a}, {})))


def test_model(tmp_path: Path) -> None:
    """Each task answers from its own examples, with results as they are encoded, without a request."""
    file = session(tmp_path, line("t", 1, {"x": "ä"}), line("t", 2, {"x": "ä"}), line("u", 1, 5))

    assert Answer(result='{"x":"ä"}') == ask("lookup", [file], "t", 2)
    assert Answer(result="5") == ask("nearest", [file], "u", 9)
    assert Answer(result='{"x":"ä"}') == ask("majority", [file], "t", 9)


@pytest.mark.parametrize("held_out", ["input", "pattern"])
def test_held_out_is_not_known(tmp_path: Path, held_out: str) -> None:
    """Calls that are held out are not memorised."""
    file = session(tmp_path, line("t", 1, 5, held_out=held_out))

    assert "not among the training examples" == ask("lookup", [file], "t", 1).invalid
    assert "not among the training examples" == ask("nearest", [file], "t", 1).invalid


def test_other_files(tmp_path: Path) -> None:
    """A file that is no session's is refused, with the line."""
    with pytest.raises(DataError, match=r"calls.jsonl:2: not an example of a session"):
        MemoryModel.read("lookup", [session(tmp_path, line("t", 1, 5), {"task": "t"})])
