"""Options as they are written, read: texts become numbers and names, or a `SettingError` under the option's name."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from pytest_distil.mark.errors import SettingError

_MOST_DIGITS = 12
"""Digits of a count; more are a mistake."""

TRAINING = "train:"
"""What stands before a base model where a price is that of training it."""


def share(name: str, text: str) -> float:
    """Read a percentage; `0.95` is taken for a mistake."""
    percentage = number(name, text)
    if 0 < percentage <= 1:
        raise SettingError(name, f"is a percentage: write {100 * percentage:g}, not {text}")
    if not 0 <= percentage <= 100:  # noqa: PLR2004 - per cent
        raise SettingError(name, f"is a percentage from 0 to 100, not {text}")
    return _fraction(percentage)


def holdout(name: str, text: str) -> float:
    """Read a share that leaves something over."""
    kept = share(name, text)
    if kept == 1:
        raise SettingError(name, "must leave something to train on: less than 100")
    return kept


def sample(name: str, text: str) -> float:
    """Read a share of something."""
    asked = share(name, text)
    if not asked:
        raise SettingError(name, "must leave something to ask: more than 0")
    return asked


def points(name: str, text: str) -> float:
    """Read percentage points."""
    given = number(name, text)
    if not 0 <= given <= 100:  # noqa: PLR2004 - per cent
        raise SettingError(name, f"takes points from 0 to 100, not {text!r}")
    return _fraction(given)


def thresholds(name: str, text: str) -> dict[str, float]:
    """Read `TASK=PCT` and `TASK.FIELD=PCT`, separated by white space."""
    found: dict[str, float] = {}
    for part in text.split():
        target, equals, percentage = part.rpartition("=")
        if not equals or not target:
            raise SettingError(name, f"takes TASK=PCT or TASK.FIELD=PCT, not {part!r}")
        found[target] = share(f"{name}: {target}", percentage)
    return found


def prices(name: str, text: str) -> dict[str, tuple[float, ...]]:
    """Read `MODEL=IN/OUT`, `MODEL=IN/CACHED/OUT` and `train:BASE=AMOUNT`, for a million tokens each.

    They are separated by white space.
    """
    found: dict[str, tuple[float, ...]] = {}
    for part in text.split():
        model, equals, amounts = part.rpartition("=")
        read = tuple(number(f"{name}: {model}", one) for one in amounts.split("/")) if equals and model else ()
        if len(read) not in ((1,) if model.startswith(TRAINING) else (2, 3)) or min(read) < 0:
            wanted = f"takes MODEL=IN/OUT, MODEL=IN/CACHED/OUT or {TRAINING}BASE=AMOUNT, prices from 0"
            raise SettingError(name, f"{wanted}, not {part!r}")
        found[model] = read
    return found


def _fraction(percentage: float) -> float:
    """Return the fraction nearest to what was written: 99.9 / 100 is more than 999 of 1000."""
    return float(Decimal(repr(percentage)) / 100)


def number(name: str, text: str) -> float:
    """Read a finite number."""
    with suppress(ValueError):
        if math.isfinite(given := float(text)):
            return given
    raise SettingError(name, f"takes a number, not {text!r}")


def seconds(name: str, text: str) -> float:
    """Read a duration."""
    return positive(name, text, what="seconds")


def positive(name: str, text: str, *, what: str = "a number") -> float:
    """Read a number above 0."""
    given = number(name, text)
    if given <= 0:
        raise SettingError(name, f"takes {what} above 0, not {text!r}")
    return given


def count(name: str, text: str) -> int:
    """Read a number of things."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < 1:
        raise SettingError(name, f"takes a whole number from 1, not {text!r}")
    return int(text)


def one_of(*choices: str) -> Callable[[str, str], Any]:
    """Return a reader that takes one of the choices."""

    def read(name: str, text: str) -> str:
        if text not in choices:
            raise SettingError(name, f"is one of {', '.join(choices)}, not {text!r}")
        return text

    return read


def models(name: str, texts: list[str]) -> dict[str, str]:
    """Read `[TASK=]MODEL`, one model a task and one for the others."""
    found: dict[str, str] = {}
    for text in texts:
        task, equals, model = text.partition("=")
        if not equals or any(mark in task for mark in ":/\\"):  # `recorded:a=b.jsonl` names no task
            task, model = "", text
        if not model or text.startswith("="):
            raise SettingError(name, f"takes MODEL or TASK=MODEL, not {text!r}")
        if task in found:
            what = f"two models for the task {task!r}" if task else f"two models, {found[task]!r} and {model!r}"
            raise SettingError(name, f"{what}; give each its own task: {name}=TASK=MODEL")
        found[task] = model
    return found


def names(name: str, texts: list[str]) -> tuple[str, ...]:
    """Read names of fixtures, or of what else stands in; a name may have dots."""
    for text in texts:
        if not text.replace(".", "").isidentifier():
            raise SettingError(name, f"takes names of fixtures, separated by white space, not {text!r}")
    return tuple(texts)


def as_it_is(_: str, value: Any) -> Any:
    """Take what was given; several values as a tuple."""
    return tuple(value) if isinstance(value, list) else value
