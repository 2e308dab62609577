"""One fault of a training file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong, and where."""

    path: str
    line: int
    """From 1; 0 where the whole file is meant."""
    field: str
    """Such as `messages[2].tool_calls[0].function.name`; empty where the whole line is meant."""
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON, `line` null where the whole file is meant."""
        return {**asdict(self), "line": self.line or None}


Faults = Iterator[tuple[str, str]]
"""Pairs of a field and what is wrong with it: findings of one line, before they have a place."""
