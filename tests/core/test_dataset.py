"""On which side of the split a call is, and in which file: pure functions that names do not move."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core import dataset
from pytest_distil.core.call import Example
from pytest_distil.core.dataset import Cap, Rules, held_out_side, part_of
from support.briefs import brief_of

BRIEF = brief_of(str, defaults={"urgent": False})
MAILS: list[dict[str, Any]] = [{"email": f"mail {n}", "urgent": False} for n in range(500)]


def sides(rules: Rules, **changes: Any) -> list[object]:
    """Return the side of each mail for a brief that is changed."""
    brief = brief_of(str, **{"defaults": {"urgent": False}, **changes})
    return [held_out_side(brief, mail, (f"t.py::test[{n}]",), rules) for n, mail in enumerate(MAILS)]


def test_a_share_is_held_out() -> None:
    """About as many calls as asked for are held out, as new inputs; with 0 none, whatever the rule."""
    held_out = sides(Rules(holdout=0.2)).count("input")

    assert 70 <= held_out <= 130
    assert 500 == sides(Rules(holdout=0)).count(False)


def test_more_hold_out_only_adds() -> None:
    """Raising the share moves no held-out call back to training."""
    some, more = sides(Rules(holdout=0.2)), sides(Rules(holdout=0.4))

    assert all(side == "input" for side, before in zip(more, some, strict=True) if before)


@pytest.mark.parametrize("changes", [{"task": "a.b"}, {"name": "x"}, {"docstring": ""}, {"dataset": "other"}])
def test_names_move_nothing(changes: dict[str, Any]) -> None:
    """Renaming a task or wording it anew leaves every call on its side."""
    assert sides(Rules()) == sides(Rules(), **changes)


def test_a_new_default_moves_nothing() -> None:
    """A parameter that is added with a default leaves the calls that do not give it on their side."""
    brief = brief_of(str, defaults={"urgent": False, "lang": "en"}, parameters=("email", "urgent", "lang"))
    with_it = [held_out_side(brief, {**mail, "lang": "en"}, ("t::a",), Rules()) for mail in MAILS]

    assert sides(Rules()) == with_it


LIKE: list[Any] = [None, False, 0, 0.0, -0.0, "", [], {}]


@pytest.mark.parametrize("value", LIKE, ids=repr)
def test_a_default_counts_as_not_given_where_its_json_is_the_same(value: Any) -> None:
    """Values that Python calls equal are told apart: `0`, `0.0`, `-0.0` and `False`."""
    bare = [{"email": mail["email"]} for mail in MAILS]
    without = [held_out_side(brief_of(str), mail, (), Rules()) for mail in bare]
    found = []
    for default in LIKE:
        brief = brief_of(str, defaults={"urgent": default})
        found.append(without == [held_out_side(brief, {**mail, "urgent": value}, (), Rules()) for mail in bare])

    assert [repr(value) == repr(default) for default in LIKE] == found


def test_a_group_goes_together() -> None:
    """With a declared group its value alone decides, and held-out calls are new patterns."""
    brief = brief_of(str, group="email")
    found = {held_out_side(brief, {"email": "x", "urgent": n}, (f"t::{n}",), Rules()) for n in range(50)}

    assert 1 == len(found)
    assert "pattern" in {held_out_side(brief, mail, ("t::a",), Rules()) for mail in MAILS}


def test_whole_tests_go_together() -> None:
    """By test, all parameters of a test function share its side; a call of several is held out where any is."""
    rules = Rules(holdout_by="test")
    of = {name: held_out_side(BRIEF, MAILS[0], (f"t.py::{name}[a::b-1]",), rules) for name in map(str, range(50))}
    again = {name: held_out_side(BRIEF, MAILS[1], (f"t.py::{name}[c]",), rules) for name in of}
    out = next(name for name, side in of.items() if side)
    kept = next(name for name, side in of.items() if not side)

    assert {False, "pattern"} == set(of.values())
    assert of == again
    assert "pattern" == held_out_side(BRIEF, MAILS[0], (f"t.py::{kept}", f"t.py::{out}"), rules)


@pytest.mark.parametrize(
    ("node_id", "function"),
    [
        ("a/test_b.py::test_c", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c[1-x]", "a/test_b.py::test_c"),
        ("a/test_b.py::TestD::test_c[k::v-[1]]", "a/test_b.py::TestD::test_c"),
        ("a[1]/test_b.py::test_c[2]", "a[1]/test_b.py::test_c"),
    ],
)
def test_the_function_of_a_node_id(node_id: str, function: str) -> None:
    """Parameters are cut off, whatever characters are in them."""
    assert function == dataset.test_function(node_id)


def test_a_path_that_is_not_utf8() -> None:
    """A node id with a lone surrogate, as such a path gives, is split like any other."""
    rules = Rules(holdout_by="test")

    assert held_out_side(BRIEF, MAILS[0], ("\udcff.py::test",), rules) in (False, "pattern")


def test_validation_is_carved_from_training() -> None:
    """Held-out calls are never validation, and about the share asked for of the others is."""
    parts = [part_of(BRIEF, example(mail, side), Rules()) for mail, side in zip(MAILS, sides(Rules()), strict=True)]

    assert parts.count("held_out") == sides(Rules()).count("input")
    assert 20 <= parts.count("validation") <= 65
    assert 500 == parts.count("train") + parts.count("validation") + parts.count("held_out")


def example(arguments: dict[str, Any], held_out: Any) -> Example:
    """Return an example of a call."""
    return Example(
        task=BRIEF.task,
        dataset=BRIEF.dataset,
        fingerprint="",
        arguments=arguments,
        result="spam",
        held_out=held_out,
        group=None,
        tests=("t::a",),
    )


def made_by(digits: str, *tests: str, task: str = "mail.triage") -> Example:
    """Return an example of some tests."""
    return Example(task, task, digits, {"email": digits}, "spam", held_out=False, group=None, tests=tests)


def test_a_test_function_is_capped() -> None:
    """Of each test function and task the examples with the smallest fingerprints are taken, over all its parameters."""
    examples = [made_by(f"{n:x}", f"t.py::test[{n}]") for n in range(5)]
    others = [made_by("0", "t.py::test[0]", task="mail.other"), made_by("1", "t.py::test[1]", task="mail.other")]
    cap = Cap(2)

    assert [True, True, False, False, False, True, True] == list(map(cap.takes, [*examples, *others]))


def test_what_another_test_has_room_for_is_taken() -> None:
    """An example of several test functions is left out where none of them has room."""
    cap = Cap(1)
    examples = [made_by("0", "t.py::a"), made_by("1", "t.py::a", "t.py::b"), made_by("2", "t.py::a", "t.py::b")]

    assert [True, True, False] == list(map(cap.takes, examples))


def test_what_is_not_capped() -> None:
    """Without a cap, and without a test, everything is taken."""
    assert all(map(Cap(None).takes, [made_by(str(n), "t.py::a") for n in range(9)]))
    assert all(map(Cap(1).takes, [made_by(str(n)) for n in range(9)]))
