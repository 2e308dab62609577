from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_distil.core.brief import Brief
from pytest_distil.core.card import Card, changed_parts, side_of, why_stale
from support.tuning_session import arguments, triage

CARD = Card(
    model="ft:gpt:1",
    base="gpt",
    provider="https://api.openai.com/v1",
    job="ftjob-1",
    created="2026-11-22T10:00:00+00:00",
    session="20261122T100000Z-abc",
    dataset="mail.triage",
    formats={"mail.triage": "tools"},
    settings={"n_epochs": 3},
    digests={"train": "ab", "calls": "cd"},
    briefs=[triage().to_json()],
    prompts={"mail.triage": "0123"},
    holdout=0.2,
    validation=0.1,
)


def test_a_card_comes_back_from_json() -> None:
    """What is written is read as the same card, and names of later versions are passed over."""
    assert CARD.to_json() == Card.from_json({**CARD.to_json(), "news": 1}).to_json()
    assert triage() == Card.from_json(CARD.to_json()).trained()["mail.triage"]


@pytest.mark.parametrize("data", [{}, [], {"v": 2}, {"v": 1, "model": "m"}])
def test_what_is_no_card_is_refused(data: Any) -> None:
    """A card of another version, or one without what every card has, is an error."""
    with pytest.raises(ValueError, match="model card"):
        Card.from_json(data)


def test_formats_are_known_by_task() -> None:
    """Each task is asked in the format that it was trained in; what is said of no task holds for all."""
    assert "tools" == CARD.format_of("mail.triage")
    assert None is CARD.format_of("other")
    assert "functions" == replace(CARD, format="functions").format_of("other")


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, ()),
        ({"docstring": "Other."}, ("docstring",)),
        ({"signature": "f()", "schema": {}}, ("signature", "schema")),
        ({"instructions": "Do."}, ("instructions",)),
    ],
)
def test_what_changed_is_named_by_its_part(changes: dict[str, Any], parts: tuple[str, ...]) -> None:
    """Two sets of digests differ in the parts that were changed."""
    assert parts == changed_parts(triage().digests(), triage(**changes).digests())


STALE = {
    "the same": (triage(), None, None),
    "the same, by its prompt": (triage(docstring="Other."), "0123", None),
    "a part": (
        triage(docstring="Other."),
        None,
        "the docstring of mail.triage changed since ft:gpt:1 was trained; collect and train again",
    ),
    "parts": (
        triage(docstring="Other.", schema={}),
        "4567",
        "the docstring and the schema of mail.triage changed since ft:gpt:1 was trained; collect and train again",
    ),
    "the wording": (
        triage(),
        "4567",
        "prompts of mail.triage are worded in another way since ft:gpt:1 was trained; train again",
    ),
    "another task": (triage(task="mail.sort"), None, "ft:gpt:1 was trained on mail.triage, not on mail.sort"),
}


@pytest.mark.parametrize(("brief", "prompt", "said"), STALE.values(), ids=STALE.keys())
def test_a_model_that_would_be_asked_otherwise_is_refused(brief: Brief, prompt: str | None, said: str | None) -> None:
    """The sentence names the part, the task and the model; equal prompts are no change, whatever else is."""
    assert said == why_stale(CARD, brief, prompt=prompt)


def test_a_card_without_briefs_refuses_nothing() -> None:
    """Of a model of which nothing is known nothing can have changed."""
    assert None is why_stale(replace(CARD, briefs=[], prompts={}), triage())


def test_sides_are_a_function_of_the_card() -> None:
    """Without the session, held-out calls are known by the fraction; without the fraction nobody knows."""
    sides = {side_of(CARD, triage(), arguments(number), ()) for number in range(60)}

    assert {"input", False} == sides
    assert None is side_of(replace(CARD, holdout=None), triage(), arguments(1), ())
