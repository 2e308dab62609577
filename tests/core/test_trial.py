import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.trial import Difference, Ignored, Trial, covers, field_of, fields_of, leaves
from support.hostile import HOSTILE
from support.reports import receipt, repeated, triage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("wrong", [None, "label", "invalid", "failed", "unscored", "ignored"])
def test_survives_a_file(wrong: str | None) -> None:
    """What is read from a file is written to it again as it was."""
    written = json.loads(json.dumps(triage(5, wrong=wrong, pinned=True, again=("label",)).to_json()))

    assert written == Trial.from_json(written).to_json()


def test_a_trial_that_differs_is_read_back_whole() -> None:
    """Nothing of a differing trial is lost but what the file adds: the digest of the original's result."""
    trial = receipt(7, wrong="items[0].price", ignored=(Ignored("shop", "free text"),))
    again = Trial.from_json(json.loads(json.dumps(trial.to_json())))

    assert again.digest is not None
    assert (trial.differences, trial.ignored, trial.original) == (again.differences, again.ignored, again.original)


def test_agreement_carries_no_values() -> None:
    """A trial that agrees gives away neither arguments nor results, with repeats too."""
    trial = repeated(triage(3), "agree", "agree")
    written = trial.to_json()

    assert not {"arguments", "original", "answer"} & written.keys()
    assert "A-1003" not in json.dumps(written)


def test_a_repeat_that_differs_is_shown_with_its_values() -> None:
    """A call whose first answer agrees and whose second does not carries what it takes to see why."""
    trial = repeated(triage(3), "agree", "differ")

    assert trial.to_json()["original"] == trial.original
    assert Fraction(1, 2) == trial.share
    assert trial.unstable


def test_wrong_in_two_ways_is_unstable() -> None:
    """Two wrong answers that are not the same one are unstable, two equal answers are not."""
    trial = repeated(triage(3), "differ", "invalid")

    assert trial.unstable
    assert not repeated(triage(3), "differ", "differ").unstable
    assert not triage(3).unstable


def test_cluster_is_the_group_then_the_test_then_the_call() -> None:
    """Calls hang together by their declared group, else by their test."""
    assert 'group "x"' == triage(1, group='"x"').cluster
    assert "a.py::one" == triage(1, tests=("a.py::two", "a.py::one")).cluster
    assert triage(1).fingerprint == triage(1, tests=()).cluster


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("text", ("$",)),
        ({}, ("$",)),
        ([], ("$",)),
        ([1, 2], ("$[*]",)),
        (
            {"total": 1, "items": [{"price": 1}, {"price": 2, "note": None}]},
            ("items[*].note", "items[*].price", "total"),
        ),
        ({"items": []}, ("items",)),
        ({"a.b": 1, "[0]": {"c": 2}}, ('$["[0]"].c', '$["a.b"]')),
        ({"deep": [[1]]}, ("deep[*][*]",)),
    ],
)
def test_fields(value: object, fields: tuple[str, ...]) -> None:
    """Fields are named as rules of comparison name them."""
    assert fields == fields_of(value)


@given(JSON)
def test_every_leaf_has_a_path_of_its_own(value: object) -> None:
    """No two parts of any value share a path, whatever its keys are, and every path is in one of the fields."""
    paths = [path for path, _ in leaves(value)]

    assert len(paths) == len(set(paths))
    assert {field_of(path) for path in paths} == set(fields_of(value))


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("$", "anything", True),
        ("items", "items[*].price", True),
        ("items[*]", "items[*].price", True),
        ("item", "items", False),
        ("items", "items", True),
        ("items[*].price", "items", False),
    ],
)
def test_covers(outer: str, inner: str, *, expected: bool) -> None:
    """A path covers itself and what lies inside it, and nothing that only begins with the same letters."""
    assert expected is covers(outer, inner)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_passes_through(text: str) -> None:
    """Any text survives in a difference; escaping is for those who print."""
    trial = triage(5, wrong="label", differences=(Difference(text, "value", text, text),))

    assert trial.differences == Trial.from_json(json.loads(json.dumps(trial.to_json()))).differences
