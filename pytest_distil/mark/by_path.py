"""Marks from outside: functions named by import path, in the ini file or on the command line."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial, partialmethod
from importlib import import_module
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pytest_distil.mark.decorator import declare, kind_in_its_class, refuse_what_is_marked, refuse_what_yields
from pytest_distil.mark.errors import DeclarationError, SettingError
from pytest_distil.mark.imports import Finder
from pytest_distil.mark.production import IDLE
from pytest_distil.mark.task import Kind, Task, register
from pytest_distil.mark.trampoline import clone, trampoline
from pytest_distil.mark.wrapper import entrance

_OPTIONS = ("name", "dataset", "group", "instructions", "exclude", "format")
"""What may stand behind a path; `exclude` takes several names with commas."""

_YIELDS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


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
    declared, arrow, returns = text.partition("->")
    path, *given = shlex.split(declared) or [""]
    module, _, qualname = path.partition(":")
    if not _is_path(path):
        raise SettingError(option, f"takes a path like pkg.mod:function or pkg.mod:Class.method, not {text!r}")
    if arrow and not _is_path(returns.strip()):
        raise SettingError(option, f"{path}: takes a type like -> pkg.models:Receipt, not {returns.strip()!r}")
    options: dict[str, Any] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or key not in _OPTIONS:
            raise SettingError(
                option, f"{path}: does not know {one!r}; it takes {', '.join(f'{k}=' for k in _OPTIONS)}"
            )
        options[key] = frozenset(value.split(",")) if key == "exclude" else value
    return Target(text, module, qualname, options, returns.strip() or None)


def _is_path(text: str) -> bool:
    """Return whether a text is `module:qualname`."""
    module, colon, qualname = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *qualname.split(".")))


class Marking:
    """Marks targets as their modules are imported, and takes the marks away again."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets: dict[str, list[Target]] = {}
        for target in targets:
            self._targets.setdefault(target.module, []).append(target)
        self._executed: set[str] = set()
        self._marked: dict[FunctionType, tuple[Target, CodeType, Task]] = {}
        """By function: who named it, the code that it had, and its task, which nobody else keeps alive."""
        self._finder = Finder(frozenset(self._targets), self._mark_module)
        self.problems: list[str] = []
        """What is wrong with targets whose modules were imported; raised later, not into somebody's import."""

    def install(self) -> None:
        """Mark what is imported already, and what will be right after its module was executed."""
        sys.meta_path.insert(0, self._finder)
        for name in self._targets:
            if name in sys.modules:
                self._mark_module(sys.modules[name])

    def remove(self) -> None:
        """Give every function its own code back."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._marked:
            function, (_, code, _) = self._marked.popitem()
            function.__code__ = code

    def missing(self) -> list[Target]:
        """Return the targets whose modules nobody has imported."""
        names = self._targets.keys() - self._executed
        return [target for name, targets in self._targets.items() if name in names for target in targets]

    def _mark_module(self, module: ModuleType) -> None:
        """Mark the targets of a module that was executed, be it again."""
        self._executed.add(module.__name__)
        for target in self._targets[module.__name__]:
            try:
                self._mark(find_function(module, target), target)
            except DeclarationError as error:
                self.problems.append(str(error))

    def _mark(self, found: tuple[FunctionType, Kind], target: Target) -> None:
        """Exchange a function's code for one that asks who answers."""
        function, kind = found
        if function in self._marked:
            other = self._marked[function][0]
            if other is not target:
                raise DeclarationError(f"{target.path} and {other.path} are one function; name it once")
            return
        original = clone(function)
        task = declare(original, kind=kind, namespace={}, production=IDLE, returns=_type(target), **target.options)
        register(task)
        self._marked[function] = (target, function.__code__, task)
        function.__code__ = trampoline(function.__code__, entrance(task))


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
    try:
        _refuse(function, target)
    except DeclarationError as error:
        raise DeclarationError(f"{error}{_beside(holder, last)}") from error
    return function, kind or kind_in_its_class(function)


def _attribute(holder: Any, name: str, target: Target) -> Any:
    """Return what stands under a name in a module or class itself, without running a descriptor."""
    if not isinstance(holder, (type, ModuleType)):
        raise DeclarationError(f"{target.path}: a {type(holder).__qualname__} holds no {name!r} to mark")
    own = vars(holder)
    if name in own:
        return own[name]
    base = next((base for base in getattr(holder, "__mro__", ()) if name in vars(base)), None)
    if base is not None:
        raise DeclarationError(
            f"{target.path}: {name!r} is inherited; mark the base: {base.__module__}:{base.__qualname__}.{name}"
        )
    raise DeclarationError(f"{target.path}: there is no {name!r}{_beside(holder, name)}")


def _beside(holder: Any, name: str) -> str:
    """Name what stands beside a name and may be meant: what is near it, else some of what can be marked."""
    others = {key: value for key, value in vars(holder).items() if key != name}
    functions = [key for key, value in others.items() if _is_markable(value)]
    near = get_close_matches(name, [*functions, *(key for key, value in others.items() if isinstance(value, type))])
    near = near or sorted(key for key in functions if not key.startswith("_"))[:3]
    return f"; there is {', '.join(map(repr, near))}" if near else ""


def _refuse(function: Any, target: Target) -> None:
    """Raise `DeclarationError` for what has no code of its own, or no one result."""
    if not isinstance(function, FunctionType):
        what = type(function).__qualname__
        raise DeclarationError(f"{target.path}: a {what} cannot be marked from outside; {_remedy(function, target)}")
    if function.__name__ in ("__init__", "__new__"):
        raise DeclarationError(f"{target.path}: a constructor has no result; mark a function that makes the object")
    if function.__code__.co_flags & _YIELDS:
        refuse_what_yields(function)
    refuse_what_is_marked(function)


def _remedy(found: Any, target: Target) -> str:
    """Say what to mark in place of what is no plain function."""
    if isinstance(found, type):
        methods = [name for name, value in vars(found).items() if _is_markable(value) and not name.startswith("_")][:3]
        return "mark a function that makes one" + f", or a method: {', '.join(methods)}" * bool(methods)
    if isinstance(found, (property, cached_property)):
        return "move its body into a method and mark that"
    inner = _inside(found)
    if not isinstance(inner, FunctionType):
        return "mark a plain Python function that calls it"
    path = f"{inner.__module__}:{inner.__qualname__}"
    if path == target.path:  # a cache around a function that has no other name
        return "mark a function that it calls, or that calls it"
    return f"mark what it calls: {path}"


def _is_markable(found: Any) -> bool:
    function = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    return isinstance(function, FunctionType) and not function.__code__.co_flags & _YIELDS


def _inside(found: Any) -> Any:
    """Return what an object calls, without asking it: a proxy may raise, and a chain of wrappers may have no end."""
    if isinstance(found, (partial, partialmethod)):
        return found.func
    if isinstance(found, MethodType):
        return found.__func__
    return inspect.getattr_static(found, "__wrapped__", None)


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
        raise DeclarationError(
            f"{target.path}: its return type {target.returns!r} cannot be imported: {error}"
        ) from error
    return found
