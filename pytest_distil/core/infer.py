"""A JSON schema for results that have no annotation, inferred from the values that were seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_distil.core.text import Json

_SAID = "inferred from the values seen"
"""Stands in an inferred schema, so that it is told from a declared one; no prompt shows it."""

_MOST_KEYS = 16
"""Keys of objects that differ in their keys; with more they are taken for mappings, not for records."""


_DEEPEST = 32
"""Levels that are described; what lies deeper may be anything, for values may be as deep as Python can write them."""


class _Shape:
    """What values in one place were seen to be; adding is commutative but for the order of an object's keys."""

    __slots__ = ("fields", "items", "kinds", "levels", "objects")

    def __init__(self, levels: int = _DEEPEST) -> None:
        self.levels = levels
        """So many are described from here on."""
        self.kinds: set[str] = set()
        self.items: _Shape | None = None
        self.fields: dict[str, tuple[_Shape, int]] = {}
        """Of objects: what stands under each key, and in how many of them."""
        self.objects = 0

    def add(self, value: Json) -> None:
        """See one more value."""
        if not self.levels:
            return
        self.kinds.add(_kind(value))
        if isinstance(value, list):
            self.items = self.items or _Shape(self.levels - 1)
            for item in value:
                self.items.add(item)
        elif isinstance(value, dict):
            self.objects += 1
            for key, item in value.items():
                shape, times = self.fields.get(key) or (_Shape(self.levels - 1), 0)
                shape.add(item)
                self.fields[key] = shape, times + 1

    def schema(self) -> dict[str, Any]:
        """Return a schema that every value seen fits."""
        kinds = sorted(self.kinds - ({"integer"} if "number" in self.kinds else set()))
        options = [self._one(kind) for kind in kinds]
        return options[0] if len(options) == 1 else {"anyOf": options} if options else {}

    def _one(self, kind: str) -> dict[str, Any]:
        if kind == "array":
            return {"type": "array", "items": self.items.schema() if self.items else {}}
        return self._object() if kind == "object" else {"type": kind}

    def _object(self) -> dict[str, Any]:
        always = [key for key, (_, times) in self.fields.items() if times == self.objects]
        if len(always) < len(self.fields) > _MOST_KEYS:
            return {"type": "object", "additionalProperties": self._values()}
        properties = {key: shape.schema() for key, (shape, _) in self.fields.items()}
        return {"type": "object", "properties": properties, "required": always}

    def _values(self) -> dict[str, Any]:
        """Return a schema for what stands under any key."""
        options = {repr(schema): schema for schema in (shape.schema() for shape, _ in self.fields.values())}
        found = [options[key] for key in sorted(options)]
        return found[0] if len(found) == 1 else {"anyOf": found}


def infer(values: Iterable[Json]) -> dict[str, Any]:
    """Return a schema that all values fit, marked as inferred; the same for every order but for that of keys."""
    shape = _Shape()
    for value in values:
        shape.add(value)
    return {"$comment": _SAID, **shape.schema()}


def is_inferred(schema: Mapping[str, Any] | None) -> bool:
    """Return whether `infer` made a schema."""
    return schema is not None and schema.get("$comment") == _SAID


def _kind(value: Json) -> str:
    """Return the JSON type of a value; a float is a number also where it is whole."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")
