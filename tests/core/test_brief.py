"""A brief is a task as plain JSON, with a digest of each part that a prompt is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_distil.core.brief import PARTS, Brief, digest

BRIEF = Brief(
    task="shop.price",
    dataset="shop",
    name="price",
    signature="price(text: str) -> Price",
    docstring="Read a price.",
    instructions=None,
    parameters=("self", "text"),
    schema={"type": "object", "properties": {"b": {}, "a": {}}},
    format="tools",
    defaults={"text": ""},
    group="text",
    excluded=("client",),
    compare={"total": {"kind": "close"}},
    source="0123456789abcdef",
)


def test_as_json() -> None:
    """A brief comes back from JSON as it was, the order of a schema's properties included."""
    data = json.loads(json.dumps(BRIEF.to_json()))

    assert BRIEF == Brief.from_json(data)
    assert ["b", "a"] == [*(Brief.from_json(data).schema or {})["properties"]]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"signature": "price(text) -> Price"}, "signature"),
        ({"docstring": "Read it."}, "docstring"),
        ({"instructions": "Read it."}, "instructions"),
        ({"schema": None}, "schema"),
        ({"redaction": ("$.text",)}, "redaction"),
    ],
)
def test_digests(change: dict[str, Any], part: str) -> None:
    """What a prompt says has a digest each: a change of one part changes that one alone."""
    before, after = BRIEF.digests(), replace(BRIEF, **change).digests()

    assert [name for name in PARTS if name != "redaction"] == [*before]
    assert [part] == [name for name in PARTS if before.get(name) != after.get(name)]


def test_what_no_prompt_says() -> None:
    """Names, comparing and the source change no digest."""
    other = replace(BRIEF, task="x", dataset="y", compare={}, source=None, group=None)

    assert BRIEF.digests() == other.digests()


def test_digest() -> None:
    """A digest is 16 hexadecimal digits of the value, whatever the order of keys."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1.0, "b": 2})
    assert "f5300ffcfd6fd3fc" == digest({"a": 1, "b": "ä"})
