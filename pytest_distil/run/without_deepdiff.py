"""Comparing values where deepdiff is not installed, as in production: the same verdicts, less said of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_distil.core.text import Json, canonical
from pytest_distil.core.trial import Difference, Ignored, joined
from pytest_distil.run.pairs import accepts
from pytest_distil.run.rules import Scope, scope_of

if TYPE_CHECKING:
    from pytest_distil.run.compare import Comparison

Compared = tuple[bool, tuple[Difference, ...], tuple[Ignored, ...]]
"""Whether two values agree, where they differ, and what of that does not count."""


def compared(original: Json, model: Json, rules: Mapping[str, Any], *, equal: bool) -> Compared:
    """Compare two encoded values by a task's rules; with deepdiff where it is, as everywhere else."""
    compare = _with_deepdiff()
    if compare is not None:
        found = compare(original, model, rules, equal=equal)
        return found.agree, found.differences, found.ignored
    if equal or canonical(original) == canonical(model):
        return True, (), ()
    scope = scope_of(rules)
    return accepts(original, model, scope), tuple(_differences(original, model, scope, "")), ()


@cache
def _with_deepdiff() -> Callable[..., Comparison] | None:
    """Return what compares with deepdiff, where it is installed."""
    try:
        from pytest_distil.run.compare import compare
    except ModuleNotFoundError as error:
        if error.name == "deepdiff":
            return None
        raise
    return compare


def _differences(original: Json, model: Json, scope: Scope, path: str) -> Iterator[Difference]:
    """Yield the places where two values are not accepted for each other; lists are one place."""
    if accepts(original, model, scope):
        return
    if not isinstance(original, dict) or not isinstance(model, dict):
        yield Difference(path or "$", "value" if type(original) is type(model) else "type", original, model)
        return
    for key in sorted(original.keys() | model.keys()):
        inner, place = scope.enter(key), joined(path, key)
        if key in original and key in model:
            yield from _differences(original[key], model[key], inner, place)
        elif not inner.silent:
            kind = "missing" if key in original else "added"
            yield Difference(place, kind, original.get(key), model.get(key))
