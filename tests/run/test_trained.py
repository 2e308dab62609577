"""What cards say of an evaluation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_distil.core.brief import Brief
from pytest_distil.core.card import Card
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import ModelError
from pytest_distil.run.trained import card_of, format_of, outdated, with_cards
from pytest_distil.run.tuning import prompt_digest
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from support.briefs import brief_of

BRIEF = brief_of(int)


def card(brief: Brief = BRIEF) -> Card:
    """Return the card of a model that was trained on a task in the format `tools`."""
    return Card(
        model="ft:triage",
        provider="http://localhost:1/v1",
        created="2026-11-22T00:00:00+00:00",
        session="20261122T000000Z-abcdef",
        formats={brief.task: "tools"},
        briefs=[brief.to_json()],
        prompts={brief.task: prompt_digest("tools", brief)},
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home that holds one card."""
    found = Home(tmp_path / ".distil")
    Cards(found).add(card())
    return found


@pytest.mark.parametrize("model", ["latest", "ft:triage"])
def test_a_card_is_found(home: Home, model: str) -> None:
    """`latest` means the newest card's model, and a model's card gives its format and its server."""
    settings = with_cards(Settings(models={"": model}), home)
    found = card_of(settings, BRIEF.task)

    assert {"": "ft:triage"} == settings.models
    assert found is not None
    assert card().briefs == list(found.briefs)
    assert "http://localhost:1/v1" == settings.base_url
    assert "tools" == format_of(replace(settings, format="functions"), BRIEF, default="json_schema")


def test_what_is_set_stands(home: Home) -> None:
    """A base URL and a session that the user names are not taken from the card."""
    given = Settings(models={"": "latest"}, base_url="http://localhost:2/v1", session="none")
    settings = with_cards(given, home)

    assert ("http://localhost:2/v1", "none") == (settings.base_url, settings.session)


def test_a_session_that_is_there(home: Home) -> None:
    """A card's session is judged by where it still exists."""
    assert "latest" == with_cards(Settings(models={"": "latest"}), home).session

    folder = home.sessions / "20261122T000000Z-abcdef"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{}")

    assert folder.name == with_cards(Settings(models={"": "latest"}), home).session


def test_latest_of_nothing(tmp_path: Path) -> None:
    """Without a card `latest` is refused, and another model is asked as it is."""
    empty = Home(tmp_path)
    with pytest.raises(ModelError, match="no card of 'latest'"):
        with_cards(Settings(models={"": "latest"}), empty)

    settings = with_cards(Settings(models={"": "gpt"}), empty)

    assert ({}, {"": "gpt"}) == (settings.cards, settings.models)
    assert "functions" == format_of(replace(settings, format="functions"), BRIEF, default="json_schema")


def test_prompts_that_changed(home: Home) -> None:
    """A task whose docstring changed since training is named with what changed; an unchanged one is not."""
    settings = with_cards(Settings(models={"": "latest"}), home)
    [sentence] = outdated(settings, [replace(BRIEF, docstring="Something else.")])

    assert [] == outdated(settings, [BRIEF])
    assert "docstring" in sentence
    assert "ft:triage" in sentence
