"""A fine-tuning job as a value, read from what a server sends: nothing in it is taken for granted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

SUCCEEDED = "succeeded"
_ENDED = frozenset({SUCCEEDED, "failed", "cancelled"})
_RUNNING = frozenset({"validating_files", "queued", "running", "paused", "pending"})
_SPELLINGS = {"canceled": "cancelled"}

_STEP = re.compile(r"[Ss]tep (\d+)(?:/(\d+))?: training loss=([\d.]+)(?:, validation loss=([\d.]+))?")
"""How OpenAI and Azure put metrics into the message of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; times are seconds since 1970."""

    id: str
    status: str
    """As the server names it; names that are new to us are kept."""
    base: str | None = None
    model: str | None = None
    """The id of the trained model, once there is one."""
    created: int | None = None
    finished: int | None = None
    estimated_finish: int | None = None
    reason: str | None = None
    """Why it failed."""
    trained_tokens: int | None = None
    training_file: str | None = None
    validation_file: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Tell whether it will not change any more; of an unknown status the time of its end tells."""
        return self.status in _ENDED or (self.status not in _RUNNING and self.finished is not None)

    @property
    def succeeded(self) -> bool:
        """Tell whether there is a trained model."""
        return self.status == SUCCEEDED or (self.ended and self.status not in _ENDED and self.model is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the job as plain JSON."""
        return {**asdict(self), "metadata": dict(self.metadata)}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's log."""

    id: str
    created: int
    level: str
    message: str
    metrics: Metrics | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the event as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Metrics:
    """How far a job is."""

    step: int | None = None
    steps: int | None = None
    """Of how many."""
    train_loss: float | None = None
    valid_loss: float | None = None

    def then(self, later: Metrics) -> Metrics:
        """Return what is known after later metrics, which need not say everything."""
        told = {key: value for key, value in asdict(later).items() if value is not None}
        return replace(self, **told)


def read_job(sent: Any) -> Job:
    """Read a job as the SDK hands it on."""
    status = str(getattr(sent, "status", None) or "unknown")
    error = getattr(sent, "error", None)
    message = getattr(error, "message", None) or None
    code = getattr(error, "code", None)
    metadata = getattr(sent, "metadata", None)
    return Job(
        id=str(sent.id),
        status=_SPELLINGS.get(status, status),
        base=_text(sent, "model"),
        model=_text(sent, "fine_tuned_model"),
        created=_count(sent, "created_at"),
        finished=_count(sent, "finished_at"),
        estimated_finish=_count(sent, "estimated_finish"),
        reason=f"{code}: {message}" if message and code else message,
        trained_tokens=_count(sent, "trained_tokens"),
        training_file=_text(sent, "training_file"),
        validation_file=_text(sent, "validation_file"),
        metadata={str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {},
    )


def read_event(sent: Any) -> Event:
    """Read an event as the SDK hands it on."""
    message = str(getattr(sent, "message", ""))
    return Event(
        id=str(getattr(sent, "id", message)),
        created=_count(sent, "created_at") or 0,
        level=_text(sent, "level") or "info",
        message=message,
        metrics=_metrics(getattr(sent, "data", None), message),
    )


def read_checkpoint(sent: Any) -> Metrics:
    """Read the metrics of a checkpoint as the SDK hands it on."""
    metrics = getattr(sent, "metrics", None)
    return Metrics(
        step=_count(sent, "step_number"),
        train_loss=_number(getattr(metrics, "train_loss", None)),
        valid_loss=_loss(lambda name: getattr(metrics, name, None)),
    )


def _metrics(data: Any, message: str) -> Metrics | None:
    """Return the metrics of an event: its data, else what its message says."""
    if isinstance(data, Mapping) and data.get("train_loss") is not None:
        return Metrics(
            step=_whole(data.get("step")),
            steps=_whole(data.get("total_steps")),
            train_loss=_number(data["train_loss"]),
            valid_loss=_loss(data.get),
        )
    found = _STEP.search(message)
    if not found:
        return None
    step, steps, train, valid = found.groups()
    return Metrics(int(step), _whole(steps), _number(train), _number(valid))


def _loss(of: Any) -> float | None:
    """Return the validation loss: that over all of the validation file where it was computed."""
    full = _number(of("full_valid_loss"))
    return full if full is not None else _number(of("valid_loss"))


def _number(value: Any) -> float | None:
    try:
        return float(str(value).rstrip("."))
    except ValueError:
        return None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _text(sent: Any, name: str) -> str | None:
    value = getattr(sent, name, None)
    return value if isinstance(value, str) and value else None


def _count(sent: Any, name: str) -> int | None:
    value = getattr(sent, name, None)
    return int(value) if isinstance(value, (int, float)) and value else None
