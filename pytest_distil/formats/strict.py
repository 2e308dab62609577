"""Schemas as hosted fine-tuned models accept them in strict mode.

OpenAI's guide to Structured Outputs names the rules: every object closed, every key required, the root an object and
no union, and for fine-tuned models no keyword that limits strings, numbers or arrays. What cannot be said that way is
sent loose, and validated here all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, canonical
from pytest_distil.formats.nodes import (
    NULL,
    Anything,
    Choice,
    Items,
    Node,
    Record,
    Ref,
    Returned,
    Scalar,
    Union,
    children,
)
from pytest_distil.formats.schema import per_brief, returned

# The smaller of what OpenAI and Azure OpenAI document today: 5,000 and 100 properties, 10 and 5 levels, 120,000 and
# 15,000 characters, 1,000 and 500 values. A request that is refused is worse than one with a looser schema.
_MOST_PROPERTIES = 100
_MOST_LEVELS = 5
_MOST_CHARACTERS = 15_000
_MOST_VALUES = 500
_LONG_CHOICE = 250
"""Above this many values, the strings of one enum count by themselves ..."""
_MOST_CHARACTERS_OF_LONG_CHOICE = 7_500
"""... and may have this many characters together."""

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): NULL}


@dataclass(frozen=True, slots=True)
class Shape:
    """The schema of a brief's replies."""

    schema: dict[str, Any]
    """Of an object, as it is sent; shared between calls, not to be changed."""
    loose: str | None
    """Why it cannot be strict; None where it is."""
    nulls: bool
    """Whether null stands for an optional key that a result lacks; only in strict schemas, which want every key. There
    no optional field has null among its values, so that it is always told what null means."""

    @property
    def strict(self) -> bool:
        """Whether servers may be asked to hold a model to it."""
        return self.loose is None


@per_brief
def shape(brief: Brief) -> Shape:
    """Return the schema of a brief's replies, strict where it can be."""
    kind = returned(brief)
    loose = why_loose(kind)
    root = kind.resolve(kind.root)
    schema = _emit(root, kind, strict=loose is None)
    definitions = {name: _emit(kind.named[name], kind, strict=loose is None) for name in _used(root, kind)}
    if definitions:
        schema["$defs"] = definitions
    return Shape(schema, loose, nulls=loose is None and any(one.optional for one in kind.fields()))


def why_loose(kind: Returned) -> str | None:
    """Return why a type cannot be strict, or None."""
    nodes = list(kind.walk())
    return next(_unsayable(nodes, kind), None) or next(_too_much(nodes, kind), None)


def _unsayable(nodes: list[Node], kind: Returned) -> Iterator[str]:
    """Yield what strict schemas have no words for."""
    for node in nodes:
        if isinstance(node, Anything):
            yield "something may be of any type"
        elif isinstance(node, Record) and node.rest:
            yield "an object may have any keys"
        elif isinstance(node, Items) and not children(node):
            yield "an array is always empty"
        elif isinstance(node, Record):
            yield from (
                f"{f.name!r} may be null or missing" for f in node.fields if f.optional and kind.nullable(f.node)
            )
    if _ambiguous(nodes):
        yield "two objects have the same keys, and null stands for a missing one in only one of them"


def _ambiguous(nodes: list[Node]) -> bool:
    """Return whether null under a key might mean its lack in one object and null in another."""
    nulled: dict[frozenset[str], frozenset[str]] = {}
    for node in nodes:
        if isinstance(node, Record):
            keys = frozenset(field.name for field in node.fields)
            own = frozenset(field.name for field in node.fields if field.optional)
            if nulled.setdefault(keys, own) != own:
                return True
    return False


def _too_much(nodes: list[Node], kind: Returned) -> Iterator[str]:
    """Yield which limit of strict mode is passed."""
    names = [field.name for field in kind.fields()]
    choices = [node.values for node in nodes if isinstance(node, Choice)]
    texts = [[value for value in values if isinstance(value, str)] for values in choices]
    if len(names) > _MOST_PROPERTIES:
        yield f"it has more than {_MOST_PROPERTIES} fields"
    if sum(map(len, choices)) > _MOST_VALUES:
        yield f"it allows more than {_MOST_VALUES} values"
    if any(len(some) > _LONG_CHOICE and _length(some) > _MOST_CHARACTERS_OF_LONG_CHOICE for some in texts):
        yield f"one field's values are longer than {_MOST_CHARACTERS_OF_LONG_CHOICE} characters"
    if _length(names) + _length(kind.named) + sum(map(_length, texts)) > _MOST_CHARACTERS:
        yield f"its names and values are longer than {_MOST_CHARACTERS} characters"
    if _levels(kind.root, kind, {}) > _MOST_LEVELS:
        yield f"it nests objects deeper than {_MOST_LEVELS} levels"


def _length(texts: Any) -> int:
    return sum(map(len, texts))


def _levels(node: Node, kind: Returned, known: dict[str, int]) -> int:
    """Return how many objects stand in each other, a recursion counted once."""
    if isinstance(node, Ref):
        if node.name not in known:
            known[node.name] = 0
            known[node.name] = _levels(kind.named[node.name], kind, known)
        return known[node.name]
    return isinstance(node, Record) + max((_levels(child, kind, known) for child in children(node)), default=0)


def _used(root: Node, kind: Returned) -> list[str]:
    """Return the definitions that the root refers to, directly or not, in their order."""
    found: set[str] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, Ref) and node.name not in found:
            found.add(node.name)
            todo.append(kind.named[node.name])
        todo.extend(children(node))
    return [name for name in kind.named if name in found]


def _emit(node: Node, kind: Returned, *, strict: bool) -> dict[str, Any]:
    """Write a node as a schema.

    Descriptions are left out: the system text always has them, and beside `$ref` they are refused.
    """
    match node:
        case Ref(name=name):
            return {"$ref": f"#/$defs/{name}"}
        case Scalar(type=of):
            return {"type": of}
        case Choice(values=values):
            return _choice(values)
        case Items(first=first, rest=rest):
            every = [_emit(one, kind, strict=strict) for one in ((*first, rest) if rest else first)]
            return {"type": "array", "items": _any_of(every)} if every else {"type": "array"}
        case Record():
            return _record(node, kind, strict=strict)
        case Union(branches=branches):
            return _any_of([_emit(branch, kind, strict=strict) for branch in branches])
        case _:
            return {}


def _record(node: Record, kind: Returned, *, strict: bool) -> dict[str, Any]:
    """Write an object: closed, its keys all required where the schema is strict."""
    properties = {}
    for field in node.fields:
        own = _emit(field.node, kind, strict=strict)
        properties[field.name] = _or_null(own) if strict and field.optional else own
    required = [field.name for field in node.fields if strict or not field.optional]
    others = _emit(node.rest, kind, strict=strict) if node.rest else False
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": others}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return _any_of([*schema.get("anyOf", [schema]), {"type": NULL}])


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """Join schemas; positions in tuples are lost, because strict mode has no `prefixItems`."""
    flat = [inner for one in schemas for inner in one.get("anyOf", [one])]
    distinct = list({canonical(one): one for one in flat}.values())
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _choice(values: tuple[Json, ...]) -> dict[str, Any]:
    """Write the values of an enum with their types, which strict mode asks for."""
    types = list(dict.fromkeys(_TYPES.get(type(value), "object") for value in values))
    return {"type": types[0] if len(types) == 1 else types, "enum": list(values)}
