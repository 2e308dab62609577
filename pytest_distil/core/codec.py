"""Values of the user's types to JSON and back, without loss; the only file that knows pydantic."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import pydantic_core
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from pytest_distil.core.same import Path, first_difference, path_text
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.mark.errors import EncodingError

_CONFIG = ConfigDict(ser_json_inf_nan="strings", ser_json_bytes="base64", val_json_bytes="base64")
"""For types that bring no configuration of their own: what JSON lacks is written as strings that read back."""

_EXACT = frozenset({int, str, bool, type(None)})
"""Types whose JSON reads back as it was, whatever is annotated."""


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""The spellings that pydantic reads as floats."""


_FLAT = frozenset({"model", "model-fields", "model-field", "int", "str", "bool", "none", "nullable", "default"})
"""Core schemas of values whose fields are all leaves of exact types."""

_MOST_VERIFIED = 4096
"""Texts remembered per type; enough for the repeated calls of a test suite, little memory."""


class NoSchemaError(TypeError):
    """A type cannot be turned into a schema and read back; the message says what to do."""


class Adapter:
    """One annotated type: encode its values to JSON text, decode them, give its schema."""

    def __init__(self, annotation: Any) -> None:
        """Build pydantic's validator and serializer; raise `NoSchemaError` where there are none."""
        self._adapter = _type_adapter(annotation)
        self._to_json = self._adapter.serializer.to_json
        slow = (functools.partial(self._dump, bytes_mode="base64"), functools.partial(self._dump, bytes_mode="utf8"))
        # The serializer writes sets in the order of their hashes, which differs between processes.
        self._writers = slow if _mentions_sets(self._adapter.core_schema) else (self._write, *slow)
        self._is_flat = _is_flat(self._adapter.core_schema)
        self._verified: dict[tuple[Any, ...], str] = {}

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON schema of what is read, fields by name; None where anything goes."""
        try:
            return self._adapter.json_schema(by_alias=False) or None
        except PydanticUserError as error:
            raise NoSchemaError(_first_line(error)) from error

    def encode(self, value: Any) -> str:
        """Return `value` as JSON text that reads back as an equal value, keys in the schema's order.

        Raises `EncodingError`, with the path, where there is no such text.
        """
        if not self._is_flat:
            return self._encode(value)
        # With flat values the text and the types say everything, so that a value seen before need not be read back.
        key = (self._write(value), type(value), *map(type, getattr(value, "__dict__", {}).values()))
        known = self._verified.get(key)
        if known is None:
            if len(self._verified) >= _MOST_VERIFIED:
                self._verified.clear()
            known = self._verified[key] = self._encode(value)
        return known

    def _encode(self, value: Any) -> str:
        """Find the first way of writing that reads back as an equal value."""
        wrong = EncodingError("$", "it has no JSON form")
        for write in self._writers:
            try:
                decoded = self.decode(write(value))
            except EncodingError as error:
                wrong = error
                continue
            path = first_difference(value, decoded)
            if path is None:
                return write(decoded)
            wrong = EncodingError(path_text(path), _what_is_lost(value, decoded, path))
        raise wrong

    def decode(self, text: str | bytes) -> Any:
        """Read JSON text as a value of the type; raise `EncodingError`, with the path, where it is none."""
        try:
            return self._adapter.validator.validate_json(text, by_alias=False, by_name=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise EncodingError(path_text(first["loc"]), _lower(first["msg"])) from error
        except Exception as error:  # a validator of the user's may raise anything
            raise EncodingError("$", f"{type(error).__name__}: {_first_line(error)}") from error

    def _write(self, value: Any) -> str:
        """Write as pydantic does, at full speed."""
        try:
            return self._to_json(value, by_alias=False, round_trip=True, warnings=False).decode()
        except Exception as error:  # so may a serializer
            raise EncodingError("$", _first_line(error)) from error

    def _dump(self, value: Any, *, bytes_mode: str) -> str:
        """Write what `_write` cannot: sets sorted, nan and infinities as strings, bytes in the way that is asked for."""
        try:
            tree = self._adapter.serializer.to_python(
                value, mode="python", by_alias=False, round_trip=True, warnings=False
            )
        except Exception as error:
            raise EncodingError("$", _first_line(error)) from error
        return compact(_plain(tree, (), bytes_mode))


def encode_argument(value: Any, adapter: Adapter | None) -> str:
    """Return an argument as JSON text: by its annotation, else (subclasses, tuples, no annotation) by its own type.

    Raises `EncodingError` where neither gives the value back.
    """
    if type(value) in _EXACT:
        return _exact(value)
    if adapter is not None:
        try:
            return adapter.encode(value)
        except EncodingError:
            if type(value) in (list, dict):
                raise
    return _adapter_of(type(value)).encode(value)  # type: ignore[arg-type] # a metaclass may be unhashable


def _exact(value: Any) -> str:
    """Write a value whose JSON cannot be mistaken."""
    try:
        return str(pydantic_core.to_json(value), "utf-8")
    except (ValueError, TypeError) as error:
        raise EncodingError("$", "text that is not UTF-8 (a lone surrogate)") from error


@functools.lru_cache(maxsize=1024)
def _adapter_of(kind: type[Any]) -> Adapter:
    """Return the adapter of a type that was seen at run time; raise `EncodingError` where it has none."""
    try:
        return Adapter(kind)
    except NoSchemaError as error:
        raise EncodingError("$", f"a {kind.__qualname__} has no JSON form") from error


def _type_adapter(annotation: Any) -> TypeAdapter[Any]:
    """Build an adapter, configured where the type lets it."""
    try:
        return TypeAdapter(annotation, config=_CONFIG)
    except PydanticUserError as error:
        if error.code != "type-adapter-config-unused":
            raise NoSchemaError(_first_line(error)) from error
    except Exception as error:  # building runs code of the user's types
        raise NoSchemaError(f"{type(error).__name__}: {_first_line(error)}") from error
    try:
        return TypeAdapter(annotation)
    except Exception as error:
        raise NoSchemaError(_first_line(error)) from error


def _mentions_sets(schema: Any) -> bool:
    """Return whether a set, or anything at all, may stand somewhere in a core schema."""
    if isinstance(schema, Mapping):
        return schema.get("type") in ("set", "frozenset") or any(map(_mentions_sets, schema.values()))
    return isinstance(schema, (list, tuple)) and any(map(_mentions_sets, schema))


def _is_flat(schema: Any) -> bool:
    """Return whether a core schema is a leaf, or one model of leaves."""
    if schema.get("type") not in _FLAT:
        return False
    if schema["type"] == "model-fields":
        return all(_is_flat(field) and field["schema"]["type"] != "model" for field in schema["fields"].values())
    return "schema" not in schema or _is_flat(schema["schema"])


def _plain(value: Any, path: Path, bytes_mode: Any) -> Json:
    """Return Python values as plain JSON."""
    if type(value) in _EXACT:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _NOT_FINITE[str(float(value))]
    if isinstance(value, dict):
        return {_key(key): _plain(item, (*path, key), bytes_mode) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, index), bytes_mode) for index, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item, path, bytes_mode) for item in value), key=canonical)
    return _guard(lambda: pydantic_core.to_jsonable_python(value, bytes_mode=bytes_mode), value, path)


def _key(key: Any) -> str:
    """Return a key as JSON writes it."""
    return key if type(key) is str else next(iter(pydantic_core.to_jsonable_python({key: None})))


def _guard(write: Callable[[], Json], value: Any, path: Path) -> Json:
    """Name what could not be written, and where."""
    try:
        return write()
    except Exception as error:
        raise EncodingError(path_text(path), f"a {type(value).__qualname__} has no JSON form") from error


def _what_is_lost(value: Any, decoded: Any, path: Path) -> str:
    """Say why a value is not recorded; by types alone, because values may be secret."""
    one, other = (type(_reach(root, path)).__qualname__ for root in (value, decoded))
    if one != other:
        return f"a {one} comes back from JSON as a {other}"
    return f"a {one} does not come back from JSON as it was"


def _reach(value: Any, path: Path) -> Any:
    """Follow a path as far as it goes."""
    for step in path:
        try:
            value = getattr(value, step[1:]) if isinstance(step, str) and step.startswith(".") else value[step]
        except (AttributeError, LookupError, TypeError):
            return value
    return value


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
