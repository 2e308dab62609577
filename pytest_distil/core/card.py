"""What is known of a trained model: the data and the briefs that it was trained on, and the job that did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from pytest_distil.core.brief import PARTS, Brief
from pytest_distil.core.call import HeldOut
from pytest_distil.core.dataset import Rules, held_out_side
from pytest_distil.core.text import Json

CARD_VERSION = 1
"""1: the first."""

ORDER_KEY = "distil_order"
"""The key of a job's metadata that is the same for the same data, base and settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One trained model, or one that is being trained."""

    model: str | None
    """Its id; None while the job runs."""
    base: str | None = None
    provider: str
    """The base URL of its server, without secrets; `local` for a model trained here."""
    job: str | None = None
    created: str
    """When it was trained, or the job was created: UTC, ISO 8601."""
    session: str | None = None
    """The id of the session whose data it was trained on; None for a model of which nothing else is known."""
    dataset: str | None = None
    format: str | None = None
    """The conversation shape that it was trained in, where nothing says it of a task by itself."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """That shape by task."""
    method: str = "supervised"
    settings: Mapping[str, Json] = field(default_factory=dict)
    """What the job was asked for beside its data: hyperparameters, seed, suffix."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files: `train`, `validation`, `calls`."""
    briefs: Sequence[Mapping[str, Json]] = ()
    """The briefs as trained."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """By task the digest of everything that its training lines share."""
    holdout: float | None = None
    """The fraction of the calls that was held out, 0 to below 1."""
    holdout_by: str = "call"
    validation: float = 0.0
    """The fraction of the rest that only watched the training."""
    note: str | None = None
    """What the user wants to remember."""

    def to_json(self) -> dict[str, Any]:
        """Return the card as plain JSON."""
        return {"v": CARD_VERSION, **asdict(self), "briefs": [dict(brief) for brief in self.briefs]}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read what `to_json` made; raise `ValueError` where it is none. Names of later versions are passed over."""
        if not isinstance(data, dict) or data.get("v") != CARD_VERSION:
            raise ValueError(f"not a model card of version {CARD_VERSION}")
        try:
            return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})
        except TypeError as error:
            raise ValueError(f"a model card that is incomplete: {error}") from error

    @property
    def name(self) -> str:
        """Return what a user calls it: its id, before it has one its job's."""
        return self.model or self.job or "?"

    def trained(self) -> dict[str, Brief]:
        """Return the briefs as trained, by task."""
        return {str(brief["task"]): Brief.from_json(brief) for brief in self.briefs}

    def rules(self) -> Rules | None:
        """Return how its data was split; None where that is not known."""
        if self.holdout is None:
            return None
        by_test = self.holdout_by == "test"
        return Rules(self.holdout, "test" if by_test else "call", self.validation)

    def format_of(self, task: str) -> str | None:
        """Return the conversation shape that the model knows a task in; None where nobody said it."""
        return self.formats.get(task, self.format)

    def finished(self, model: str) -> Card:
        """Return the card of a job that succeeded."""
        return replace(self, model=model)


def side_of(card: Card, brief: Brief, arguments: Mapping[str, Json], tests: tuple[str, ...]) -> HeldOut | None:
    """Return on which side of a card's split a call is, by the split's pure function; None where nobody knows.

    Calls that a test marked as held out are known from the session alone.
    """
    rules = card.rules()
    return None if rules is None else held_out_side(brief, arguments, tests, rules)


def changed_parts(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the parts of a brief whose digests differ: `signature`, `docstring` and so on."""
    return tuple(part for part in PARTS if then.get(part) != now.get(part))


def why_stale(card: Card, brief: Brief, *, prompt: str | None = None) -> str | None:
    """Say why a model would be asked otherwise than it was trained; None where it would not, or nobody knows.

    `prompt` is the digest of what today's prompts of the task share; equal ones are the same prompt, whatever else
    changed but what is taken out of calls. Without it the parts of the brief decide.
    """
    trained = card.trained().get(brief.task)
    if trained is None:
        return _not_trained(card, brief.task) if card.briefs else None
    if prompt is not None and card.prompts.get(brief.task) == prompt and trained.redaction == brief.redaction:
        return None
    parts = changed_parts(trained.digests(), brief.digests())
    if parts:
        return f"{_joined(parts)} of {brief.task} changed since {card.name} was trained; collect and train again"
    if prompt is not None and brief.task in card.prompts:
        return f"prompts of {brief.task} are worded in another way since {card.name} was trained; train again"
    return None


def _not_trained(card: Card, task: str) -> str:
    return f"{card.name} was trained on {', '.join(sorted(card.trained()))}, not on {task}"


def _joined(parts: tuple[str, ...]) -> str:
    """Return names of parts as a subject: `the docstring and the schema`."""
    named = [f"the {part}" for part in parts]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
