"""The rules of a task's values: which of them holds where, and which leaves it accepts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.path import Step, read_path
from pytest_distil.core.text import Json, canonical
from pytest_distil.mark.errors import DeclarationError
from pytest_distil.mark.task import Rule

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"\w+")
_LOOSE = frozenset({"close", "similar"})


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule and the path that it is for."""

    steps: tuple[Step, ...]
    rule: Rule

    @property
    def precision(self) -> tuple[int, tuple[bool, ...]]:
        """Order patterns of one depth: the more steps are named, and the earlier, the more specific."""
        named = tuple(step is not None for step in self.steps)
        return sum(named), named


@dataclass(frozen=True, slots=True)
class Scope:
    """What the rules say at one place of a value."""

    rule: Rule | None = None
    """The most specific rule for leaves that stands here or above."""
    unordered: bool = False
    """Whether a list here is compared without regard to its order."""
    below: tuple[Pattern, ...] = ()
    """The rules for what lies deeper, the most specific last."""
    depth: int = 0

    def enter(self, step: Step) -> Scope:
        """Return the scope one step down; None stands for any element of an unordered list."""
        if not self.below:
            return Scope(self.rule) if self.unordered else self
        here = [one for one in self.below if one.steps[self.depth] is None or one.steps[self.depth] == step]
        return _scope(here, self.depth + 1, self.rule)

    def element(self, index: int) -> Scope:
        """Return the scope of a list's element; no index means anything in an unordered list."""
        return self.enter(None if self.unordered else index)

    @property
    def silent(self) -> bool:
        """Say whether nothing counts from here down."""
        if self.rule is None or self.rule.kind != "ignored":
            return False
        return all(one.rule.kind in {"ignored", "unordered"} for one in self.below)

    @property
    def loose(self) -> bool:
        """Say whether leaves from here down are accepted by degree, so that no normal form decides."""
        return any(rule and rule.kind in _LOOSE for rule in (self.rule, *(one.rule for one in self.below)))

    @property
    def counts_indexes(self) -> bool:
        """Say whether a rule names one index of the list here."""
        return any(isinstance(one.steps[self.depth], int) for one in self.below)


def scope_of(rules: Mapping[str, Rule | Mapping[str, Any]]) -> Scope:
    """Return what the rules, as declared or as plain JSON, say of a whole value.

    A rule for an object or a list holds for every leaf below it, until a more specific one takes over; `unordered`
    is for the list at its own path. Raises `DeclarationError` for a path that cannot be read.
    """
    made = ((parse(path), rule if isinstance(rule, Rule) else Rule(**rule)) for path, rule in rules.items())
    patterns = sorted((Pattern(steps, rule) for steps, rule in made), key=lambda one: one.precision)
    return _scope(patterns, 0, None)


def parse(path: str) -> tuple[Step, ...]:
    """Read a rule's path; raise `DeclarationError` where it cannot be read."""
    try:
        return read_path(path)
    except ValueError as error:
        raise DeclarationError(f"compare: {error}") from error


def accepts_leaf(original: Json, model: Json, rule: Rule | None) -> bool:
    """Say whether a rule accepts a leaf; without one, and for values that it is not made for, only the same will do."""
    if rule is not None and rule.kind == "ignored":
        return not isinstance(original, (dict, list)) and not isinstance(model, (dict, list))
    if canonical(original) == canonical(model):
        return True
    if rule is None:
        return False
    if rule.kind == "close":
        return isinstance(original, str) == isinstance(model, str) and _close(number(original), number(model), rule)
    if not isinstance(original, str) or not isinstance(model, str):
        return False
    if rule.kind == "ignore_case":
        return original.casefold() == model.casefold()
    return rule.kind == "similar" and token_f1(original, model) >= rule.threshold


def number(value: Json) -> float | None:
    """Read a number, or text that is one (a Decimal is encoded as text); None for all else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if math.isfinite(read) else None


def token_f1(original: str, model: str) -> float:
    """Return the harmonic mean of precision and recall over words (runs of letters and digits, case folded).

    The measure of SQuAD (Rajpurkar et al. 2016), without its removal of articles; where a text has no words, 1 if
    the other has none either. Scripts without spaces have long words: there it is close to equality.
    """
    one, other = (Counter(_WORD.findall(text.casefold())) for text in (original, model))
    if not one or not other:
        return float(one == other)
    return 2 * (one & other).total() / (one.total() + other.total())


def _scope(patterns: list[Pattern], depth: int, rule: Rule | None) -> Scope:
    """Split the patterns that lead to a place into those that end there and those that go on."""
    ending = [one.rule for one in patterns if len(one.steps) == depth]
    for one in ending:
        rule = rule if one.kind == "unordered" else one
    unordered = any(one.kind == "unordered" for one in ending)
    return Scope(rule, unordered, tuple(one for one in patterns if len(one.steps) > depth), depth)


def _close(original: float | None, model: float | None, rule: Rule) -> bool:
    """Apply `math.isclose` to what are numbers."""
    if original is None or model is None:
        return False
    return math.isclose(original, model, rel_tol=rule.rel, abs_tol=rule.abs)
