"""What a report is built from, beside its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pytest_distil.core.prices import added
from pytest_distil.core.prompt import Answer, Usage
from pytest_distil.core.trial import known

_DIGITS = 6
"""Of a cost: a single short answer of a cheap model has some of them."""

Ending = Literal["passed", "disagreed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What asking has cost; it adds up."""

    requests: int = 0
    stored: int = 0
    """Answers that came from the store of answers."""
    retries: int = 0
    waited_seconds: float = 0.0
    tokens: Usage = field(default_factory=Usage)
    unused: int = 0
    """Answers that were fetched ahead and that no test used."""
    cost: float | None = None
    """What the tokens of this run's requests cost, at the prices that the user gave; None without any."""

    @classmethod
    def of(cls, answer: Answer) -> Traffic:
        """Return what one answer has cost."""
        return cls(answer.requests, int(answer.stored), answer.retries, answer.waited_seconds, answer.usage)

    def __add__(self, other: Traffic) -> Traffic:
        names = [one.name for one in fields(Traffic) if one.name != "cost"]
        counted: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Traffic(**counted, cost=added(self.cost, other.cost))

    def __radd__(self, other: int) -> Traffic:
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the USAGE of a report."""
        data = asdict(self)
        tokens, cost = data.pop("tokens"), data.pop("cost")
        return {**data, **tokens, "cost": None if cost is None else round(cost, _DIGITS)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Traffic:
        """Read what `to_json` made."""
        tokens = Usage(**{one.name: data[one.name] for one in fields(Usage)})
        rest = {one.name: data[one.name] for one in fields(cls) if one.name != "tokens"}
        return cls(**rest, tokens=tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What is known of an evaluated task, and of the model that answered it."""

    task: str
    dataset: str
    model: str
    served: tuple[str, ...] = ()
    """The distinct names under which the server says it answered; empty where it said none."""
    brief: Mapping[str, str] = field(default_factory=dict)
    """Today's digests, of each part of the brief."""
    card: Mapping[str, str] | None = None
    """The digests that the model was trained with; None where no card is known."""
    source_digest: str | None = None
    recorded_source_digest: str | None = None
    """The source's digest when the results were recorded that stand in for the original's; None where it ran."""
    schema: Mapping[str, Any] | None = None
    """JSON schema of the return type; says which fields have a closed set of values."""
    usage: Traffic = field(default_factory=Traffic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one test ended."""

    test: str
    """Its node id."""
    ending: Ending
    different: bool | None = None
    """Whether it got a value from the model that was not the original's; None where it got none from the model."""
    calls: int = 0
    """The calls that it made, each counted once."""
    must_pass: bool = False
    """Marked as a test that may never disagree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which tests ran, and whether all of them did."""

    partial: bool = False
    """Whether `-k`, `--lf`, a path or the like left tests out."""
    deselected: int = 0
    interrupted: bool = False
    """Whether the run ended before its end (Ctrl-C, `pytest.exit`, an internal error); such a run is not judged."""
    crashed: int = 0
    """Workers that died, or shards that are missing."""
    expected: int | None = None
    """Distinct calls that the session holds of the selected tests; None without a session."""
    sample: float | None = None
    """The share of the calls that was asked about; None for all of them."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Selection:
        """Read what `to_json` made."""
        return known(cls, data)


@dataclass(frozen=True, slots=True)
class Hint:
    """A rule of comparison under which differences would vanish."""

    task: str
    path: str
    rule: str
    """As one writes it: `ignore_case`, `unordered`, `similar(0.8)`."""
    vanish: int
    differ: int
