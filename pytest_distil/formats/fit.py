"""Results as they travel, and back: keys in the schema's order, the wrapper, null where strict schemas want a key.

What strict mode cannot leave out, a key that a result lacks (`NotRequired`), is sent as null and dropped again when
it is read; only where null is no value of the field, so that nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, repeat

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json, sorted_keys
from pytest_distil.formats.conform import faults
from pytest_distil.formats.nodes import NULL, Anything, Choice, Items, Node, Record, Returned, Scalar, Union
from pytest_distil.formats.schema import VALUE, returned
from pytest_distil.formats.strict import shape

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    NULL: (type(None),),
}


def sent(brief: Brief, result: Json) -> Json:
    """Return a result as a model is trained to reply it.

    A result that is not of the schema keeps its values; keys are ordered as far as it fits. None such is recorded where
    the function says what it returns.
    """
    kind = returned(brief)
    value = {VALUE: result} if kind.wrapped else result
    return _Fit(kind, fill=shape(brief).nulls).order(value, kind.root)


def misfit(brief: Brief, result: Json) -> tuple[str, str] | None:
    """Return where a result is not what its own schema says, and why: no server that holds a model to it takes it."""
    for where, why in faults(shape(brief).schema, sent(brief, result)):
        return where.removeprefix(VALUE).removeprefix(".") if returned(brief).wrapped else where, why
    return None


def ordered(brief: Brief, result: Json) -> Json:
    """Return a result with its keys in the schema's order, and nothing added."""
    kind = returned(brief)
    value = {VALUE: result} if kind.wrapped else result
    fitted = _Fit(kind).order(value, kind.root)
    return fitted[VALUE] if kind.wrapped else fitted


def received(brief: Brief, value: Json) -> Json:
    """Return the result that a reply stands for; raise `InvalidReply` where it cannot be one."""
    kind = returned(brief)
    if not isinstance(value, dict):
        raise InvalidReply(f"the JSON is {_article(value)}, not an object")
    if kind.wrapped and list(value) != [VALUE]:
        raise InvalidReply(f'the JSON is not {{"{VALUE}": ...}}, and the result has no other place')
    if shape(brief).nulls:
        try:
            value = _Fit(kind, drop=True).order(value, kind.root)
        except RecursionError:
            raise InvalidReply("nested too deeply") from None
    return value[VALUE] if kind.wrapped else value


def _article(value: Json) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


@dataclass(slots=True)
class _Fit:
    """Brings values into the order of nodes, with what one such work remembers."""

    kind: Returned
    fill: bool = False
    """Write null for keys that are not there."""
    drop: bool = False
    """Drop nulls that stand for keys that are not there."""
    judged: dict[tuple[int, int], int] = field(default_factory=dict)
    """Faults of values at unions, which nested unions would else count over and over; the values live as long."""

    def order(self, value: Json, node: Node) -> Json:
        """Return the value with its keys in the node's order, as far as it fits."""
        if isinstance(value, dict):
            node = self._chosen(value, node)
            return self._record(value, node) if isinstance(node, Record) else sorted_keys(value)
        if isinstance(value, list):
            node = self._chosen(value, node)
            return self._items(value, node) if isinstance(node, Items) else sorted_keys(value)
        return value

    def _chosen(self, value: Json, node: Node) -> Node:
        """Follow references, and at a union the first branch with the fewest faults."""
        node = self.kind.resolve(node)
        while isinstance(node, Union):
            node = self.kind.resolve(min(node.branches, key=lambda branch: self._faults(value, branch)))
        return node

    def _record(self, value: dict[str, Json], node: Record) -> dict[str, Json]:
        """Put the keys that the schema names first, in its order, then the others, sorted."""
        made: dict[str, Json] = {}
        known = 0
        for own in node.fields:
            if own.name in value:
                known += 1
                item = value[own.name]
                if not (self.drop and item is None and own.optional):
                    made[own.name] = self.order(item, own.node)
            elif self.fill and own.optional:
                made[own.name] = None
        if known < len(value):
            rest = node.rest or Anything()
            unknown = value.keys() - {own.name for own in node.fields}
            made |= {name: self.order(value[name], rest) for name in sorted(unknown)}
        return made

    def _items(self, value: list[Json], node: Items) -> list[Json]:
        """Order items by position, the others by what follows."""
        nodes = chain(node.first, repeat(node.rest or Anything()))
        return [self.order(item, own) for item, own in zip(value, nodes, strict=False)]

    def _faults(self, value: Json, node: Node) -> int:
        """Return in how many places a value is not what a node says; at a union, what the best branch says."""
        node = self.kind.resolve(node)
        if not isinstance(node, Union):
            return self._faults_of_plain(value, node)
        key = id(value), id(node)
        if key not in self.judged:
            faults = []
            for branch in node.branches:
                # Not a comprehension, whose frame would take from the depth that values may have.
                faults.append(self._faults_of_plain(value, self.kind.resolve(branch)))  # noqa: PERF401
            self.judged[key] = min(faults)
        return self.judged[key]

    def _faults_of_plain(self, value: Json, node: Node) -> int:
        """Count at a node that is no union and no reference."""
        match node:
            case Record():
                return self._faults_of_record(value, node) if isinstance(value, dict) else 1
            case Items():
                return self._faults_of_items(value, node) if isinstance(value, list) else 1
            case Scalar(type=of):
                return not isinstance(value, _KINDS[of]) or (isinstance(value, bool) and of != "boolean")
            case Choice(values=values):
                return not any(type(value) is type(one) and value == one for one in values)
            case Union():
                return self._faults(value, node)
            case _:
                return 0

    def _faults_of_record(self, value: dict[str, Json], node: Record) -> int:
        """Count keys that are missing, unknown or wrong."""
        faults = 0
        unknown = dict(value)
        for own in node.fields:
            if own.name not in unknown:
                faults += not own.optional
                continue
            item = unknown.pop(own.name)
            lacking = self.drop and item is None and own.optional
            faults += 0 if lacking else self._faults(item, own.node)
        if node.rest is None:
            return faults + len(unknown)
        return faults + sum(self._faults(item, node.rest) for item in unknown.values())

    def _faults_of_items(self, value: list[Json], node: Items) -> int:
        """Count items that are wrong or too many."""
        surplus = len(value) - len(node.first)
        faults = abs(surplus) if node.rest is None else 0
        nodes = chain(node.first, repeat(node.rest or Anything()))
        return faults + sum(self._faults(item, own) for item, own in zip(value, nodes, strict=False))
