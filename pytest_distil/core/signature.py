"""What a function's signature says: its types, as objects and in words, and how a call binds to it."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any

from pytest_distil.mark.task import Task

_MODULES = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
_SHOWN_DEFAULTS = (int, float, str, bool, NoneType)
"""Defaults whose repr is the same everywhere; others may hold an address."""


class Parameters:
    """How calls of one task bind: the parameters that are part of a call, in signature order."""

    def __init__(self, task: Task) -> None:
        """Read the signature of the task's function."""
        self._signature = inspect.signature(task.function)
        every = self._signature.parameters.values()
        owner = next(iter(self._signature.parameters), None) if task.kind in ("method", "classmethod") else None
        self.owner = owner
        """`self` or `cls`, where there is one."""
        self.every = tuple(self._signature.parameters)
        self.names = tuple(name for name in self.every if name not in task.exclude)
        """Without the excluded ones; the owner is among them."""
        self.defaults: Mapping[str, Any] = {p.name: _default(p) for p in every if _default(p) is not p.empty}
        """The default of each parameter that has one; `*args` and `**kwargs` have none given."""
        self._by_position = sum(p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY) for p in every)
        self._is_general = any(p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL) for p in every)
        self._rest = next((p.name for p in every if p.kind is p.VAR_KEYWORD), None)
        self._named = frozenset(self.every) - {self._rest}

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[Any] | None:
        """Return the value of every parameter, in signature order, defaults applied; None where the call does not fit.

        Most signatures are simple, and bound here ten times faster than by `inspect`.
        """
        if self._is_general or len(args) > self._by_position:
            return self._bind_general(args, kwargs)
        if not kwargs and len(args) == len(self.every):
            return args
        given = dict(zip(self.every, args, strict=False))
        if self._rest is not None and not kwargs.keys() <= self._named:
            kwargs = self._with_rest(kwargs, self._rest)
        if kwargs.keys() & given.keys():
            return None
        bound = {**self.defaults, **given, **kwargs}
        if len(bound) != len(self.every):
            return None
        try:
            return [bound[name] for name in self.every]
        except KeyError:
            return None

    def _with_rest(self, kwargs: Mapping[str, Any], rest: str) -> dict[str, Any]:
        """Return keyword arguments with those that no parameter is named for under the name of `**kwargs`."""
        named = {name: value for name, value in kwargs.items() if name in self._named}
        return {**named, rest: {name: value for name, value in kwargs.items() if name not in named}}

    def _bind_general(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[Any] | None:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None
        bound.apply_defaults()
        # Python 3.13 takes `f(a=1)` for a call of `f(a, /, **more)`, and leaves `a` out.
        missing = len(bound.arguments) < len(self.every)
        return None if missing else [bound.arguments[name] for name in self.every]

    def annotation(self, name: str) -> Any:
        """Return a parameter's annotation as written; `Any` where there is none."""
        parameter = self._signature.parameters[name]
        written: Any = parameter.annotation
        if written is parameter.empty:
            return Any
        if parameter.kind is parameter.VAR_POSITIONAL:
            return tuple[written, ...]
        return dict[str, written] if parameter.kind is parameter.VAR_KEYWORD else written

    @property
    def returns(self) -> Any:
        """The return annotation as written; `Any` where there is none."""
        annotation = self._signature.return_annotation
        return Any if annotation is inspect.Signature.empty else annotation


def _default(parameter: inspect.Parameter) -> Any:
    """Return what a parameter is where a call does not give it."""
    if parameter.kind is parameter.VAR_POSITIONAL:
        return ()
    return {} if parameter.kind is parameter.VAR_KEYWORD else parameter.default


def resolve(task: Task, annotation: Any) -> Any:
    """Return what one annotation means, alone: another one that cannot be resolved does no harm.

    Raises what evaluating it raises: `NameError` for a name that only type checkers import.
    """
    function = inspect.unwrap(task.function)
    own = {parameter.__name__: parameter for parameter in getattr(function, "__type_params__", ())}

    def holder() -> None: ...

    holder.__annotations__ = {"value": annotation}
    hints = typing.get_type_hints(holder, function.__globals__, {**own, **task.namespace}, include_extras=True)
    return replaced(hints["value"], lambda part: class_of(function) or part if part is typing.Self else part)


def replaced(annotation: Any, change: Callable[[Any], Any]) -> Any:
    """Return a type with `change` applied to it, or else to the types that it is made of."""
    changed = change(annotation)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if changed is not annotation or not args or origin is typing.Literal:
        return changed
    inner = tuple(replaced(arg, change) for arg in args)
    if all(one is other for one, other in zip(inner, args, strict=True)):
        return annotation
    made_of = inner if len(inner) > 1 else inner[0]
    return typing.Union[made_of] if origin is UnionType else (origin or annotation)[made_of]  # noqa: UP007


def class_of(function: Any) -> type[Any] | None:
    """Return the class that a method is defined in, which `Self` means; None where that is inside a function."""
    found: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split(".")[:-1]:
        found = getattr(found, name, None)
    return found if isinstance(found, type) else None


def describe(task: Task, name: str, *, hidden: Collection[str] = ()) -> str:
    """Write a signature in one line, without what differs between a script and an import, and some defaults hidden."""
    signature = inspect.signature(task.function)
    owner = next(iter(signature.parameters), None) if task.kind in ("method", "classmethod") else None
    skipped = {*task.exclude, owner}
    parameters = [p for p in signature.parameters.values() if p.name not in skipped]
    shown = [_parameter(task, p, is_hidden=p.name in hidden) for p in parameters]
    returns = task.returns or signature.return_annotation
    arrow = "" if returns is inspect.Signature.empty else f" -> {_annotation(task, returns)}"
    return f"{name}({', '.join(shown)}){arrow}"


def _parameter(task: Task, parameter: inspect.Parameter, *, is_hidden: bool) -> str:
    """Write one parameter; the separators `*` and `/` are left to the reader, who is a model."""
    star = "*" * (parameter.kind is parameter.VAR_POSITIONAL) or "**" * (parameter.kind is parameter.VAR_KEYWORD)
    annotated = parameter.annotation is not parameter.empty
    text = star + parameter.name + (f": {_annotation(task, parameter.annotation)}" if annotated else "")
    if parameter.default is parameter.empty:
        return text
    is_shown = type(parameter.default) in _SHOWN_DEFAULTS and not is_hidden
    default = repr(parameter.default) if is_shown else "..."
    return f"{text} = {default}" if annotated else f"{text}={default}"


def _annotation(task: Task, annotation: Any) -> str:
    """Write a type by its name, resolved where that can be."""
    try:
        annotation = resolve(task, annotation)
    except Exception:  # an annotation may be any expression; as written it still says something
        return _MODULES.sub("", annotation) if isinstance(annotation, str) else type_text(annotation)
    return type_text(annotation)


def type_text(annotation: Any) -> str:
    """Write a resolved type without modules, addresses and metadata: `list[Item] | None`."""
    if annotation is None or annotation is NoneType:
        return "None"
    if isinstance(annotation, typing.TypeVar):
        return str(annotation.__name__)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(args[0])
    if origin in (typing.Union, UnionType):
        return " | ".join(map(type_text, args))
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if origin is not None and args:
        inner = ", ".join("..." if arg is Ellipsis else type_text(arg) for arg in args if not isinstance(arg, list))
        return f"{type_text(origin)}[{inner}]"
    if isinstance(annotation, type):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return _MODULES.sub("", str(annotation)).partition(" at 0x")[0]
