"""Names, and what is computed once."""

from __future__ import annotations

import gc

import pytest

from pytest_distil.core.brief import Brief
from pytest_distil.formats import schema
from pytest_distil.formats.schema import clean_name, per_brief
from pytest_distil.formats.typetext import type_text
from support.briefs import brief_of, brief_with


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("triage", "triage"),
        ("_private_", "_private_"),
        ("to-do", "to-do"),
        ("Box[int]", "Box_int"),
        ("<lambda>", "lambda"),
        ("größe", "gr_e"),
        ("计算", "result"),
        ("", "result"),
        ("x" * 65, "x" * 64),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    """A name has the letters that providers take, and is never empty."""
    assert cleaned == clean_name(name)


def test_a_brief_is_looked_at_once() -> None:
    """What depends on the brief alone is computed for each brief object once, also when it is None."""
    seen: list[Brief] = []

    @per_brief
    def look(brief: Brief) -> None:
        seen.append(brief)

    one, equal = brief_of(int), brief_of(int)
    for brief in (one, one, equal, one, equal):
        look(brief)

    assert [id(one), id(equal)] == [id(brief) for brief in seen]


def test_briefs_that_only_order_their_fields_otherwise_are_not_mixed_up() -> None:
    """Dicts of another order are equal to Python; their prompts are not the same."""
    one, other = {"a": {"type": "null"}, "b": {"type": "null"}}, {"b": {"type": "null"}, "a": {"type": "null"}}
    first, second = (brief_with({"type": "object", "properties": own, "required": ["a", "b"]}) for own in (one, other))

    assert first == second
    assert type_text(first) != type_text(second)


def test_forgetting_mixes_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """More briefs than are kept, each gone at once, have each its own answer."""
    monkeypatch.setattr(schema, "_MOST_KEPT", 3)
    name = per_brief(lambda brief: brief.name)

    for number in range(8):
        assert f"f{number}" == name(brief_of(int, name=f"f{number}"))
        gc.collect()
