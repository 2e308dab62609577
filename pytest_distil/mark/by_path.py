"""Marks from outside: functions named by import path, in the ini file or on the command line."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any, cast

from pytest_distil.mark.decorator import declare, kind_in_its_class, refuse_what_is_marked, refuse_what_yields
from pytest_distil.mark.errors import DeclarationError, SettingError
from pytest_distil.mark.production import IDLE
from pytest_distil.mark.task import Kind, Task, register
from pytest_distil.mark.trampoline import clone, trampoline
from pytest_distil.mark.wrapper import wrapped

_OPTIONS = ("name", "dataset", "group", "instructions", "exclude", "format")
"""What may stand behind a path; `exclude` takes several names with commas."""


@dataclass(frozen=True, slots=True)
class Target:
    """A function named from outside."""

    text: str
    """As the user wrote it."""
    module: str
    qualname: str
    options: Mapping[str, Any]
    returns: str | None = None
    """Import path of the return type, where the function has no annotation of its own or a worse one."""

    @property
    def path(self) -> str:
        """Return `module:qualname`."""
        return f"{self.module}:{self.qualname}"


def read_target(option: str, text: str) -> Target:
    """Read `pkg.mod:f`, `pkg.mod:Class.method exclude=a,b name=...` or `pkg.mod:f -> pkg.models:Receipt`.

    Raises `SettingError` under `option` for anything else.
    """
    declared, _, returns = text.partition("->")
    path, *given = shlex.split(declared) or [""]
    module, colon, qualname = path.partition(":")
    if not (colon and all(part.isidentifier() for part in (*module.split("."), *qualname.split(".")))):
        raise SettingError(option, f"takes a path like pkg.mod:function or pkg.mod:Class.method, not {text!r}")
    options: dict[str, Any] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or key not in _OPTIONS:
            raise SettingError(option, f"{path}: does not know {one!r}; it takes {', '.join(f'{k}=' for k in _OPTIONS)}")
        options[key] = frozenset(value.split(",")) if key == "exclude" else value
    return Target(text, module, qualname, options, returns.strip() or None)


class Marking:
    """Marks targets as their modules are imported, and takes the marks away again."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._waiting: dict[str, list[Target]] = {}
        for target in targets:
            self._waiting.setdefault(target.module, []).append(target)
        self._undo: list[Callable[[], None]] = []
        self._tasks: list[Task] = []
        self._finder = _Finder(frozenset(self._waiting), self._mark_module)
        self.problems: list[str] = []
        """What is wrong with targets whose modules were imported; raised later, not into somebody's import."""

    def install(self) -> None:
        """Mark what is imported already, and what will be right after its module was executed."""
        sys.meta_path.insert(0, self._finder)
        for name in list(self._waiting):
            if name in sys.modules:
                self._mark_module(sys.modules[name])

    def remove(self) -> None:
        """Give every function its own code back."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._undo:
            self._undo.pop()()

    def missing(self) -> list[Target]:
        """Return the targets whose modules nobody has imported."""
        return [target for targets in self._waiting.values() for target in targets]

    def _mark_module(self, module: ModuleType) -> None:
        """Mark the targets of a module that was executed."""
        for target in self._waiting.pop(module.__name__, []):
            try:
                self._mark(find_function(module, target), target)
            except DeclarationError as error:
                self.problems.append(str(error))

    def _mark(self, found: tuple[FunctionType, Kind], target: Target) -> None:
        """Exchange a function's code for one that asks who answers."""
        function, kind = found
        code = function.__code__
        original = clone(function)
        task = declare(original, kind=kind, namespace={}, production=IDLE, returns=_type(target), **target.options)
        register(task)
        self._tasks.append(task)
        function.__code__ = trampoline(code, wrapped(task))
        self._undo.append(partial(setattr, function, "__code__", code))


def find_function(module: ModuleType, target: Target) -> tuple[FunctionType, Kind]:
    """Return the function that a target names, and what its first parameter is.

    Raises `DeclarationError` for what is not there, naming the nearest names, and for what cannot be marked.
    """
    holder: Any = module
    *outer, last = target.qualname.split(".")
    for name in outer:
        holder = _attribute(holder, name, target)
    found = _attribute(holder, last, target)
    kind: Kind | None = {staticmethod: "staticmethod", classmethod: "classmethod"}.get(type(found))  # type: ignore[assignment]
    function = found.__func__ if kind else found
    _refuse(function, target)
    return function, kind or kind_in_its_class(function)


def _attribute(holder: Any, name: str, target: Target) -> Any:
    """Return what stands under a name in a module or class itself, without running a descriptor."""
    own = vars(holder)
    if name in own:
        return own[name]
    base = next((base for base in getattr(holder, "__mro__", ()) if name in vars(base)), None)
    if base is not None:
        raise DeclarationError(
            f"{target.path}: {name!r} is inherited; mark the base: {base.__module__}:{base.__qualname__}.{name}"
        )
    known = [key for key, value in own.items() if callable(value) or isinstance(value, (staticmethod, classmethod))]
    near = get_close_matches(name, known) or sorted(key for key in known if not key.startswith("_"))[:3]
    hint = f"; there is {', '.join(map(repr, near))}" if near else ""
    raise DeclarationError(f"{target.path}: there is no {name!r}{hint}")


def _refuse(function: Any, target: Target) -> None:
    """Raise `DeclarationError` for what has no code of its own, or no one result."""
    if not isinstance(function, FunctionType):
        what = type(function).__qualname__
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        remedy = f"mark what it calls: {inner.__module__}:{inner.__qualname__}" if isinstance(inner, FunctionType) else ""
        if isinstance(function, type):
            remedy = "mark a function or a method"
        raise DeclarationError(
            f"{target.path}: a {what} cannot be marked from outside; {remedy or 'mark a plain Python function'}"
        )
    if function.__name__ in ("__init__", "__new__"):
        raise DeclarationError(f"{target.path}: a constructor has no result; mark a function that makes the object")
    if function.__code__.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        refuse_what_yields(function)
    refuse_what_is_marked(function)


def _type(target: Target) -> Any:
    """Return the return type that a target names; None where it names none."""
    if target.returns is None:
        return None
    module, _, qualname = target.returns.partition(":")
    try:
        found: Any = import_module(module)
        for name in qualname.split("."):
            found = getattr(found, name)
    except Exception as error:
        raise DeclarationError(f"{target.path}: its return type {target.returns!r} cannot be imported: {error}") from error
    return found


class _Finder:
    """Finds no module itself; lets the others find, and has those that are waited for looked at when they are done."""

    def __init__(self, names: frozenset[str], done: Callable[[ModuleType], None]) -> None:
        self._names = names
        self._done = done

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return what the next finder finds, with a loader that tells when a module was executed."""
        if name not in self._names:
            return None
        for spec in _found(name, path, target, besides=self):
            if spec.loader is not None:
                spec.loader = cast("Any", _Loader(spec.loader, self._done))
            return spec
        return None

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


class _Loader:
    """A loader that is gone again once its module was executed, so that nobody finds it."""

    def __init__(self, loader: Any, done: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as it would be made."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then have it looked at."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._done(module)


def _found(name: str, path: Any, target: ModuleType | None, *, besides: object) -> Iterator[ModuleSpec]:
    """Yield what the other finders find."""
    finders: Iterable[Any] = [finder for finder in sys.meta_path if finder is not besides]
    for finder in finders:
        spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
        if spec is not None:
            yield spec
