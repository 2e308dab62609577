from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from pytest_distil.core.confusion import cells, closed_fields
from pytest_distil.core.trial import Difference, Trial
from support.reports import TICKET, triage


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    colour: Colour
    maybe: Literal["a", "b"] | None
    left: "Node | None"
    right: "Node | None"
    parts: list[Colour]
    text: str
    flag: bool


def test_closed_fields_of_real_schemas() -> None:
    """Enums, literals and booleans are found in lists and unions, and once in a type that contains itself."""
    found = closed_fields(TypeAdapter(Node).json_schema())

    assert {"colour", "maybe", "parts[*]", "flag"} <= found
    assert not any(path.endswith("text") for path in found)
    assert frozenset({"$"}) == closed_fields(TypeAdapter(Colour).json_schema())
    assert frozenset() == closed_fields(TypeAdapter(str).json_schema())


def found(trials: list[Trial], path: str) -> list[tuple[Any, ...]]:
    """Return the cells of one field, as tuples."""
    return [
        (one["original"], one["verdict"], one["model"], one["held_out"], one["seen"])
        for one in cells(trials, schema=TICKET)
        if one["path"] == path
    ]


def test_which_value_was_answered_for_which() -> None:
    """Every compared call is in one cell of each closed field, with what came in place of the original's value."""
    listed = [triage(1), triage(2), triage(5, wrong="label"), triage(3, wrong="invalid"), triage(4, wrong="failed")]

    assert [
        ("billing", "agree", None, 0, 2),
        ("billing", "failed", None, 0, 1),
        ("billing", "invalid", None, 0, 1),
        ("bug", "differ", "other", 1, 0),
    ] == found(listed, "label")
    assert {"label", "priority", "urgent"} == {one["path"] for one in cells(listed, schema=TICKET)}


def test_what_a_rule_accepts_agrees() -> None:
    """A value that differs by a rule that does not count is no confusion."""
    trial = triage(1, wrong="order", answer=triage(1).original | {"label": "BILLING"})

    assert [("billing", "agree", None, 0, 1)] == found([trial], "label")


def test_a_value_that_is_missing_is_none() -> None:
    """A whole value that differs differs in each field, also where the model gives no such field."""
    trial = triage(1, wrong="label", answer="text", differences=(Difference("$", "type", {}, "text"),))

    assert [("billing", "differ", None, 0, 1)] == found([trial], "label")


def test_unscored_calls_are_in_no_cell() -> None:
    """What is not compared confuses nothing."""
    assert [] == cells([triage(1, wrong="unscored")], schema=TICKET)
    assert [] == cells([triage(1)], schema=None)
