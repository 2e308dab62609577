from __future__ import annotations

from pathlib import Path

import pytest

from pytest_distil.core.card import Card
from pytest_distil.mark.errors import DataError, ModelError
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home


def card(model: str | None, *, job: str | None = None, provider: str = "https://a/v1") -> Card:
    """Return a card."""
    return Card(model=model, job=job, provider=provider, created="2026-11-22T10:00:00+00:00")


@pytest.fixture
def cards(tmp_path: Path) -> Cards:
    """Return the cards of an empty home."""
    return Cards(Home(tmp_path / ".distil"))


def test_the_newest_model_is_the_latest(cards: Cards) -> None:
    """The card that was added last is `latest`, also where its model was there before; unfinished jobs are none."""
    for one in (card("m1"), card("m2"), card("m1"), card(None, job="j")):
        cards.add(one)

    assert "m1" == cards.get("latest").model
    assert ["m2", "m1", "j"] == [one.name for one in cards.all()]
    assert ["m2", "m1"] == [one.model for one in cards.models()]


def test_a_jobs_card_becomes_its_models(cards: Cards) -> None:
    """When a job has a model its card takes the place of the one that was kept meanwhile."""
    cards.add(card(None, job="j"))
    cards.add(cards.get("j").finished("m"))

    assert ["m"] == [one.name for one in cards.all()]
    assert cards.find("j") == cards.find("m")


def test_jobs_of_two_providers_may_have_one_id(cards: Cards) -> None:
    """The same id at another provider is another job."""
    cards.add(card(None, job="j"))
    cards.add(card(None, job="j", provider="https://b/v1"))

    assert 2 == len(cards.all())


def test_a_card_is_removed_by_its_name(cards: Cards) -> None:
    """What was removed is not there any more, and what never was is refused with what there is."""
    cards.add(card("m1"))
    cards.add(card("m2"))

    assert "m1" == cards.remove("m1").model
    with pytest.raises(ModelError, match=r"no card of 'm1' in .*models\.json; there are m2"):
        cards.get("m1")


def test_no_cards_at_all(cards: Cards) -> None:
    """Without cards nothing is the latest, and the message says how to get one."""
    assert [] == cards.all()
    with pytest.raises(ModelError, match="`pytest-distil jobs create-from-file` makes one"):
        cards.get("latest")


@pytest.mark.parametrize("text", ["{", "[]", '{"v": 2, "cards": []}', '{"v": 1, "cards": [{"v": 1}]}'])
def test_a_damaged_file_is_not_written_over(cards: Cards, text: str) -> None:
    """A file that holds something else is an error that names it; cards cost money."""
    cards.path.parent.mkdir()
    cards.path.write_text(text)

    with pytest.raises(DataError, match=r"models\.json"):
        cards.add(card("m"))
    assert text == cards.path.read_text()
