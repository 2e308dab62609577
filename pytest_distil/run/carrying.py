"""Making the card that travels with the code, from the card that is kept here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pytest_distil.core.brief import Brief
from pytest_distil.core.card import Card
from pytest_distil.core.carried import Carried, Trained
from pytest_distil.core.files import read_json
from pytest_distil.formats import FORMATS, load
from pytest_distil.mark.errors import DataError, ModelError
from pytest_distil.models.endpoint import OPENAI, Endpoint
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.translate import max_tokens
from pytest_distil.run.tuning import prompt_digest
from pytest_distil.store.home import MANIFEST, Home

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")

_LOCAL = "local"
"""The provider of a model that was trained on this machine."""


def carried(card: Card, home: Home, *, base_url: str | None = None, key: str | None = None) -> Carried:
    """Return a model's card with what production needs.

    `base_url` is where it is served, unless where it was trained; `key` names the variable that holds the key. The
    limit of tokens comes from the session that it was trained on, where that is still here. Raises `ModelError` for a
    model that is not finished, of which nobody knows what it was trained on, or where a key is given for its name.
    """
    if card.model is None:
        raise ModelError(f"{card.name} is not finished; `pytest-distil jobs status` follows it")
    if not card.briefs:
        raise ModelError(
            f"nobody knows what {card.name} was trained on; `pytest-distil models add --file FILE` says it"
        )
    if key is not None and not _NAME.fullmatch(key):  # said without it: it may be the key itself
        raise ModelError("the key's variable is a name like TRIAGE_API_KEY; the key itself never stands in a file")
    recorded = _recorded(card, home)
    hosted = base_url or (None if card.provider == _LOCAL else card.provider)
    return Carried(
        card=card,
        base_url=Endpoint(hosted).shown if hosted else None,
        key=key or ("OPENAI_API_KEY" if hosted == OPENAI else "DISTIL_API_KEY"),
        tasks={name: _trained(card, brief, recorded) for name, brief in card.trained().items()},
    )


def read_carried(path: Path) -> Carried:
    """Read a card that was exported; raise `DataError` where the file holds none."""
    try:
        return Carried.from_json(read_json(path))
    except ValueError as error:
        raise error if isinstance(error, DataError) else DataError(path, str(error)) from error


def _trained(card: Card, brief: Brief, recorded: Recorded | None) -> Trained:
    """Return how a model was trained on one task: everything of its requests but the call."""
    shape = card.format_of(brief.task) or FORMATS[0]
    if card.prompts.get(brief.task, prompt_digest(shape, brief)) != prompt_digest(shape, brief):
        raise ModelError(
            f"this version words the prompts of {brief.task} otherwise than {card.name} was trained; "
            "export with the version that collected its data"
        )
    body = load(shape).prompt(brief, {})
    return Trained(
        format=shape,
        system=body["messages"][0]["content"],
        beside=_beside(body),
        max_tokens=max_tokens(recorded.longest_reply(brief.task) if recorded else None),
    )


def _beside(body: Mapping[str, object]) -> dict[str, object]:
    return {name: part for name, part in body.items() if name != "messages"}


def _recorded(card: Card, home: Home) -> Recorded | None:
    """Return the session that a model was trained on, where it is still here."""
    folder = home.sessions / (card.session or "")
    return Recorded.read(folder) if card.session and (folder / MANIFEST).exists() else None
