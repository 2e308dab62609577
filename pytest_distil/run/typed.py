"""One live task with its types: from a call to JSON text, from JSON text to a value."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pytest_distil.core.brief import Brief, digest
from pytest_distil.core.codec import Adapter, NoSchemaError, encode_argument
from pytest_distil.core.guard import refuse_untouchable
from pytest_distil.core.same import is_record
from pytest_distil.core.signature import Parameters, describe, resolve
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import EncodingError
from pytest_distil.mark.task import Task


class TypedTask:
    """Binds, encodes and decodes for one task; made once, when the task is first called in a run."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.problem: str | None = None
        """Why no result of this task can be recorded, and what to do about it."""
        self._parameters = Parameters(task)
        self._adapters = {name: self._parameter_adapter(name) for name in self._parameters.names}
        self._result = self._result_adapter()
        self.brief = self._make_brief()
        self._keys = {name: f"{compact(name)}:" for name in self._parameters.names}

    def encode_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        """Return the arguments as one JSON object in signature order; None where the call does not fit the signature.

        Raises `EncodingError`, with the path, for an argument that cannot be recorded.
        """
        bound = self._parameters.bind(args, kwargs)
        if bound is None:
            return None
        parts = []
        for name, adapter in self._adapters.items():
            value = bound[name]
            if name == self._parameters.owner and not is_record(type(value)):
                self._leave_out_owner(name)
                continue
            parts.append(self._keys[name] + self._encode(name, value, adapter))
        return f"{{{','.join(parts)}}}"

    def encode_result(self, value: Any) -> str:
        """Return the original's result as JSON text in the schema's order; raise `EncodingError` where it has none."""
        if self._result is None:
            raise EncodingError("$", self.problem or "the return type has no schema")
        refuse_untouchable(value)
        return self._result.encode(value)

    def decode_result(self, text: str) -> Any:
        """Return the value of the return type that JSON text holds; raise `EncodingError` where it holds none."""
        if self._result is None:
            raise EncodingError("$", self.problem or "the return type has no schema")
        return self._result.decode(text)

    def _leave_out_owner(self, name: str) -> None:
        """Say in the brief that `self` or `cls` is no part of a call."""
        if name not in self.brief.excluded:
            parameters = tuple(one for one in self.brief.parameters if one != name)
            self.brief = dataclasses.replace(self.brief, parameters=parameters, excluded=(name, *self.brief.excluded))

    def _encode(self, name: str, value: Any, adapter: Adapter | None) -> str:
        """Encode one argument, with its name in what is raised."""
        try:
            refuse_untouchable(value)
            return encode_argument(value, adapter)
        except EncodingError as error:
            remedy = "" if adapter else f"; to leave it out of the call: @distil(exclude={name!r})"
            raise EncodingError(f"$.{name}{error.path[1:]}", error.message + remedy) from error

    def _parameter_adapter(self, name: str) -> Adapter | None:
        """Return the adapter of a parameter's annotation; without one the value's own type decides."""
        try:
            return Adapter(resolve(self.task, self._parameters.annotation(name)))
        except Exception:  # evaluating an annotation may raise anything
            return None

    def _result_adapter(self) -> Adapter | None:
        """Return the adapter of the return annotation, or say in `problem` why there is none."""
        try:
            adapter = Adapter(resolve(self.task, self._parameters.returns))
            adapter.schema()
        except NoSchemaError as error:
            self.problem = f"{error}; return a model, a dataclass or a TypedDict instead"
        except Exception as error:  # see above
            self.problem = f"its return annotation cannot be resolved: {error}"
        else:
            return adapter
        return None

    def _make_brief(self) -> Brief:
        """Return the task as plain JSON."""
        task = self.task
        function = inspect.unwrap(task.function)
        excluded = [name for name in inspect.signature(task.function).parameters if name in task.exclude]
        return Brief(
            task=task.name,
            dataset=task.dataset,
            name=function.__name__,
            signature=describe(task, function.__name__),
            docstring=inspect.cleandoc(function.__doc__ or ""),
            instructions=task.instructions,
            parameters=self._parameters.names,
            schema=self._result.schema() if self._result else None,
            format=task.format,
            defaults=self._encoded_defaults(),
            group=task.group,
            excluded=tuple(excluded),
            compare=_rules(task),
            source=_source_digest(function),
            place=f"{function.__module__}:{function.__qualname__}",
        )

    def _encoded_defaults(self) -> dict[str, Any]:
        """Return the defaults that can be encoded, as plain JSON."""
        encoded = {}
        for name, value in self._parameters.defaults.items():
            if name in self._adapters:
                with suppress(EncodingError):
                    encoded[name] = json.loads(self._encode(name, value, self._adapters[name]))
        return encoded


def _rules(task: Task) -> dict[str, Any]:
    """Return the rules for comparing, as plain JSON."""
    return {path: dataclasses.asdict(rule) for path, rule in task.compare.fields.items()} if task.compare else {}


def _source_digest(function: Any) -> str | None:
    """Return a digest of the function's source text; None where there is none (made at a prompt)."""
    try:
        return digest(inspect.getsource(function))
    except (OSError, TypeError):
        return None
