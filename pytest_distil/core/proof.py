"""What a core schema says of all values of a type. Core schemas are plain dicts: pydantic itself is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

Schema = Mapping[str, Any]
Leaves = frozenset[type[Any]]
"""The types of a leaf's values."""

_LEAVES: Mapping[str, type[Any]] = {"int": int, "str": str, "bool": bool, "none": NoneType}
"""Leaves whose JSON reads back as it was, as long as nothing else is asked of them."""

_NOT_SCHEMAS = frozenset({"cls", "config", "default", "expected", "members", "metadata"})
"""What a core schema says beside the schemas below it; a default may be any value, a circle too."""

_MODEL = frozenset({"cls", "config", "custom_init", "metadata", "ref", "root_model", "schema", "type"})
_FIELDS = frozenset({"computed_fields", "fields", "model_name", "type"})
_FIELD = frozenset({"metadata", "schema", "type", "validation_alias", "serialization_alias"})
_CONFIG = frozenset({"extra_fields_behavior", "from_attributes", "frozen", "title", "validate_assignment"})
"""What may be said of a model without changing what its values read back as; extra fields must not be kept."""


def plain_leaves(schema: Schema) -> Leaves | None:
    """Return the types of a leaf all of whose values read back from JSON as they were; None for another schema."""
    kind, said = schema["type"], schema.keys() - {"metadata"}
    if kind in _LEAVES and said == {"type"}:
        return frozenset({_LEAVES[kind]})
    below = plain_leaves(schema["schema"]) if kind in ("nullable", "default") else None
    if below is None or not said <= {"type", "schema", "default", "default_factory", "default_factory_takes_data"}:
        return None
    return below | {NoneType} if kind == "nullable" else below


def plain_fields(schema: Schema) -> dict[str, Leaves] | None:
    """Return the fields of a model that has nothing but leaves of that kind; None for another schema."""
    if schema["type"] != "model" or not schema.keys() <= _MODEL or schema.get("custom_init") or schema["root_model"]:
        return None
    fields, config = schema["schema"], schema.get("config", {})
    if not config.keys() <= _CONFIG or config.get("extra_fields_behavior") == "allow":
        return None
    if not fields.keys() <= _FIELDS or fields.get("computed_fields"):
        return None
    found: dict[str, Leaves] = {}
    for name, field in fields["fields"].items():
        leaves = plain_leaves(field["schema"]) if field.keys() <= _FIELD else None
        if leaves is None:
            return None
        found[name] = leaves
    return found


def holds_sets(schema: Schema) -> bool:
    """Return whether values of the type may hold sets."""
    return any(node["type"] in ("set", "frozenset") for node in _nodes(schema))


def runs_user_code(schema: Schema) -> bool:
    """Return whether reading or writing a value may run code of the user's: validators, serializers, hooks."""
    return any(
        node["type"].startswith("function-")
        or node.get("custom_init")
        or node.get("post_init")
        or node.get("serialization_exclude")  # what is not written is made anew by a default
        or callable(node.get("discriminator"))
        for node in _nodes(schema)
    )


def _nodes(part: Any) -> Iterator[Schema]:
    """Yield every schema in a core schema; fields may have the names that schemas use themselves."""
    if isinstance(part, Mapping):
        is_schema = isinstance(part.get("type"), str)
        if is_schema:
            yield part
        for key, below in part.items():
            if not (is_schema and key in _NOT_SCHEMAS):
                yield from _nodes(below)
    elif isinstance(part, (list, tuple)):
        for below in part:
            yield from _nodes(below)
