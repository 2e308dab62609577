"""The cards of models, `models.json`: of those that are trained, and of those whose jobs still run."""

from __future__ import annotations

from pathlib import Path

from pytest_distil.core.card import Card
from pytest_distil.core.files import read_json, write_json
from pytest_distil.mark.errors import DataError, ModelError
from pytest_distil.store.home import Home

_VERSION = 1
"""Of the file. 1: the first."""


class Cards:
    """The cards of one home, oldest first; each change reads and writes the whole file."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def path(self) -> Path:
        """Return the file."""
        return self._home.cards

    def all(self) -> list[Card]:
        """Return all cards; raise `DataError` where the file holds something else."""
        if not self.path.exists():
            return []
        data = read_json(self.path)
        if not isinstance(data, dict) or data.get("v") != _VERSION or not isinstance(data.get("cards"), list):
            raise DataError(self.path, f"does not hold model cards of version {_VERSION}")
        try:
            return [Card.from_json(one) for one in data["cards"]]
        except ValueError as error:
            raise DataError(self.path, str(error)) from error

    def models(self) -> list[Card]:
        """Return the cards of models that can be asked."""
        return [card for card in self.all() if card.model is not None]

    def add(self, card: Card) -> None:
        """Keep a card as the newest, in place of one of the same model or job."""
        self._write([*(one for one in self.all() if not _same(one, card)), card])

    def remove(self, name: str) -> Card:
        """Forget the card of a model or job, and return it; raise `ModelError` where there is none."""
        card = self.get(name)
        self._write([one for one in self.all() if one != card])
        return card

    def find(self, name: str) -> Card | None:
        """Return the newest card of a model or job of that name; None where there is none."""
        return next((one for one in reversed(self.all()) if name in (one.model, one.job)), None)

    def get(self, name: str) -> Card:
        """Return the card that `latest`, a model or a job names; raise `ModelError` where there is none."""
        found = self.latest() if name == "latest" else self.find(name)
        if found is None:
            known = ", ".join(card.name for card in self.all())
            raise ModelError(f"no card of {name!r} in {self.path}; {f'there are {known}' if known else _NONE}")
        return found

    def latest(self) -> Card | None:
        """Return the newest card of a model that can be asked."""
        return next(reversed(self.models()), None)

    def _write(self, cards: list[Card]) -> None:
        self._home.make()
        write_json(self.path, {"v": _VERSION, "cards": [card.to_json() for card in cards]})


_NONE = "`pytest-distil jobs create-from-file` makes one, `pytest-distil models add` takes one"


def _same(one: Card, other: Card) -> bool:
    """Tell whether two cards are of one model, or of one job at one provider."""
    if one.job is not None and one.job == other.job and one.provider == other.provider:
        return True
    return one.model is not None and one.model == other.model
