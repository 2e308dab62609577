"""What tokens cost, at prices that the user gave: nothing is known of prices otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_distil.core.prompt import Usage
from pytest_distil.core.readers import TRAINING

_MILLION = 1_000_000

Prices = Mapping[str, Sequence[float]]
"""By MODEL: the price of a million tokens in, cached ones where they have their own, and out; any one currency.

Under `train:BASE` stands what a million tokens cost that a job trains the model BASE on.
"""


def cost(usage: Usage, model: str, prices: Prices) -> float | None:
    """Return what an answer's tokens cost; None where its model has no price."""
    found = prices.get(model) or prices.get(model.removeprefix("id:"))
    if found is None:
        return None
    fresh, *cached, out = found
    # Servers count cached tokens among those of the prompt, and reasoning among those of the completion.
    spent = (usage.prompt_tokens - usage.cached_tokens) * fresh + usage.cached_tokens * (*cached, fresh)[0]
    return (spent + usage.completion_tokens * out) / _MILLION


def training_cost(tokens: int, base: str, prices: Prices) -> float | None:
    """Return what it costs to train a model on so many tokens; None where that has no price."""
    found = prices.get(f"{TRAINING}{base}")
    return None if found is None else tokens * found[0] / _MILLION


def added(one: float | None, other: float | None) -> float | None:
    """Return the sum of two costs; what has no price adds nothing."""
    return other if one is None else one if other is None else one + other
