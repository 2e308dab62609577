"""Values of the user's types to JSON and back, without loss; the only file that knows pydantic."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NotRequired, Required

import pydantic_core
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from pytest_distil.core import proof
from pytest_distil.core.forms import Form, Forms, take_unwritten
from pytest_distil.core.guard import refuse_untouchable
from pytest_distil.core.leaves import LEAVES, MOST_DIGITS, restored
from pytest_distil.core.loss import different, unwritable
from pytest_distil.core.same import first_difference, path_text
from pytest_distil.core.signature import replaced
from pytest_distil.core.text import compact, parse
from pytest_distil.core.unnoticed import Unnoticed
from pytest_distil.mark.errors import EncodingError

_CONFIG = ConfigDict(ser_json_inf_nan="strings", ser_json_bytes="base64", val_json_bytes="base64")
"""For types that bring no configuration of their own: what JSON lacks is written as strings that read back."""

_NOT_FINITE = ('"NaN"', 'Infinity"')
"""How what is written so is told: strings, where the schema says number."""

TOO_DEEP = "it is nested too deeply, or holds itself"
_NO_NAMES: Mapping[str, Any] = {}

_WRITING: Mapping[str, Any] = {
    "by_alias": False,
    "round_trip": True,
    "exclude_computed_fields": True,
    "warnings": False,
}


class NoSchemaError(TypeError):
    """A type cannot be turned into a schema and read back; the message says why."""


class _OfWritten(GenerateJsonSchema):
    """Describes what is read, without the fields that are never written (`exclude=True`)."""

    def field_is_present(self, field: Any) -> bool:
        """Return whether a field stands in the schema."""
        return not field.get("serialization_exclude") and super().field_is_present(field)


class Adapter:
    """One annotated type: encode its values to JSON text, decode them, give its schema."""

    def __init__(
        self,
        annotation: Any,
        namespace: Mapping[str, Any] = _NO_NAMES,
        *,
        forms: Forms | None = None,
        check: Callable[[str], None] | None = None,
    ) -> None:
        """Build pydantic's validator and serializer; raise `NoSchemaError` where there are none.

        `namespace` says what string annotations inside of types mean beyond the types' modules, `forms` how values
        of types are written that pydantic does not know. `check` is given the texts that may not be what the schema
        says, and raises `EncodingError` for those that are not.
        """
        self._check = check
        self.forms: list[Form] = []
        """The types that are written as somebody else says."""
        with Unnoticed(muted=True):
            if forms is not None:
                annotation = replaced(annotation, lambda part: self._formed(part, namespace, forms))
            self._adapter = _type_adapter(annotation, namespace)
        schema = self._adapter.core_schema
        self._to_json = self._adapter.serializer.to_json
        self._from_json = self._adapter.validator.validate_json
        self.is_lazy = schema["type"] == "generator"
        """Whether what is read back is an iterator, which equals no value: `Iterable[str]`."""
        self.runs_user_code = proof.runs_user_code(schema)
        """Whether reading or writing a value may run code of the user's."""
        self._ways = (True,) if proof.holds_sets(schema) else (False, True)
        """Whether what was written is restored, in the order in which the ways are tried."""
        self._leaves = proof.plain_leaves(schema) or frozenset()
        self._fields = proof.plain_fields(schema) or {}
        self._kind = schema["cls"] if self._fields else None
        self._proven: set[tuple[Any, ...]] = set()

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON schema of what is read, fields by name; None where anything goes, or nobody knows."""
        if any(form.schema is None for form in self.forms):
            return None
        try:
            with Unnoticed(muted=True):
                return self._adapter.json_schema(by_alias=False, schema_generator=_OfWritten) or None
        except Exception as error:  # making it may run code of the user's types
            raise NoSchemaError(_first_line(error)) from error

    def encode(self, value: Any) -> str:
        """Return `value` as JSON text that reads back as an equal value, keys in the schema's order.

        Raises `EncodingError`, with the path, where there is no such text.
        """
        kind = type(value)
        if kind is self._kind:
            own = value.__dict__
            types = (*own, *map(type, own.values()))
            if types in self._proven or self._prove(types, own):
                try:
                    text: str = self._to_json(value).decode()
                except ValueError:  # a lone surrogate; it is said below where
                    text = ""
                if 0 < len(text) < MOST_DIGITS:  # so that no number in it is longer
                    return text
        elif kind in self._leaves:
            return LEAVES[kind](value)
        try:
            with Unnoticed(muted=self.runs_user_code):
                refuse_untouchable(value)
                return self._checked(self._tried(value))
        except RecursionError:
            raise EncodingError("$", TOO_DEEP) from None

    def decode(self, text: str | bytes) -> Any:
        """Read JSON text as a value of the type; raise `EncodingError`, with the path, where it is none."""
        try:
            return self._from_json(text, by_alias=False, by_name=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise EncodingError(path_text(first["loc"]), _lower(first["msg"])) from error
        except Exception as error:  # a validator of the user's may raise anything
            raise EncodingError("$", f"{type(error).__name__}: {_first_line(error)}") from error

    def _formed(self, part: Any, namespace: Mapping[str, Any], forms: Forms) -> Any:
        """Return a type that pydantic does not know with its form beside it."""
        if not isinstance(part, type) or _is_known(part, namespace):
            return part
        try:
            self.forms.append(Form(part, forms))
        except ValueError as error:
            raise NoSchemaError(str(error)) from error
        return Annotated[part, self.forms[-1]]

    def _prove(self, types: tuple[Any, ...], own: Mapping[str, Any]) -> bool:
        """Return whether all models whose fields are of these types read back, by their types alone."""
        proven = (*own,) == (*self._fields,) and all(type(own[name]) in leaves for name, leaves in self._fields.items())
        if proven:
            self._proven.add(types)
        return proven

    def _checked(self, text: str) -> str:
        """Return a text, checked where it may not be what the schema says: serializers write what they like."""
        if self._check and (self.runs_user_code or any(spelled in text for spelled in _NOT_FINITE)):
            self._check(text)
        return text

    def _tried(self, value: Any) -> str:
        """Find the first way of writing that reads back as an equal value."""
        wrong = EncodingError("$", "it has no JSON form")
        for restore in self._ways:
            try:
                decoded = self.decode(self._written(value, restore=restore))
            except EncodingError as error:
                wrong = error
                continue
            path = first_difference(value, decoded)
            if path is None:
                return self._written(decoded, restore=restore)
            wrong = different(value, decoded, path)
        raise wrong

    def _written(self, value: Any, *, restore: bool) -> str:
        """Write as pydantic does; with `restore`, also what it loses or leaves to chance."""
        try:
            text: str = self._to_json(value, **_WRITING).decode()
            return compact(restored(value, parse(text))) if restore else text
        except Exception as error:  # a serializer of the user's may raise anything, and give anything
            if unwritten := take_unwritten():
                raise EncodingError("$", str(unwritten)) from error
            raise unwritable(value, error, _is_writable) from error


def _is_known(kind: type[Any], namespace: Mapping[str, Any]) -> bool:
    """Return whether pydantic can write and read values of a type."""
    try:
        Adapter(kind, namespace).schema()
    except NoSchemaError:
        return False
    return True


def _type_adapter(annotation: Any, namespace: Mapping[str, Any]) -> TypeAdapter[Any]:
    """Build an adapter, configured where the type lets it."""
    try:
        readable = replaced(annotation, _with_readable_fields)
        try:
            adapter = TypeAdapter(readable, config=_CONFIG)
        except PydanticUserError as error:
            if error.code != "type-adapter-config-unused":
                raise
            adapter = TypeAdapter(readable)
        adapter.rebuild(raise_errors=True, _types_namespace=dict(namespace))
    except Exception as error:  # building runs code of the user's types
        raise NoSchemaError(_first_line(error)) from error
    return adapter


def _with_readable_fields(part: Any) -> Any:
    """Return a `typing.TypedDict` as pydantic takes it; before Python 3.12 it does not say which keys are required."""
    if sys.version_info >= (3, 12) or not typing.is_typeddict(part):
        return part
    fields = {}
    for name, hint in typing.get_type_hints(part, include_extras=True).items():
        said = typing.get_origin(hint)
        is_required = said is Required or (said is not NotRequired and name in part.__required_keys__)
        bare = typing.get_args(hint)[0] if said in (Required, NotRequired) else hint
        fields[name] = bare if is_required else NotRequired[bare]
    make: Any = TypedDict  # mypy takes literals only
    readable = make(part.__name__, fields)
    readable.__doc__ = part.__doc__
    return readable


def _is_writable(value: Any) -> bool:
    try:
        pydantic_core.to_json(value, round_trip=True)
    except Exception:  # as above
        return False
    return True


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
