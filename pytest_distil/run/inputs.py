"""The calls that a file of inputs means for a task."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_distil.core.codec import Adapter
from pytest_distil.core.files import read_lines
from pytest_distil.core.same import is_record
from pytest_distil.core.signature import Parameters, class_of, resolve
from pytest_distil.core.text import Json, compact
from pytest_distil.mark.errors import DataError, EncodingError, ModelError
from pytest_distil.mark.task import Task


@dataclass(frozen=True, slots=True)
class Input:
    """One call to be made."""

    place: str
    """`path:line`."""
    call: inspect.BoundArguments


def read_inputs(task: Task, file: Path) -> list[Input]:
    """Return the calls of a file: a line each, one JSON object of arguments by their names.

    `self` is among them, with its fields.

    Raises `DataError`, with the line, for what the function cannot be called with.
    """
    reader = _Reader(task)
    return [Input(f"{file}:{number}", reader.call(file, number, line)) for number, line in read_lines(file)]


class _Reader:
    """Reads arguments as values of the parameters' types."""

    def __init__(self, task: Task) -> None:
        self._signature = inspect.signature(task.function)
        parameters = Parameters(task)
        types = {name: resolve(task, parameters.annotation(name)) for name in parameters.names}
        self._bound: dict[str, Any] = {}
        if parameters.owner:
            owned = self._bound if task.kind == "classmethod" else types
            owned[parameters.owner] = _owner(task)
        self._adapters = {name: Adapter(types[name]) for name in types.keys() - self._bound.keys()}
        needed = set(parameters.every) - set(parameters.defaults) - self._bound.keys()
        if excluded := sorted(needed & task.exclude):
            raise ModelError(f"{task.name} needs {excluded[0]!r}, which is no part of a call; give it a default")
        self._needed = needed

    def call(self, file: Path, line: int, given: Json) -> inspect.BoundArguments:
        """Return one call; raise `DataError` where the function takes no such arguments."""
        if not isinstance(given, dict):
            raise DataError(file, "no JSON object of arguments by their names", line=line)
        for what, names in (("without", self._needed - given.keys()), ("unknown:", given.keys() - self._adapters)):
            if names:
                raise DataError(file, f"arguments {what} {', '.join(map(repr, sorted(names)))}", line=line)
        try:
            values = self._bound | {name: self._value(name, one) for name, one in given.items()}
        except EncodingError as error:
            raise DataError(file, str(error), line=line) from error
        call = self._signature.bind_partial()
        call.arguments = {name: values[name] for name in self._signature.parameters if name in values}
        return call

    def _value(self, name: str, given: Json) -> Any:
        """Return an argument as a value of its parameter's type."""
        try:
            return self._adapters[name].decode(compact(given))
        except EncodingError as error:
            raise EncodingError(f"$.{name}{error.path[1:]}", error.message) from error


def _owner(task: Task) -> type[Any]:
    """Return the class that a method is called on; raise `ModelError` where a line cannot say on which object."""
    owner = class_of(inspect.unwrap(task.function))
    if owner is not None and (task.kind == "classmethod" or is_record(owner)):
        return owner
    why = f"{owner.__qualname__} is neither a dataclass nor a model" if owner else "its class is made in a function"
    raise ModelError(
        f"{task.name} is a {task.kind}, and {why}: a file has no object to call it on; mark a function instead"
    )
