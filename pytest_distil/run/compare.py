"""Compare the model's value with the original's, both encoded; the only file that knows deepdiff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deepdiff import DeepDiff
from deepdiff.helper import notpresent

from pytest_distil.core.text import Json, canonical
from pytest_distil.core.trial import Difference, Ignored, fields_of, joined
from pytest_distil.mark.task import Rule
from pytest_distil.run.pairs import Pair, accepts, pair, reordered
from pytest_distil.run.rules import Scope, accepts_leaf, scope_of

_EXPLAINED = 1000
"""After as many parts of one comparison, what differs is listed whole: deepdiff takes about 0.1 ms for each."""

_KINDS = {"dictionary_item_added": "added", "dictionary_item_removed": "missing"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing two values came to; there are differences where they do not agree, and only there."""

    agree: bool
    differences: tuple[Difference, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """What differs and does not count."""
    fields: tuple[str, ...] = ()
    """The fields of the original's value."""


def compare(
    original: Json,
    model: Json,
    rules: Mapping[str, Rule | Mapping[str, Any]],
    *,
    equal: bool | None,
) -> Comparison:
    """Compare two encoded values by a task's rules, which may be plain JSON (`Brief.compare`).

    `equal` says that the decoded values are equal, which is agreement whatever their texts are (`3.5` and `3.50`
    as Decimal). Otherwise leaves must have the same canonical text, so that `1`, `1.0` and `True` differ, or be
    accepted by a rule. The verdict is exact for values of any size; differences past `_EXPLAINED` parts are listed
    by the objects and elements that they lie in, and values that are too deep for Python's stack as a whole.
    """
    try:
        return _compare(original, model, scope_of(rules), equal=bool(equal))
    except RecursionError:
        whole = () if equal else (Difference("$", "value", original, model),)
        return Comparison(bool(equal), whole, fields=("$",))


def _compare(original: Json, model: Json, scope: Scope, *, equal: bool) -> Comparison:
    """Compare by `==` on the texts first; explain only what is different."""
    fields = fields_of(original)
    if equal or canonical(original) == canonical(model):
        return Comparison(agree=True, fields=fields)
    differences, ignored = _explain(original, model, scope)
    return Comparison(accepts(original, model, scope), differences, ignored, fields)


def _explain(original: Json, model: Json, scope: Scope) -> tuple[tuple[Difference, ...], tuple[Ignored, ...]]:
    """Return where two values differ, by place, and what of it is ignored."""
    tree = DeepDiff(
        original,
        model,
        view="tree",
        custom_operators=[_Judge(scope)],
        zip_ordered_iterables=True,  # the judge has paired the elements
        threshold_to_diff_deeper=0,  # else objects that share few keys are reported whole
        ignore_private_variables=False,  # else keys that start with two underscores are passed over
    )
    found = [(_Place.of(level, scope), kind, level) for kind, levels in tree.items() for level in levels]
    differences, ignored = [], []
    for place, kind, level in sorted(found, key=lambda one: one[0].order):
        rule = place.scope.rule
        if rule and (kind == "ignored" or place.scope.silent):
            ignored.append(Ignored(place.path, rule.reason))
        else:
            sides = (None if side is notpresent else side for side in level)
            differences.append(Difference(place.path, _KINDS.get(kind, kind), *sides))
    return tuple(differences), tuple(ignored)


class _Judge:
    """What deepdiff asks at each place: judges leaves by the rules, and pairs the elements of lists."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._left = _EXPLAINED

    def match(self, _level: Any) -> bool:
        """Judge every place."""
        return True

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
        """Report what is to be said of a place, or let deepdiff go into its parts and return False."""
        self._left -= 1
        scope = _Place.of(level, self._scope).scope
        kind = self._kind(level.t1, level.t2, scope)
        if kind == "parts":
            if isinstance(level.t1, list):
                level.t1, level.t2 = self._arranged(level.t1, level.t2, scope)
            return False
        if kind != "same":
            diff_instance.custom_report_result(kind, level)
        return True

    def _kind(self, original: Json, model: Json, scope: Scope) -> str:
        """Say in what two values differ; `parts`: see there."""
        if original is notpresent or model is notpresent:
            return "added" if original is notpresent else "missing"
        if canonical(original) == canonical(model):
            return "same"
        if scope.silent:
            return "ignored"
        if isinstance(original, (dict, list)) and type(original) is type(model):
            return self._container_kind(original, model, scope)
        if accepts_leaf(original, model, scope.rule):
            return "ignored" if scope.rule and scope.rule.kind == "ignored" else "same"
        return "value" if type(original) is type(model) else "type"

    def _container_kind(self, original: Json, model: Json, scope: Scope) -> str:
        """Say in what two objects or two lists differ."""
        if self._left > 0 and isinstance(original, dict):
            return "parts"
        if accepts(original, model, scope):
            return "parts" if self._left > 0 else "same"
        if isinstance(original, list) and reordered(original, model, scope):
            return "order"
        return "parts" if self._left > 0 else "value"

    def _arranged(self, original: list[Json], model: list[Json], scope: Scope) -> tuple[_Arranged, _Arranged]:
        """Lay two lists side by side without the elements that are the same, as far as they can be explained."""
        pairs = [
            (i, j)
            for i, j in pair(original, model, scope)
            if i is None or j is None or canonical(original[i]) != canonical(model[j])
        ]
        if len(pairs) > self._left:  # of what cannot all be listed, first what counts
            pairs.sort(key=lambda both: _accepted(original, model, both, scope))
            del pairs[self._left :]
        return (
            _Arranged((notpresent if i is None else original[i] for i, _ in pairs), pairs),
            _Arranged((notpresent if j is None else model[j] for _, j in pairs), pairs),
        )


class _Arranged(list[Any]):
    """The elements of a list beside those of another; `notpresent` where it has none."""

    def __init__(self, elements: Iterable[Any], pairs: list[Pair]) -> None:
        super().__init__(elements)
        self.pairs = pairs
        """The index of each in the original's list and in the model's."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the values deepdiff stands."""

    path: str
    scope: Scope
    order: tuple[tuple[bool, int | str], ...]
    """Sorts places: indexes by number, keys by name."""

    @classmethod
    def of(cls, level: Any, scope: Scope) -> _Place:
        """Follow the steps to a level; they are the model's where only the model has something."""
        path, order = "", []
        above = level.all_up
        while above is not level:
            step = (above.t1_child_rel or above.t2_child_rel).param
            if isinstance(above.t1, _Arranged):
                i, j = above.t1.pairs[step]
                step = j if level.t1 is notpresent else i
                path = f"{path or '$'}[{step}]"
                scope = scope.element(step)
            else:
                path = joined(path, step)
                scope = scope.enter(step)
            order.append((isinstance(step, str), step))
            above = above.down
        return cls(path or "$", scope, tuple(order))


def _accepted(original: list[Json], model: list[Json], both: Pair, scope: Scope) -> bool:
    """Say whether the rules accept one pair of elements."""
    i, j = both
    if i is None or j is None:
        return False
    return accepts(original[i], model[j], scope.element(i))
