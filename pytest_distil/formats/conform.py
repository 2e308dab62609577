"""Where a JSON value is not what a JSON schema says, for the schemas that stand in training lines.

The keywords are those of tools that hosted models accept (`strict.py` names them) and the usual bounds; what else a
schema says is passed over. https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.text import Json, compact
from pytest_distil.formats.finding import Faults

_TYPES: dict[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}

_BOUNDS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minimum": (lambda value, bound: value >= bound, "less than"),
    "exclusiveMinimum": (lambda value, bound: value > bound, "not more than"),
    "maximum": (lambda value, bound: value <= bound, "more than"),
    "exclusiveMaximum": (lambda value, bound: value < bound, "not less than"),
}
_LENGTHS = {str: ("minLength", "maxLength", "characters"), list: ("minItems", "maxItems", "items")}

_MOST_CHOICES = 5
"""Allowed values that a message lists."""

_MOST_REFERENCES = 64
"""A reference that leads to itself never says what a value is."""


def faults(schema: Json, value: Json) -> Faults:
    """Yield where `value` is not what `schema` says."""
    yield from _Check(schema).at("", value, schema)


@dataclass(frozen=True, slots=True)
class _Check:
    root: Json

    def at(self, path: str, value: Json, schema: Json) -> Faults:
        """Yield the faults of a value at a path."""
        schema = self._resolved(schema)
        if schema is False:
            yield path, "is not allowed here"
        if not isinstance(schema, Mapping):
            return
        wrong = _wrong_itself(value, schema)
        if wrong:
            yield path, wrong
            return
        for part in schema.get("allOf", ()):
            yield from self.at(path, value, part)
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            yield from self._best(path, value, branches)
        if isinstance(value, dict):
            yield from self._object(path, value, schema)
        elif isinstance(value, list):
            yield from self._array(path, value, schema)

    def _resolved(self, schema: Json) -> Json:
        """Follow references within the schema."""
        for _ in range(_MOST_REFERENCES):
            if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
                return schema
            found: Json = self.root
            for key in schema["$ref"].removeprefix("#").strip("/").split("/"):
                found = found.get(key, {}) if key and isinstance(found, Mapping) else found
            schema = found
        return {}

    def _best(self, path: str, value: Json, branches: list[Json]) -> Faults:
        """Yield the faults of the branch that has the fewest."""
        yield from min((list(self.at(path, value, branch)) for branch in branches), key=len)

    def _object(self, path: str, value: dict[str, Json], schema: Mapping[str, Any]) -> Faults:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name in schema.get("required", ()):
            if name not in value:
                yield _under(path, name), "is missing"
        for name, item in value.items():
            if name in properties:
                yield from self.at(_under(path, name), item, properties[name])
            elif others is False:
                yield _under(path, name), "is a key that the schema does not have"
            else:
                yield from self.at(_under(path, name), item, others)

    def _array(self, path: str, value: list[Json], schema: Mapping[str, Any]) -> Faults:
        first = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            own = first[index] if index < len(first) else schema.get("items", True)
            yield from self.at(f"{path}[{index}]", item, own)


def at(path: str) -> str:
    """Write a fault's path from the whole value on."""
    return f"${'' if path[:1] in ('', '[') else '.'}{path}"


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong_itself(value: Json, schema: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a value apart from what is in it."""
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else types
    if types and not any(_TYPES.get(one, lambda _: True)(value) for one in types):
        return f"is {_kind(value)}, not {' or '.join(types)}"
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if choices is not None and not any(_equal(value, one) for one in choices):
        shown = ", ".join(map(compact, choices[:_MOST_CHOICES])) + (", ..." if len(choices) > _MOST_CHOICES else "")
        return f"is {_short(value)}, not {'one of ' if len(choices) > 1 else ''}{shown}"
    return _wrong_size(value, schema)


def _wrong_size(value: Json, schema: Mapping[str, Any]) -> str | None:
    """Say which bound a value passes."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for key, (holds, words) in _BOUNDS.items():
            if key in schema and not holds(value, schema[key]):
                return f"is {value}, {words} {schema[key]}"
    for kind, (least, most, unit) in _LENGTHS.items():
        if isinstance(value, kind):
            if len(value) < schema.get(least, 0):
                return f"has {len(value)} {unit}, fewer than {schema[least]}"
            if len(value) > schema.get(most, len(value)):
                return f"has {len(value)} {unit}, more than {schema[most]}"
    return _wrong_pattern(value, schema.get("pattern")) if isinstance(value, str) else None


def _wrong_pattern(value: str, pattern: Any) -> str | None:
    """Say that text does not match; a pattern that Python cannot read says nothing."""
    try:
        if isinstance(pattern, str) and not re.search(pattern, value):
            return f"is {_short(value)}, which does not match {pattern}"
    except re.error:
        return None
    return None


def _equal(value: Json, other: Json) -> bool:
    """Compare as JSON does: `true` is not 1."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _kind(value: Json) -> str:
    return next(name for name in ("null", "boolean", "integer", *_TYPES) if _TYPES[name](value))


def _short(value: Json) -> str:
    text = compact(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - fits a line
