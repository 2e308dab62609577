"""Whether the rules accept a value, and which elements of two lists stand for each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from difflib import SequenceMatcher
from functools import cache
from itertools import zip_longest
from typing import TypeAlias

from pytest_distil.core.text import Json, canonical
from pytest_distil.core.trial import field_of, leaves
from pytest_distil.run.rules import Scope, accepts_leaf, number

Pair: TypeAlias = tuple[int | None, int | None]
"""An index of the original's list and one of the model's; None where the other has no counterpart."""
_Matched: TypeAlias = list[tuple[int, int]]
_Degrees: TypeAlias = list[tuple[float, str]]

_ALIGNED = 300
"""Longer stretches that differ are paired by index: alignment takes the square of their length."""
_MATCHED = 40
"""Larger groups are paired in sorted order: trying each element with each takes the square of their number."""


def accepts(original: Json, model: Json, scope: Scope) -> bool:
    """Say whether the rules accept the model's value for the original's."""
    if scope.silent:
        return True
    if isinstance(original, dict) and isinstance(model, dict):
        return all(
            accepts(original[key], model[key], scope.enter(key))
            if key in original and key in model
            else scope.enter(key).silent
            for key in original.keys() | model.keys()
        )
    if isinstance(original, list) and isinstance(model, list):
        return _accepts_list(original, model, scope)
    return accepts_leaf(original, model, scope.rule)


def pair(original: list[Json], model: list[Json], scope: Scope) -> list[Pair]:
    """Pair the elements of two lists so that little differs; every index occurs once."""
    if scope.unordered:
        matched, left, right = _match(original, model, scope.element(0))
        return [*matched, *_pair_rest(original, model, left, right)]
    by_index: list[Pair] = list(zip_longest(range(len(original)), range(len(model))))
    if scope.counts_indexes or (len(original) == len(model) and accepts(original, model, scope)):
        return by_index
    one, other = _keys(original, scope), _keys(model, scope)
    aligned = _align(one, other)
    if len(original) == len(model) and _same(by_index, one, other) >= _same(aligned, one, other):
        return by_index
    return aligned


def reordered(original: list[Json], model: list[Json], scope: Scope) -> bool:
    """Say whether two lists that are not accepted differ in the order of their elements alone."""
    if scope.counts_indexes:
        return False
    return sorted(_keys(original, scope)) == sorted(_keys(model, scope))


def _accepts_list(original: list[Json], model: list[Json], scope: Scope) -> bool:
    """Say whether the rules accept a list; an element missing or added is accepted only where nothing counts."""
    if scope.unordered:
        _, left, right = _match(original, model, scope.element(0), whole=True)
        return not (left or right) or scope.element(0).silent
    common = min(len(original), len(model))
    surplus = range(common, max(len(original), len(model)))
    return all(scope.element(index).silent for index in surplus) and all(
        accepts(original[index], model[index], scope.element(index)) for index in range(common)
    )


def _match(
    original: list[Json], model: list[Json], inside: Scope, *, whole: bool = False
) -> tuple[_Matched, list[int], list[int]]:
    """Pair the elements of unordered lists that the rules accept, and return the indexes left over on each side.

    Equal ones first; then those that are alike but for leaves accepted by degree, trying all in groups of up to
    `_MATCHED`, in sorted order in larger ones (which finds all there are where one number in each is so compared). With
    `whole`, all or nothing: one that has no counterpart is enough to stop.
    """
    ours = {index: canonical(_form(value, inside)) for index, value in enumerate(original)}
    theirs = {index: canonical(_form(value, inside)) for index, value in enumerate(model)}
    matched, left, right = _by_key(ours, theirs)
    if left and right and inside.loose:
        groups, others = _grouped(original, left, inside), _grouped(model, right, inside)
        fits = cache(lambda i, j: accepts(original[i], model[j], inside))
        for key, group in groups.items():
            matched += _match_group(group, others.get(key, []), fits, whole=whole)
        left, right = _without(left, {i for i, _ in matched}), _without(right, {j for _, j in matched})
    return matched, left, right


def _by_key(original: Mapping[int, str], model: Mapping[int, str]) -> tuple[_Matched, list[int], list[int]]:
    """Pair the indexes that have one key, and return those left over."""
    waiting = defaultdict(list)
    for index in sorted(model, reverse=True):
        waiting[model[index]].append(index)
    matched = [(index, waiting[key].pop()) for index, key in original.items() if waiting[key]]
    left, right = _without(original, {i for i, _ in matched}), _without(model, {j for _, j in matched})
    return matched, left, right


def _grouped(values: list[Json], indexes: list[int], inside: Scope) -> dict[str, list[int]]:
    """Group elements by all that is compared exactly, each group sorted by what is compared by degree."""
    groups: dict[str, list[int]] = defaultdict(list)
    degrees: dict[int, _Degrees] = {index: [] for index in indexes}
    for index in indexes:
        groups[canonical(_form(values[index], inside, degrees[index]))].append(index)
    return {key: sorted(group, key=degrees.__getitem__) for key, group in groups.items()}


def _match_group(left: list[int], right: list[int], fits: Callable[[int, int], bool], *, whole: bool) -> _Matched:
    """Pair as many as fit: a maximum matching by augmenting paths (Kuhn 1955), or in sorted order."""
    if whole and len(left) != len(right):
        return []
    if max(len(left), len(right)) > _MATCHED:
        return [(i, j) for i, j in zip(left, right, strict=False) if fits(i, j)]
    taken: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        start = left.index(i)  # in sorted order its counterpart is near
        for j in right[start:] + right[:start]:
            if j not in tried and fits(i, j):
                tried.add(j)
                if j not in taken or place(taken[j], tried):
                    taken[j] = i
                    return True
        return False

    for i in left:
        if not place(i, set()) and whole:
            break
    return [(i, j) for j, i in taken.items()]


def _pair_rest(original: list[Json], model: list[Json], left: list[int], right: list[int]) -> list[Pair]:
    """Pair what is not accepted by the leaves that are the same, then in sorted order, then with nothing."""
    matched: _Matched = []
    if max(len(left), len(right)) <= _MATCHED:
        parts, others = ({i: _parts(values[i]) for i in some} for values, some in ((original, left), (model, right)))
        shared = {(i, j): (parts[i] & others[j]).total() for i in left for j in right}
        for i, j in sorted(filter(shared.get, shared), key=lambda both: (-shared[both], both)):
            if i in left and j in right:
                matched.append((i, j))
                left, right = _without(left, {i}), _without(right, {j})
    rest = (
        sorted(left, key=lambda i: canonical(original[i]).casefold()),
        sorted(right, key=lambda j: canonical(model[j]).casefold()),
    )
    return [*matched, *zip_longest(*rest)]


def _align(original: list[str], model: list[str]) -> list[Pair]:
    """Pair ordered elements along the longest runs of equal ones; by index in between and in what is too long."""
    start = _common(original, model)
    end = _common(original[start:][::-1], model[start:][::-1])
    one, other = range(start, len(original) - end), range(start, len(model) - end)
    pairs: list[Pair] = [(index, index) for index in range(start)]
    if max(len(one), len(other)) > _ALIGNED:
        pairs += zip_longest(one, other)
    else:
        runs = SequenceMatcher(None, original[start : one.stop], model[start : other.stop], autojunk=False)
        for _, from_i, to_i, from_j, to_j in runs.get_opcodes():
            pairs += zip_longest(one[from_i:to_i], other[from_j:to_j])
    return pairs + list(zip(range(one.stop, len(original)), range(other.stop, len(model)), strict=True))


def _common(one: list[str], other: list[str]) -> int:
    """Return how many elements at the start are equal."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _same(pairs: list[Pair], original: list[str], model: list[str]) -> int:
    """Count the pairs that are equal."""
    return sum(i is not None and j is not None and original[i] == model[j] for i, j in pairs)


def _keys(values: list[Json], scope: Scope) -> list[str]:
    """Return text for each element; elements that the rules accept for each other, but for degrees, have the same."""
    return [canonical(_form(value, scope.element(index))) for index, value in enumerate(values)]


def _form(value: Json, scope: Scope, degrees: _Degrees | None = None) -> Json:
    """Return the normal form of a value: what is ignored and the order that does not matter are gone, case is folded.

    With `degrees`, leaves that are compared by degree are moved there.
    """
    if scope.silent:
        return None
    if isinstance(value, dict):
        inside = {key: scope.enter(key) for key in sorted(value)}
        return {key: _form(value[key], one, degrees) for key, one in inside.items() if not one.silent}
    if isinstance(value, list):
        forms = [_form(element, scope.element(index), degrees) for index, element in enumerate(value)]
        return sorted(forms, key=canonical) if scope.unordered else forms
    return _leaf_form(value, scope.rule.kind if scope.rule else None, degrees)


def _leaf_form(value: Json, kind: str | None, degrees: _Degrees | None) -> Json:
    """Return the normal form of a leaf."""
    if kind == "ignored":
        return None
    if kind == "ignore_case" and isinstance(value, str):
        return value.casefold()
    if degrees is None:
        return value
    if kind == "similar" and isinstance(value, str):
        degrees.append((0.0, value))
        return ""
    if kind == "close" and (read := number(value)) is not None:
        degrees.append((read, ""))
        return "" if isinstance(value, str) else 0
    return value


def _parts(value: Json) -> Counter[tuple[str, str]]:
    """Count the leaves of a value, by field and text without regard to case."""
    return Counter((field_of(path), canonical(leaf).casefold()) for path, leaf in leaves(value))


def _without(indexes: Collection[int], gone: Collection[int]) -> list[int]:
    return [index for index in indexes if index not in gone]
