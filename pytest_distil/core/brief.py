"""A task as plain JSON: everything that a prompt says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_distil.core.text import Json, canonical

PARTS = ("signature", "docstring", "instructions", "schema", "redaction")
"""The parts of a brief that prompts are made by; each has a digest, so that what changed can be named."""

_TUPLES = ("parameters", "excluded", "redaction")


@dataclass(frozen=True, slots=True)
class Brief:
    """What is said of a task, without the task: rendering needs no user code."""

    task: str
    dataset: str
    name: str
    """The function's own name, without module and class; used as the name of a tool or a schema."""
    signature: str
    """One line, types by their names: `triage(email: str, *, now: date = ...) -> Ticket`."""
    docstring: str
    """Cleaned by `inspect.cleandoc`; empty where there is none."""
    instructions: str | None
    """Said in place of the docstring."""
    parameters: tuple[str, ...]
    """The parameters that are part of a call, in signature order."""
    schema: Mapping[str, Any] | None
    """JSON schema of the return type, fields by name in their order; None where it has no schema of its own."""
    format: str | None
    """The format that the task prefers."""
    defaults: Mapping[str, Json] = field(default_factory=dict)
    """The encoded defaults: arguments that have them do not decide on which side of the split a call is."""
    group: str | None = None
    """The parameter whose value names the group of a call."""
    excluded: tuple[str, ...] = ()
    """The parameters that are no part of a call."""
    compare: Mapping[str, Any] = field(default_factory=dict)
    """The rules for comparing results, by path, as plain JSON."""
    source: str | None = None
    """Digest of the function's source text."""
    place: str = ""
    """Where it can be imported from: `module:qualname`."""

    redaction: tuple[str, ...] = ()
    """The rules by which its calls are redacted; the same for training and asking."""

    def digests(self) -> dict[str, str]:
        """Return the digest of each part, 16 hexadecimal digits; of the redaction where there is one."""
        parts = {part: getattr(self, part) for part in PARTS}
        return {part: digest(value) for part, value in parts.items() if value != ()}

    def to_json(self) -> dict[str, Any]:
        """Return the brief as plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Brief:
        """Read what `to_json` made."""
        values: dict[str, Any] = {key: tuple(value) if key in _TUPLES else value for key, value in data.items()}
        return cls(**values)


def digest(value: object) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a JSON value's canonical text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]
