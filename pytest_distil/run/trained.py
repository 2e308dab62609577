"""What a model's card says of an evaluation: its format, its session, its server, and whether it fits today's tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.card import Card
from pytest_distil.core.infer import is_inferred
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import SettingError
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.tuning import card_for, stale
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import MANIFEST, Home

_LATEST = "latest"
"""What the session is where the user names none."""


def with_cards(settings: Settings, home: Home) -> Settings:
    """Return the settings with the cards of their models, and with what those know better than defaults.

    A card's session is judged by where none is named, its server is asked where none is set. Raises `ModelError`
    where `latest` is asked for and there is no card.
    """
    known = Cards(home)
    cards = {key: card_for(known, text) for key, text in settings.models.items()}
    found = {key: card for key, card in cards.items() if card}
    models = {key: found[key].model or text if key in found else text for key, text in settings.models.items()}
    return replace(
        settings,
        models=models,
        cards={key: card.to_json() for key, card in found.items()},
        session=_session(settings, home, found.values()),
        base_url=settings.base_url or _only(card.provider for card in found.values() if "://" in card.provider),
    )


def refuse_other_redaction(settings: Settings, recorded: Recorded) -> None:
    """Raise `SettingError` where a session was redacted by other rules: what it still has would be asked about."""
    if any(brief.redaction != settings.redact for brief in recorded.manifest.briefs().values()):
        raise SettingError(
            "distil_redact",
            f"is not what session {recorded.name} was collected with; collect again, or use --distil-session=none",
        )


def card_of(settings: Settings, task: str) -> Card | None:
    """Return the card of the model that answers a task; None where nothing is known of it."""
    data = settings.cards.get(settings.key_of(task))
    return Card.from_json(data) if data else None


def format_of(settings: Settings, brief: Brief, *, default: str) -> str:
    """Return the shape in which a task is asked: the card outranks the option, the option the task."""
    card = card_of(settings, brief.task)
    return (card.format_of(brief.task) if card else None) or settings.format or brief.format or default


def inferred_schemas(settings: Settings, recorded: Recorded | None) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of tasks without return annotations, as their models were trained, or else as recorded."""
    briefs = [*(recorded.manifest.briefs().values() if recorded else ())]
    for data in settings.cards.values():
        briefs += Card.from_json(data).trained().values()
    return {one.task: one.schema for one in briefs if one.schema is not None and is_inferred(one.schema)}


def outdated(settings: Settings, briefs: Iterable[Brief]) -> list[str]:
    """Say for each task whose prompts are not what its model was trained on what changed."""
    known = [(card_of(settings, brief.task), brief) for brief in briefs]
    return [sentence for card, brief in known if card for sentence in stale(card, [brief])]


def _session(settings: Settings, home: Home, cards: Iterable[Card]) -> str:
    """Return the session that the cards' models were trained on, where the user names none and it is still there."""
    trained_on = _only(card.session for card in cards if card.session)
    if settings.session != _LATEST or trained_on is None or not (home.sessions / trained_on / MANIFEST).exists():
        return settings.session
    return trained_on


def _only(names: Iterable[str]) -> str | None:
    """Return the one name that there is; None for none and for several."""
    distinct = set(names)
    return distinct.pop() if len(distinct) == 1 else None
