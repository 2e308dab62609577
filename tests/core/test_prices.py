from __future__ import annotations

import pytest

from pytest_distil.core.prices import cost, training_cost
from pytest_distil.core.prompt import Usage

USAGE = Usage(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=500_000, reasoning_tokens=100_000)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("plain", 0.6 * 2 + 0.4 * 2 + 0.5 * 8),
        ("cached", 0.6 * 2 + 0.4 * 0.5 + 0.5 * 8),
        ("id:plain", 0.6 * 2 + 0.4 * 2 + 0.5 * 8),
        ("free", 0.0),
        ("unknown", None),
    ],
)
def test_cost(model: str, expected: float | None) -> None:
    """Tokens cost what the user says of their model; cached ones are tokens in, reasoning is tokens out."""
    prices = {"plain": (2, 8), "cached": (2, 0.5, 8), "free": (0, 0)}

    assert expected == pytest.approx(cost(USAGE, model, prices))


def test_training_cost() -> None:
    """Training costs what the user says of the base model; what it costs to ask that model says nothing of it."""
    prices = {"train:base": (25,), "asked": (2, 8)}

    assert 50 == training_cost(2_000_000, "base", prices)
    assert training_cost(2_000_000, "asked", prices) is None
