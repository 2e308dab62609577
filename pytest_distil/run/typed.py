"""One live task with its types: from a call to JSON text, from JSON text to a value."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pytest_distil.core.brief import Brief, digest
from pytest_distil.core.codec import Adapter, NoSchemaError
from pytest_distil.core.forms import Forms
from pytest_distil.core.hooked import SCHEMA_HOOK
from pytest_distil.core.leaves import LEAVES
from pytest_distil.core.loss import NO_FORM
from pytest_distil.core.own_type import decode_as, encode_argument
from pytest_distil.core.redaction import Redaction
from pytest_distil.core.same import is_record
from pytest_distil.core.signature import Parameters, describe, resolve
from pytest_distil.core.text import canonical, compact, parse
from pytest_distil.formats.conform import at, faults
from pytest_distil.formats.fit import misfit
from pytest_distil.mark.errors import EncodingError
from pytest_distil.mark.task import Task

_REMEDY = "; to leave it out of the call: @distil(exclude={!r})"


class TypedTask:
    """Binds, encodes and decodes for one task; made once, when the task is first called in a run."""

    def __init__(self, task: Task, forms: Forms | None = None, *, redact: tuple[str, ...] = ()) -> None:
        """Take how values of types are written that are unknown here, and the rules by which calls are redacted."""
        self.task = task
        self._forms = forms
        self._rules = redact
        self._redaction = Redaction(redact) if redact else None
        self.problem: str | None = None
        """Why no result of this task can be recorded, and what to do about it."""
        self._parameters = Parameters(task)
        adapters = {name: self._parameter_adapter(name) for name in self._parameters.names}
        self._written = [
            (name, f"{compact(name)}:", adapters.get(name), name not in task.exclude and name != self._parameters.owner)
            for name in self._parameters.every
        ]
        """Name, key and adapter of every parameter, in signature order, and whether it is always part of a call."""
        self._result = self._result_adapter()
        is_open = self._result is not None and not self._result.forms and self._result.schema() is None
        self._given = self._result.schema() if self._result and self._result.forms else None
        """The schema in which somebody else says what values are written as."""
        self._seen: dict[type[Any], None] | None = {} if is_open else None
        """Where there is no annotation: the types that results were seen to have, in this process."""
        self.brief = self._make_brief(adapters)
        self._check_brief()

    def encode_call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return the arguments as one JSON object in signature order, redacted.

        Raises `EncodingError`, with the path, for an argument that cannot be recorded, and for a call that does not
        fit the signature.
        """
        values = self._parameters.bind(args, kwargs)
        if values is None:
            raise EncodingError("$", "the call does not fit the signature")
        parts = []
        for (name, key, adapter, is_sure), value in zip(self._written, values):  # noqa: B905 - costs time
            if not is_sure and not self._is_written(name, value):
                continue
            write = LEAVES.get(type(value))  # said here too: most arguments are leaves, and a call costs time
            try:
                parts.append(key + (write(value) if write else encode_argument(value, adapter, self._forms)))
            except EncodingError as error:
                remedy = _REMEDY.format(name) if error.message.endswith(NO_FORM) else ""
                path = "" if self._redaction else error.path[1:]  # which may be made of keys
                raise EncodingError(f"$.{name}{path}", error.message + remedy) from error
        text = f"{{{','.join(parts)}}}"
        return self._redaction.arguments(text) if self._redaction else text

    def encode_result(self, value: Any, arguments: str = "") -> str:
        """Return the original's result as JSON text in the schema's order.

        Raises `EncodingError` where it has none, and where it tells what was redacted from the arguments of its call.
        """
        try:
            if self._seen is not None:
                text = encode_argument(value, None, self._forms)
                self._seen.setdefault(type(value))
            elif self._result is None:
                raise self._without_schema()
            else:
                text = self._result.encode(value)
        except EncodingError as error:
            if self._redaction:
                raise EncodingError("$", error.message) from None  # a path may be made of keys
            raise
        if self._redaction and arguments:
            self._redaction.refuse_told(text, arguments)
        return text

    def decode_result(self, text: str) -> Any:
        """Return the value of the return type that JSON text holds; raise `EncodingError` where it holds none."""
        if self._seen is not None:
            return _decoded_as(self._seen, text, self._forms)
        if self._result is None:
            raise self._without_schema()
        return self._result.decode(text)

    @property
    def is_annotated(self) -> bool:
        """Return whether the function says what it returns; a result's type is otherwise known once it was seen."""
        return self._seen is None

    def _adapter(self, annotation: Any, *, check: Callable[[str], None] | None = None) -> Adapter:
        return Adapter(annotation, self.task.namespace, forms=self._forms, check=check)

    def _refuse_misfit(self, text: str) -> None:
        """Raise `EncodingError` for a result that its own schema does not accept: nothing could be asked to give it."""
        if self._given:
            for where, why in faults(self._given, parse(text)):
                raise EncodingError(at(where), f"{why}, as {SCHEMA_HOOK} says")
        elif self.is_annotated and (found := misfit(self.brief, parse(text))):
            where, why = found
            hint = "; nan and infinities are no numbers in JSON" if why.endswith("number") else ""
            raise EncodingError(at(where), f"off its own schema: {why}{hint}")

    def _without_schema(self) -> EncodingError:
        return EncodingError("$", self.problem or "the return type has no schema")

    def _is_written(self, name: str, value: Any) -> bool:
        """Return whether `self` is part of a call, where its class has fields; say in the brief where it is not."""
        if name in self.task.exclude:
            return False
        if is_record(type(value)):
            return True
        if name not in self.brief.excluded:
            parameters = tuple(one for one in self.brief.parameters if one != name)
            self.brief = dataclasses.replace(self.brief, parameters=parameters, excluded=(name, *self.brief.excluded))
        return False

    def _parameter_adapter(self, name: str) -> Adapter | None:
        """Return the adapter of a parameter's annotation; where none gives values back, their own type decides."""
        try:
            annotation = resolve(self.task, self._parameters.annotation(name))
            adapter = None if annotation is Any else self._adapter(annotation)
        except Exception:  # evaluating an annotation may raise anything
            return None
        return None if adapter is None or adapter.is_lazy else adapter

    def _result_adapter(self) -> Adapter | None:
        """Return the adapter of the return annotation, or say in `problem` why there is none."""
        try:
            returns = self.task.returns or resolve(self.task, self._parameters.returns)
            adapter = self._adapter(returns, check=self._refuse_misfit)
            adapter.schema()
        except NoSchemaError as error:
            self.problem = f"{error}; return a model, a dataclass or a TypedDict instead"
        except NameError as error:
            self.problem = f"its return annotation: {error} at run time; import or define it there too"
        except Exception as error:  # see above
            self.problem = f"its return annotation: {type(error).__name__}: {error}; annotate it with a type"
        else:
            return adapter
        return None

    def _make_brief(self, adapters: Mapping[str, Adapter | None]) -> Brief:
        """Return the task as plain JSON."""
        task = self.task
        function = inspect.unwrap(task.function)
        defaults, hidden = self._encoded_defaults(adapters)
        excluded = [name for name in inspect.signature(task.function).parameters if name in task.exclude]
        return Brief(
            task=task.name,
            dataset=task.dataset,
            name=function.__name__,
            signature=describe(task, function.__name__, hidden=hidden),
            docstring=inspect.cleandoc(function.__doc__ or ""),
            instructions=task.instructions,
            parameters=self._parameters.names,
            schema=self._result.schema() if self._result else None,
            format=task.format,
            defaults=defaults,
            group=task.group,
            excluded=tuple(excluded),
            compare=_rules(task),
            source=_source_digest(function),
            place=f"{function.__module__}:{function.__qualname__}",
            redaction=self._rules,
        )

    def _encoded_defaults(self, adapters: Mapping[str, Adapter | None]) -> tuple[dict[str, Any], set[str]]:
        """Return the defaults that can be encoded, as plain JSON and redacted, and the names of those that are."""
        encoded: dict[str, Any] = {}
        for name, adapter in adapters.items():
            if name in self._parameters.defaults:
                with suppress(EncodingError):
                    encoded[name] = parse(encode_argument(self._parameters.defaults[name], adapter, self._forms))
        redacted = parse(self._redaction.arguments(compact(encoded))) if self._redaction else encoded
        return redacted, {name for name in encoded if redacted[name] != encoded[name]}

    def _check_brief(self) -> None:
        """Say in `problem` where the brief cannot be written as a file, for what the user put into it."""
        try:
            compact(self.brief.to_json()).encode()
        except (TypeError, ValueError, RecursionError) as error:
            self.problem = f"its signature, docstring or schema is no JSON: {error}; change what it names"


def _decoded_as(kinds: Mapping[type[Any], None], text: str, forms: Forms | None) -> Any:
    """Read JSON text as a value of the first type seen that it fits, or else as plain JSON."""
    tree = parse(text)
    for kind in list(kinds):
        with suppress(EncodingError):
            value = decode_as(kind, text, forms)
            if canonical(parse(encode_argument(value, None, forms))) == canonical(tree):
                return value  # and not what lenient reading made of another type's value
    return tree


def _rules(task: Task) -> dict[str, Any]:
    """Return the rules for comparing, as plain JSON."""
    return {path: dataclasses.asdict(rule) for path, rule in task.compare.fields.items()} if task.compare else {}


def _source_digest(function: Any) -> str | None:
    """Return a digest of the function's source text; None where there is none (made at a prompt)."""
    try:
        return digest(inspect.getsource(function))
    except Exception:  # a file that is gone, or another by now, fails in many ways
        return None
