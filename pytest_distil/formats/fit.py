"""Results as they travel, and back: keys in the schema's order, the wrapper, null where strict schemas want a key.

What strict mode cannot leave out, a key that a result lacks (`NotRequired`), is sent as null and dropped again when
it is read; only where null is no value of the field, so that nothing is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import chain, repeat

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json, canonical
from pytest_distil.formats.nodes import NULL, Anything, Choice, Items, Node, Record, Returned, Scalar, Union
from pytest_distil.formats.schema import VALUE, returned
from pytest_distil.formats.strict import may_be_null, shape

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    NULL: (type(None),),
}
_Fitted = tuple[Json, int]
"""A value, and the number of its faults: places where it is not what the schema says."""


def sent(brief: Brief, result: Json) -> Json:
    """Return a result as a model is trained to reply it.

    A result that is not of the schema (nan where it says number) keeps its values; keys are ordered as far as it fits.
    """
    kind = returned(brief)
    value = {VALUE: result} if kind.wrapped else result
    return _Fit(kind, fill=shape(brief).nulls, drop=False).fit(value, kind.root)[0]


def ordered(brief: Brief, result: Json) -> Json:
    """Return a result with its keys in the schema's order, and nothing added."""
    kind = returned(brief)
    value = {VALUE: result} if kind.wrapped else result
    fitted = _Fit(kind, fill=False, drop=False).fit(value, kind.root)[0]
    return fitted[VALUE] if kind.wrapped else fitted


def received(brief: Brief, value: Json) -> Json:
    """Return the result that a reply stands for; raise `InvalidReply` where it cannot be one."""
    kind = returned(brief)
    if not isinstance(value, dict):
        raise InvalidReply(f"the JSON is {_article(value)}, not an object")
    if kind.wrapped and list(value) != [VALUE]:
        raise InvalidReply(f'the JSON is not {{"{VALUE}": ...}}, and the result has no other place')
    if shape(brief).nulls:
        value = _Fit(kind, fill=False, drop=True).fit(value, kind.root)[0]
    return value[VALUE] if kind.wrapped else value


def _article(value: Json) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


@dataclass(slots=True)
class _Fit:
    """Fits values to nodes, with what one fitting remembers."""

    kind: Returned
    fill: bool
    """Write null for keys that are not there."""
    drop: bool
    """Drop nulls that stand for keys that are not there."""
    tried: dict[tuple[int, int], _Fitted] = field(default_factory=dict)
    """What came of a value at a union: nested unions would else be tried over and over. The values live as long."""

    def fit(self, value: Json, node: Node) -> _Fitted:
        """Return the value, ordered, and how badly it fits."""
        node = self.kind.resolve(node)
        if isinstance(node, Union):
            branches = [one for one in node.branches if (value is None) is (one == Scalar(NULL))]
            if len(branches) != 1:
                return self._best(value, node)
            node = self.kind.resolve(branches[0])
        match node:
            case Union():
                return self._best(value, node)
            case Record():
                return self._record(value, node) if isinstance(value, dict) else (_sorted(value), 1)
            case Items():
                return self._items(value, node) if isinstance(value, list) else (_sorted(value), 1)
            case _:
                return _sorted(value), _faults(value, node)

    def _best(self, value: Json, node: Union) -> _Fitted:
        """Fit the first branch without a fault, else the one with the fewest."""
        key = id(value), id(node)
        if key not in self.tried:
            best: _Fitted | None = None
            for branch in node.branches:
                fitted = self.fit(value, branch)
                if best is None or fitted[1] < best[1]:
                    best = fitted
                if not best[1]:
                    break
            self.tried[key] = best or (_sorted(value), 1)
        return self.tried[key]

    def _record(self, value: dict[str, Json], node: Record) -> _Fitted:
        """Put the keys that the schema names first, in its order."""
        fitted: dict[str, Json] = {}
        faults = 0
        for own in node.fields:
            if own.name in value:
                if self.drop and value[own.name] is None and may_be_null(own, self.kind):
                    continue
                fitted[own.name], wrong = self.fit(value[own.name], own.node)
                faults += wrong
            elif self.fill and may_be_null(own, self.kind):
                fitted[own.name] = None
            else:
                faults += not own.optional
        return fitted, faults + self._others(value, node, fitted)

    def _others(self, value: dict[str, Json], node: Record, fitted: dict[str, Json]) -> int:
        """Add the keys that the schema does not name, sorted, and return their faults."""
        faults = 0
        named = {own.name for own in node.fields}
        for name in sorted(value.keys() - named):
            fitted[name], wrong = self.fit(value[name], node.rest or Anything())
            faults += wrong + (node.rest is None)
        return faults

    def _items(self, value: list[Json], node: Items) -> _Fitted:
        """Fit items by position, the others to what follows."""
        nodes = chain(node.first, repeat(node.rest))
        fitted = [self.fit(item, own or Anything()) for item, own in zip(value, nodes, strict=False)]
        excess = len(value) - len(node.first) if node.rest is None else 0
        return [item for item, _ in fitted], sum(wrong for _, wrong in fitted) + abs(excess)


def _sorted(value: Json) -> Json:
    """Return a value of no known type as it is written to files, keys sorted, so that it reads the same from there."""
    return json.loads(canonical(value)) if isinstance(value, (dict, list)) else value


def _faults(value: Json, node: Node) -> int:
    """Return 1 where a value is not of a leaf's type, or not one of its values."""
    match node:
        case Scalar(type=of):
            return not isinstance(value, _KINDS[of]) or (isinstance(value, bool) and of != "boolean")
        case Choice(values=values):
            return not any(type(value) is type(one) and value == one for one in values)
        case _:
            return 0
