"""What an answer is beside a result of the original: compared as values of the return type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_distil.core.prompt import Answer
from pytest_distil.formats import load
from pytest_distil.mark.decorator import distil
from pytest_distil.run.judgement import judge
from pytest_distil.run.translate import Translator
from pytest_distil.run.typed import TypedTask
from support.calls import said, task


@distil(name="calls.price")
def price(n: int) -> Decimal:
    """Return a price."""
    return Decimal(n)


@pytest.mark.parametrize(
    ("original", "answer", "verdict"),
    [
        ('"3.50"', said("3.5"), "equal"),
        ('"3.50"', said("3.51"), "other"),
        ('"3.50"', said("three"), "invalid"),
        ('"3.50"', Answer(failed="no network"), "failed"),
        ('"3.50"', Answer(invalid="no choices"), "invalid"),
        ('["3.50"]', said("3.5"), "stale"),
    ],
)
def test_judge(original: str, answer: Answer, verdict: str) -> None:
    """Equal values are equal however they are written; what is no value has a verdict of its own."""
    translator = Translator(TypedTask(task("calls.price")), load("json_schema"), longest_reply=None)
    judgement, value = judge(translator, original, answer)

    assert verdict == judgement.verdict == judgement.to_json()["verdict"]
    assert (verdict in ("equal", "other", "stale")) == isinstance(value, Decimal)
