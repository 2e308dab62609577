"""A return type's JSON schema, read into nodes.

Whatever pydantic (or a user's `WithJsonSchema`) writes becomes one of these; what has no place in them
(`discriminator`, `examples`, `title` ...) is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from pytest_distil.core.brief import Brief
from pytest_distil.formats.limits import limits_of
from pytest_distil.formats.nodes import NULL, Anything, Choice, Field, Items, Node, Record, Ref, Returned, Scalar, Union

T = TypeVar("T")
VALUE = "value"
"""The one key of the object that stands around a result which is no object."""

_SCALARS = frozenset({"string", "integer", "number", "boolean", NULL})
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_KEPT = 512
"""Briefs; more than a suite has tasks."""
_NAME_LENGTH = 64
"""As long as OpenAI takes the name of a tool, a function or a schema."""


def per_brief(function: Callable[[Brief], T]) -> Callable[[Brief], T]:
    """Compute `function` once for each brief object.

    By identity, not by equality: equal dicts may hold their keys in another order, and the order of fields is part of
    a prompt. A brief that is kept cannot lend its id to another.
    """
    kept: dict[int, tuple[Brief, T]] = {}

    @wraps(function)
    def computed(brief: Brief) -> T:
        found = kept.get(id(brief))
        if found is None:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            found = kept[id(brief)] = brief, function(brief)
        return found[1]

    return computed


@per_brief
def returned(brief: Brief) -> Returned:
    """Read the schema of a brief; without one, a result may be anything."""
    reader = _Reader(brief.schema or {})
    plain = Returned(reader.root, reader.named, _title(brief.schema or {}), wrapped=False)
    if isinstance(plain.resolve(plain.root), Record):
        return plain
    return Returned(Record((Field(VALUE, plain.root),)), plain.named, None, wrapped=True)


def clean_name(name: str) -> str:
    """Return a name as providers take it, `[A-Za-z0-9_-]{1,64}`; `result` where nothing of it is left."""
    cleaned = name if not _FOREIGN.search(name) else _FOREIGN.sub("_", name).strip("_")
    return cleaned[:_NAME_LENGTH] or "result"


def _title(schema: Mapping[str, Any]) -> str | None:
    """Return the title of a schema, or of the definition that it refers to."""
    definition = schema.get("$defs", {}).get(str(schema.get("$ref", "")).removeprefix("#/$defs/"), {})
    title = schema.get("title") or definition.get("title")
    return title if isinstance(title, str) else None


class _Reader:
    """Reads one schema: the root, then each definition that is met, in that order."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._names: dict[str, str] = {}
        self.named: dict[str, Node] = {}
        self.root = self._node(schema)
        for key in self._met():
            self.named[self._names[key]] = self._node(self._definitions[key])
        self.named |= {name: Anything() for name in self.named if self._refers_to_itself(name)}

    def _refers_to_itself(self, name: str) -> bool:
        """Return whether a definition is nothing but references that come back to it."""
        node, steps = self.named[name], 0
        while isinstance(node, Ref) and steps <= len(self.named):
            node, steps = self.named[node.name], steps + 1
        return isinstance(node, Ref)

    def _met(self) -> Iterator[str]:
        """Yield the keys of definitions as they are met; reading one may add more."""
        done = 0
        while done < len(self._names):
            yield list(self._names)[done]
            done += 1

    def _node(self, schema: Any) -> Node:
        """Read one schema."""
        if not isinstance(schema, Mapping):
            return Anything()
        if "$ref" in schema:
            return self._ref(str(schema["$ref"]))
        if len(schema.get("allOf", ())) == 1:
            return self._node({key: schema[key] for key in schema if key != "allOf"} | schema["allOf"][0])
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            return _union([self._node(branch) for branch in branches])
        if "const" in schema or "enum" in schema:
            return Choice(tuple(schema.get("enum", (schema.get("const"),))), _one_line(schema))
        kind = schema.get("type")
        if isinstance(kind, Sequence) and not isinstance(kind, str):
            return _union([self._node({**schema, "type": one}) for one in kind])
        return self._of_type(kind, schema)

    def _of_type(self, kind: Any, schema: Mapping[str, Any]) -> Node:
        if kind == "object" or (kind is None and "properties" in schema):
            return self._record(schema)
        if kind == "array" or (kind is None and "prefixItems" in schema):
            return self._items(schema)
        return Scalar(kind, limits_of(schema)) if kind in _SCALARS else Anything()

    def _ref(self, reference: str) -> Node:
        """Name a definition by its title, because its key may hold a module that differs between runs."""
        key = reference.removeprefix("#/$defs/")
        if key not in self._definitions:
            return Anything()
        if key not in self._names:
            title = str(self._definitions[key].get("title") or _last_part(key))
            self._names[key] = _unused(clean_name(title), self._names.values())
        return Ref(self._names[key])

    def _record(self, schema: Mapping[str, Any]) -> Record:
        """Read an object; one that names no keys is open."""
        required = schema.get("required", ())
        fields = tuple(
            Field(name, self._node(own), _one_line(own), optional=name not in required and "default" not in own)
            for name, own in schema.get("properties", {}).items()
        )
        others = schema.get("additionalProperties", "properties" not in schema)
        for pattern in schema.get("patternProperties", {}).values():
            others = pattern
        return Record(fields, None if others is False else self._node(others), _one_line(schema))

    def _items(self, schema: Mapping[str, Any]) -> Items:
        """Read an array, or a tuple."""
        first = tuple(map(self._node, schema.get("prefixItems", ())))
        bounded = len(first) >= schema.get("maxItems", float("inf"))
        rest = None if bounded or schema.get("items") is False else self._node(schema.get("items"))
        return Items(first, rest, limits_of(schema) if rest and not first else ())


def _union(nodes: list[Node]) -> Node:
    """Join branches, nested unions opened and repetitions dropped."""
    flat: dict[str, Node] = {}
    for node in nodes:
        for branch in node.branches if isinstance(node, Union) else (node,):
            flat.setdefault(repr(branch), branch)
    branches = tuple(flat.values())
    return branches[0] if len(branches) == 1 else Union(branches)


def _last_part(key: str) -> str:
    """Return the class's name out of a definition's key, which pydantic may write `module__Outer__Name__2`."""
    return next((part for part in reversed(key.split("__")) if part and not part.isdigit()), key)


def _unused(name: str, taken: Collection[str]) -> str:
    """Return the name, numbered where it is taken."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name[: _NAME_LENGTH - 4]}_{number}"
    return candidate


def _one_line(schema: Any) -> str:
    """Return a schema's description on one line."""
    description = schema.get("description") if isinstance(schema, Mapping) else None
    return " ".join(description.split()) if isinstance(description, str) else ""
