"""Tasks by their names and modules, and the calls that a file of inputs means for one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.codec import Adapter
from pytest_distil.core.files import read_lines
from pytest_distil.core.same import is_record
from pytest_distil.core.signature import Parameters, class_of, resolve
from pytest_distil.core.text import Json, compact
from pytest_distil.mark.errors import DataError, EncodingError, ModelError
from pytest_distil.mark.task import Task, every_task, find
from pytest_distil.run.direct import imported
from pytest_distil.run.importing import known_briefs
from pytest_distil.run.typed import TypedTask
from pytest_distil.store.home import Home


@dataclass(frozen=True, slots=True)
class Input:
    """One call to be made."""

    place: str
    """`path:line`."""
    call: inspect.BoundArguments


def task_named(name: str, home: Home, *, path: Sequence[str]) -> Task:
    """Return the task of that name, imported; `module:function` where no session knows it.

    Raises `ModelError` where there is none.
    """
    brief = next((one for one in known_briefs(home) if one.task == name), None)
    if brief is not None:
        return imported(brief, path=path)
    module, colon, function = name.partition(":")
    if colon:
        _load(module, path=path)
        if task := find(f"{module}.{function}"):
            return task
    marked = ", ".join(task.name for task in every_task() if colon and task.name.startswith(f"{module}."))
    known = f"{module} marks {marked}" if marked else "name it as `pytest-distil sessions --json` does"
    raise ModelError(f"no task {name!r}; {known}; or write module:function, module:Class.method")


def briefs_of(modules: Sequence[str], *, path: Sequence[str]) -> list[Brief]:
    """Return the briefs of all functions that are marked once some modules are imported."""
    for module in modules:
        _load(module, path=path)
    return [TypedTask(task).brief for task in every_task()]


def read_inputs(task: Task, file: Path) -> list[Input]:
    """Return the calls of a file: a line each, one JSON object of arguments by their names.

    `self` is among them, with its fields.

    Raises `DataError`, with the line, for what the function cannot be called with.
    """
    reader = _Reader(task)
    return [Input(f"{file}:{number}", reader.call(file, number, line)) for number, line in read_lines(file)]


def _load(module: str, *, path: Sequence[str]) -> None:
    """Import a module of the user's; raise `ModelError` where that fails."""
    sys.path[:0] = [str(Path(one).resolve()) for one in path if str(Path(one).resolve()) not in sys.path]
    try:
        import_module(module)
    except Exception as error:
        raise ModelError(f"importing {module!r} failed: {type(error).__name__}: {error}") from error


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
