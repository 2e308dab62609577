"""What a grammar made from a schema accepts: an oracle that shares no code with the package.

Servers that hold a model to a schema (llama.cpp, vLLM, OpenAI) let it write the keys of an object in the order of the
schema alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped, unused-ignore]

from pytest_distil.core.text import Json


def accepts(schema: dict[str, Any], text: str) -> bool:
    """Return whether a schema accepts a JSON text, the order of its keys included."""
    value = json.loads(text)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value)) and _in_order(schema, value, schema)


def _in_order(schema: dict[str, Any], value: Json, root: dict[str, Any]) -> bool:
    """Return whether some reading of the schema has the value's keys in its order."""
    if "$ref" in schema:
        return _in_order(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    if "anyOf" in schema:
        return any(
            jsonschema.Draft202012Validator({**branch, "$defs": root.get("$defs", {})}).is_valid(value)
            and _in_order(branch, value, root)
            for branch in schema["anyOf"]
        )
    if isinstance(value, list):
        return all(_in_order(schema.get("items", {}), item, root) for item in value)
    if isinstance(value, dict):
        return _object_in_order(schema, value, root)
    return True


def _object_in_order(schema: dict[str, Any], value: dict[str, Json], root: dict[str, Any]) -> bool:
    known = [name for name in schema.get("properties", {}) if name in value]
    others = sorted(value.keys() - set(known))
    if list(value) != known + others:
        return False
    rest = schema.get("additionalProperties")
    return all(_in_order(schema["properties"][name], value[name], root) for name in known) and all(
        _in_order(rest if isinstance(rest, dict) else {}, value[name], root) for name in others
    )


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every schema inside a schema, itself first; names of properties are no keywords."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for one in inner:
        yield from nodes(one)
