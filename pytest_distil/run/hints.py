"""Where a rule for comparing would help, told from differences alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pytest_distil.core.trial import Difference, field_of
from pytest_distil.mark.task import Rule, close, ignore_case, similar, unordered
from pytest_distil.run.rules import accepts_leaf

_CANDIDATES: tuple[tuple[str, Rule], ...] = (
    ("ignore_case", ignore_case),
    ("close(rel=1e-9)", close(rel=1e-9)),
    ("unordered", unordered),
    ("similar(0.8)", similar(0.8)),
)
"""Rules worth proposing, the strictest first."""
_LEAST = 2
"""One difference is no reason to change how a task is judged."""
_LEAST_SHARE = 0.25
"""Neither are a few of many."""


def hints(differences: Iterable[Difference]) -> list[tuple[str, str, int, int]]:
    """Return for each field the rule that makes most of its differences vanish, over the comparisons of one task.

    Each is field, rule, how many vanish and of how many; those that most vanish with a rule come first.
    """
    by_field: dict[str, list[Difference]] = defaultdict(list)
    for one in differences:
        by_field[field_of(one.path)].append(one)
    found = [(*_best(some), len(some), name) for name, some in by_field.items()]
    return [
        (name, rule, gone, total)
        for gone, rule, total, name in sorted(found, key=lambda one: (-one[0], one[3]))
        if gone >= _LEAST and gone >= total * _LEAST_SHARE
    ]


def _best(differences: Sequence[Difference]) -> tuple[int, str]:
    """Return how many differences vanish with the rule that most vanish with, and its name."""
    gone = [(sum(_vanishes(one, rule) for one in differences), name) for name, rule in _CANDIDATES]
    return max(gone, key=lambda one: one[0])


def _vanishes(difference: Difference, rule: Rule) -> bool:
    """Say whether a difference would be none under a rule."""
    if rule.kind == "unordered":
        return difference.kind == "order"
    return difference.kind in {"value", "type"} and accepts_leaf(difference.original, difference.model, rule)
