"""A card that travels with the code: what production must know of a model, and nothing that it must look up.

It is a card as `models.json` holds it, with one block more. Unlike the briefs on the card, the block does not depend on
how this or a later version words prompts: what was trained is sent verbatim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from pytest_distil.core.brief import Brief
from pytest_distil.core.card import Card, changed_parts
from pytest_distil.core.text import Json
from pytest_distil.mark.errors import ModelError

_BLOCK = "production"

_FATAL = ("signature", "schema")
"""Parts of a brief that say what goes in and what comes out; the others only describe it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How a model was trained on one task."""

    format: str
    system: str
    """The system prompt, as it stands in the training lines."""
    beside: Mapping[str, Json]
    """What a request has beside its messages, the schema among it."""
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A card, and what is needed to ask its model."""

    card: Card
    base_url: str | None
    """None for a model that is served wherever the environment says."""
    key: str | None
    """The name of the environment variable that holds the key; never the key."""
    tasks: Mapping[str, Trained]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, a card with one block more."""
        tasks = {name: asdict(task) for name, task in self.tasks.items()}
        return {**self.card.to_json(), _BLOCK: {"base_url": self.base_url, "key": self.key, "tasks": tasks}}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read what `to_json` made; raise `ValueError` where it is none. Names of later versions are passed over."""
        card = Card.from_json(data)
        try:
            block = data[_BLOCK]
            tasks = {name: _trained(task) for name, task in block["tasks"].items()}
            return cls(card=card, base_url=block["base_url"], key=block["key"], tasks=tasks)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a card that `pytest-distil models export` did not write ({error})") from error

    def trained_on(self, task: str) -> Trained:
        """Return how the model was trained on a task; raise `ModelError` where it was not."""
        if task not in self.tasks:
            raise ModelError(f"{self.card.name} was trained on {', '.join(sorted(self.tasks))}, not on {task}")
        return self.tasks[task]

    def changed(self, brief: Brief) -> tuple[str, ...]:
        """Return the parts of a task that only describe it and have changed since the model was trained.

        Raises `ModelError` where what goes in or what comes out has changed: the model knows another function.
        """
        then = self.card.trained()[brief.task]
        parts = changed_parts(then.digests(), brief.digests())
        if fatal := [_what(part, then, brief) for part in parts if part in _FATAL]:
            raise ModelError(
                f"{brief.task} is not what {self.card.name} was trained on: {'; '.join(fatal)}; "
                "collect, train and export again, or change the function back"
            )
        return parts


def _trained(data: Mapping[str, Any]) -> Trained:
    return Trained(**{one.name: data[one.name] for one in fields(Trained)})


def _what(part: str, then: Brief, now: Brief) -> str:
    """Say what changed in one part of a brief."""
    if part == "signature":
        return f"its signature was {then.signature!r} and is {now.signature!r}"
    fields_changed = ", ".join(_changed_fields(then, now)) or "in what is said of it as a whole"
    return f"the schema of its results changed ({fields_changed})"


def _changed_fields(then: Brief, now: Brief) -> list[str]:
    """Name the fields of the results, and of what they are made of, that came, went or changed."""
    before, after = (_fields(brief.schema or {}) for brief in (then, now))
    went = [f"without {name!r}" for name in before if name not in after]
    came = [f"new {name!r}" for name in after if name not in before]
    other = [f"other {name!r}" for name in before if name in after and before[name] != after[name]]
    return [*went, *came, *other]


def _fields(schema: Mapping[str, Any]) -> dict[str, Json]:
    """Return the schema of each field, by name; those of a definition after its name."""
    own = dict(schema.get("properties", {}))
    for name, definition in schema.get("$defs", {}).items():
        own |= {f"{name}.{field}": inner for field, inner in definition.get("properties", {}).items()}
        own |= {name: definition} if "properties" not in definition else {}
    return own
