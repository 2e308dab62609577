"""`@distil`: mark a function as a task."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, FunctionType
from typing import Any, Literal, Protocol, TypeVar, overload
from weakref import WeakSet

from pytest_distil.mark.errors import DeclarationError
from pytest_distil.mark.production import IDLE, OPTIONS, Fallback, Mode, Production
from pytest_distil.mark.scope import local_names
from pytest_distil.mark.task import CONVERSATIONS, Compare, Kind, Task, default_name, register
from pytest_distil.mark.wrapper import wrapped

F = TypeVar("F")

_marked: WeakSet[Callable[..., Any]] = WeakSet()


class Mark(Protocol):
    """A decorator that gives back what it was given, marked."""

    def __call__(self, function: F, /) -> F:
        """Mark `function`."""


@overload
def distil(function: F, /) -> F: ...


@overload
def distil(
    *,
    name: str | None = None,
    dataset: str | None = None,
    group: str | None = None,
    instructions: str | None = None,
    exclude: str | Iterable[str] = (),
    compare: Compare | None = None,
    format: str | None = None,
    original: Literal["run", "recorded"] = "run",
    mode: Mode = "distil",
    model: str | None = None,
    client: Any = None,
    fallback: Fallback = "original",
    shadow: float = 0.0,
    timeout: float = 30.0,
    card: str | None = None,
) -> Mark: ...


def distil(function: Any = None, /, **options: Any) -> Any:
    """Mark a function, so that pytest can collect its calls and a model can be compared with it.

    Outside a collecting or evaluating run the function works as before. Options: `name` (default
    `module.qualname`), `dataset` (tasks of one dataset share files), `group` (the parameter that names what a
    call is a variation of), `instructions` (said to the model in place of the docstring), `exclude` (parameters
    that are no part of a call), `compare` (a `Compare`), `format` (a conversation shape), `original`
    (`"recorded"`: an evaluation takes the recorded result where there is one).

    With `mode="dispatch"` a model answers in production: `model` (its id), `client` (an `OpenAI` or `AsyncOpenAI`),
    `fallback` (`"original"` or `"raise"` where its answer is invalid or failed), `shadow` (the share of calls for
    which the original runs beside it), `timeout` (seconds), `card` (a file of `pytest-distil models export`).

    Raises `DeclarationError` for what cannot be a task, and for two tasks of one name.
    """
    production = Production(**{name: options.pop(name) for name in OPTIONS if name in options})
    if function is not None:
        return mark_target(function, sys._getframe(1), production=production, **options)  # noqa: SLF001 - there is no other

    def mark(target: Any) -> Any:
        return mark_target(target, sys._getframe(1), production=production, **options)  # noqa: SLF001 - see above

    return mark


def mark_target(target: Any, frame: FrameType, **options: Any) -> Any:
    """Return `target` as a marked function of the same kind."""
    if isinstance(target, (staticmethod, classmethod)):
        kind: Kind = "staticmethod" if isinstance(target, staticmethod) else "classmethod"
        _refuse_what_is_no_function(target.__func__)
        return type(target)(_mark_function(target.__func__, frame, kind=kind, **options))
    _refuse_what_is_no_function(target)
    return _mark_function(target, frame, kind=kind_in_its_class(target), **options)


def _mark_function(function: Any, frame: FrameType, *, kind: Kind, **options: Any) -> Any:
    """Declare and register the task of `function` and wrap it."""
    refuse_what_yields(function)
    refuse_what_is_marked(function)
    task = declare(function, kind=kind, namespace=local_names(function, frame), **options)
    register(task)
    wrapper = wrapped(task)
    _marked.add(wrapper)
    return wrapper


def declare(  # noqa: PLR0913 - the decorator's options
    function: Callable[..., Any],
    *,
    kind: Kind,
    namespace: Mapping[str, Any],
    name: str | None = None,
    dataset: str | None = None,
    group: str | None = None,
    instructions: str | None = None,
    exclude: str | Iterable[str] = (),
    compare: Compare | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
    original: Literal["run", "recorded"] = "run",
    production: Production = IDLE,
    returns: Any = None,
) -> Task:
    """Return the task that the options declare, checked against the function's signature."""
    excluded = frozenset([exclude] if isinstance(exclude, str) else exclude)
    own = name or default_name(function)
    _check_parameters(own, function, group=group, excluded=excluded)
    _check_texts(own, name=name, dataset=dataset, instructions=instructions)
    _check_choices(own, format=format, original=original, compare=compare)
    return Task(
        name=own,
        function=function,
        dataset=dataset or own,
        kind=kind,
        namespace=namespace,
        group=group,
        instructions=instructions,
        exclude=excluded,
        compare=compare,
        format=format,
        original=original,
        production=production,
        returns=returns,
    )


def _check_parameters(own: str, function: Callable[..., Any], *, group: str | None, excluded: frozenset[str]) -> None:
    """Raise `DeclarationError` where options name unknown parameters, or contradict each other."""
    parameters = list(inspect.signature(function).parameters)
    for option, wanted in (("exclude", excluded), ("group", {group} if group else set())):
        unknown = sorted(wanted - set(parameters))
        if unknown:
            raise DeclarationError(f"{own}: {option} names {unknown[0]!r}; the parameters are {', '.join(parameters)}")
    if group in excluded:
        raise DeclarationError(f"{own}: group {group!r} is excluded from the call; a group must be part of it")


def _check_choices(own: str, *, format: object, original: object, compare: object) -> None:  # noqa: A002 - see above
    """Raise `DeclarationError` for a value that an option does not take."""
    if format not in (None, *CONVERSATIONS):
        raise DeclarationError(f"{own}: format is one of {', '.join(map(repr, CONVERSATIONS))}, not {format!r}")
    if original not in ("run", "recorded"):
        raise DeclarationError(f"{own}: original is 'run' or 'recorded', not {original!r}")
    if compare is not None and not isinstance(compare, Compare):
        raise DeclarationError(f"{own}: compare takes Compare(fields={{...}}), not {compare!r}")


def _check_texts(own: object, *, name: object, dataset: object, instructions: object) -> None:
    """Raise `DeclarationError` for what is no text; names stand in files and terminals, so they are one line."""
    for option, text in (("name", name), ("dataset", dataset)):
        if text is not None and not (isinstance(text, str) and text and text.isprintable()):
            raise DeclarationError(f"{own}: {option} is a line of text, not {text!r}")
    if instructions is not None and not isinstance(instructions, str):
        raise DeclarationError(f"{own}: instructions are text, not {instructions!r}")


def _refuse_what_is_no_function(target: Any) -> None:
    """Raise `DeclarationError` unless `target` is a function, or a function under other decorators."""
    if isinstance(target, (property, functools.cached_property)):
        raise DeclarationError(
            "@distil cannot mark a property: a property has no call; move its body into a method and mark that"
        )
    if isinstance(target, type):
        raise DeclarationError(
            f"@distil cannot mark the class {target.__qualname__!r}: mark the function that makes one"
        )
    if not isinstance(inspect.unwrap(target) if callable(target) else target, FunctionType):
        raise DeclarationError(
            f"@distil cannot mark an object of type {type(target).__qualname__!r}: mark the function that it calls"
        )
    if target.__name__ in ("__init__", "__new__"):
        raise DeclarationError(
            f"@distil cannot mark the constructor {target.__qualname__!r}: it has no result; "
            "mark a function that makes the object, or a class method"
        )


def refuse_what_yields(function: Any) -> None:
    """Raise `DeclarationError` for generators and async generators."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise DeclarationError(
            f"@distil cannot mark the generator {function.__qualname__!r}: its result is not one value; "
            "mark a function that returns a list, or what works on one item"
        )


def refuse_what_is_marked(function: Any) -> None:
    """Raise `DeclarationError` for a function that is a task already: each call would count twice."""
    for _ in range(sys.getrecursionlimit()):  # as many as `inspect.unwrap` follows: a chain may go round in circles
        if function is None:
            return
        if function in _marked:
            raise DeclarationError(f"@distil marks {function.__qualname__!r} twice; keep one of the marks")
        function = getattr(function, "__wrapped__", None)


def kind_in_its_class(function: Any) -> Kind:
    """Return what the first parameter is, by the names that PEP 8 gives `self` and `cls`."""
    owner, _, _ = function.__qualname__.rpartition(".")
    if not owner or owner.endswith("<locals>"):
        return "function"
    first = next(iter(inspect.signature(function).parameters), "")
    kinds: dict[str, Kind] = {"self": "method", "cls": "classmethod"}
    return kinds.get(first, "staticmethod")
