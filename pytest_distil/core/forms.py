"""Types that have no JSON form of their own, written and read as a suite says; pydantic asks a `Form` for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.hooked import DECODE_HOOK, ENCODE_HOOK, SCHEMA_HOOK, raised
from pytest_distil.core.loss import NO_FORM
from pytest_distil.core.same import an
from pytest_distil.core.text import Json, compact, parse


@dataclass(frozen=True, slots=True)
class Forms:
    """What a suite says of its types; each function returns None for types that are none of its business."""

    encode: Callable[[Any], Json]
    decode: Callable[[type[Any], Json], Any]
    schema: Callable[[type[Any]], Mapping[str, Any] | None]


class Unwritten(ValueError):
    """A value has no JSON form, in the suite's own words."""


_LAST: ContextVar[Unwritten | None] = ContextVar("distil_unwritten", default=None)
"""What stopped the last writing: pydantic hands on no more than a text in which much else stands."""


def take_unwritten() -> Unwritten | None:
    """Return what stopped the last writing in this context, once."""
    found = _LAST.get()
    _LAST.set(None)
    return found


class Form:
    """Stands beside a type in an annotation: how values of exactly this type are written and read."""

    def __init__(self, kind: type[Any], forms: Forms) -> None:
        """Ask for the schema; raise `ValueError` for one that cannot stand in a brief."""
        self._kind = kind
        self._forms = forms
        self.schema = _schema(kind, forms)
        """The schema of what is written; None where it is not known."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        written = {"type": "function-plain", "function": self._write}
        return {
            "type": "function-plain",
            "function": {"type": "no-info", "function": self._read},
            "serialization": written,
        }

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return dict(self.schema or {})

    def _write(self, value: Any) -> Json:
        try:
            return self._written(value)
        except Unwritten as error:
            _LAST.set(error)
            raise

    def _written(self, value: Any) -> Json:
        """Return what the suite makes of a value, as plain JSON."""
        try:
            found = self._forms.encode(value)
        except Exception as error:  # the suite's own code
            raise Unwritten(raised(ENCODE_HOOK, error)) from error
        if found is None:
            raise Unwritten(f"{an(type(value))} {NO_FORM}")
        try:
            text = compact(found)
            text.encode()
        except (TypeError, ValueError) as error:
            raise Unwritten(f"{ENCODE_HOOK} returned what is no JSON: {error}") from error
        return parse(text)

    def _read(self, data: Json) -> Any:
        """Return what the suite makes of plain JSON; raise `ValueError` where that is no value of the type."""
        try:
            found = self._forms.decode(self._kind, data)
        except Exception as error:  # as above
            raise ValueError(raised(DECODE_HOOK, error)) from error
        if not isinstance(found, self._kind):
            what = "nothing" if found is None else an(type(found))
            raise ValueError(f"{DECODE_HOOK} returned {what} for {an(self._kind)}")  # noqa: TRY004 - what pydantic hears
        return found


def _schema(kind: type[Any], forms: Forms) -> Mapping[str, Any] | None:
    """Return what the suite says of a type's JSON."""
    try:
        found = forms.schema(kind)
    except Exception as error:  # as above
        raise ValueError(raised(SCHEMA_HOOK, error)) from error
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise ValueError(f"{SCHEMA_HOOK} returned {an(type(found))} for {an(kind)}; return a JSON schema")  # noqa: TRY004 - caught as one
    if '"$ref":' in compact(found):
        raise ValueError(f"{SCHEMA_HOOK} returned a schema with references for {an(kind)}; write out what they lead to")
    return found
