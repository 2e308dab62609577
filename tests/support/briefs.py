"""Briefs made by hand, from a return type alone."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json


def brief_of(returns: Any, **changes: Any) -> Brief:
    """Return the brief of a task that returns `returns`."""
    return brief_with(TypeAdapter(returns).json_schema(by_alias=False, mode="validation"), **changes)


def brief_with(schema: dict[str, Any] | None, **changes: Any) -> Brief:
    """Return the brief of a task whose return type has this schema."""
    values: dict[str, Any] = {
        "task": "mail.triage",
        "dataset": "mail.triage",
        "name": "triage",
        "signature": "triage(email: str, urgent: bool = False) -> Ticket",
        "docstring": "Sort an e-mail.",
        "instructions": None,
        "parameters": ("email", "urgent"),
        "schema": schema,
        "format": None,
    }
    return Brief(**values | changes)


def encoded(returns: Any, value: Any) -> Json:
    """Return a value as results are encoded."""
    return json.loads(TypeAdapter(returns).dump_json(value, by_alias=False, round_trip=True))
