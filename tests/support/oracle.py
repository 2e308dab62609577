"""What comparing two values should come to, told in the plainest way: every order of a list is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

from pytest_distil.core.path import Step
from pytest_distil.mark.task import Rule
from pytest_distil.run.rules import accepts_leaf, parse

Path = tuple[Step, ...]
Rules = Mapping[Path, Rule]


def agrees(original: Any, model: Any, rules: Mapping[str, Rule]) -> bool:
    """Say whether the model's value is to be accepted."""
    return _agrees(original, model, (), {parse(path): rule for path, rule in rules.items()})


def _agrees(original: Any, model: Any, path: Path, rules: Rules) -> bool:
    if isinstance(original, dict) and isinstance(model, dict):
        return all(
            _agrees(original[key], model[key], (*path, key), rules)
            if key in original and key in model
            else _nothing_counts((*path, key), rules)
            for key in {*original, *model}
        )
    if isinstance(original, list) and isinstance(model, list):
        return _lists_agree(original, model, path, rules)
    return accepts_leaf(original, model, _rule_at(path, rules)) or _nothing_counts(path, rules)


def _lists_agree(original: list[Any], model: list[Any], path: Path, rules: Rules) -> bool:
    unordered = any(rule.kind == "unordered" for rule in _at(path, rules))
    common, longest = sorted((len(original), len(model)))
    steps: list[Step] = [None] * longest if unordered else [*range(longest)]
    return any(
        all(_nothing_counts((*path, step), rules) for step in steps[common:])
        and all(
            _agrees(one, other, (*path, step), rules) for one, other, step in zip(original, turned, steps, strict=False)
        )
        for turned in (permutations(model) if unordered else [tuple(model)])
    )


def _nothing_counts(path: Path, rules: Rules) -> bool:
    """Say whether all is ignored from a path down."""
    here = _rule_at(path, rules)
    below = [rule for own, rule in rules.items() if len(own) > len(path) and _fits(own, path)]
    return here is not None and {"ignored"} == {here.kind, *(rule.kind for rule in below)} - {"unordered"}


def _rule_at(path: Path, rules: Rules) -> Rule | None:
    """Return the rule for leaves whose path reaches deepest, then names most, then earliest."""
    found = [own for own, rule in rules.items() if rule.kind != "unordered" and len(own) <= len(path)]
    fitting = [own for own in found if _fits(own, path)]
    named = {own: [step is not None for step in own] for own in fitting}
    return rules[max(fitting, key=lambda own: (len(own), sum(named[own]), named[own]))] if fitting else None


def _at(path: Path, rules: Rules) -> Iterator[Rule]:
    return (rule for own, rule in rules.items() if len(own) == len(path) and _fits(own, path))


def _fits(own: Path, path: Path) -> bool:
    """Say whether a rule's path and a value's are the same as far as both go."""
    return all(one is None or one == other for one, other in zip(own, path, strict=False))
