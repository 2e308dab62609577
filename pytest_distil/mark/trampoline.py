"""Exchanging a function's code object, so that its calls are seen however the callers got hold of the function.

A function that is replaced by another under its name is not seen by those who took it before: `from x import f`,
aliases, partials, tables. A function whose `__code__` is another is the same object for all of them.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

_ENTRY = "entry of pytest-distil"
"""Stands in the source of a trampoline for what says whom it calls, and is exchanged for it in the constants."""


def clone(function: FunctionType) -> FunctionType:
    """Return another function that does what `function` does now, whatever becomes of the first one's code.

    What it says that it wraps is left out where that is no function, or is found to go round in circles.
    """
    twin = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__qualname__ = function.__qualname__
    twin.__module__ = function.__module__
    twin.__doc__ = function.__doc__
    twin.__annotations__ = function.__annotations__
    twin.__dict__.update(function.__dict__)
    if not _wraps_function(twin):
        del twin.__dict__["__wrapped__"]
    return twin


def _wraps_function(function: FunctionType) -> bool:
    """Return whether all that follows `__wrapped__` ends well; True where there is nothing to follow."""
    try:
        return isinstance(inspect.unwrap(function), FunctionType)
    except Exception:  # a circle, or an object that answers every question in its own way
        return False


def trampoline(code: CodeType, entry: Callable[[], Callable[..., Any]]) -> CodeType:
    """Return code with the parameters and free variables of `code`, which calls with them what `entry()` returns.

    It carries the name, file and line of the original, so that whoever inspects the function finds its source. Its
    frame is left out of pytest's tracebacks by the local variable that pytest looks for.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a string is called, until it is exchanged
        module = compile(_source(code), code.co_filename, "exec", dont_inherit=True)
    made = _inner(_inner(module))
    return made.replace(
        co_consts=tuple(entry if constant == _ENTRY else constant for constant in made.co_consts),
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=code.co_firstlineno,
    )


def _source(code: CodeType) -> str:
    """Return the source of a trampoline inside a function that has the free variables."""
    positional = code.co_varnames[: code.co_argcount]
    keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    rest = iter(code.co_varnames[code.co_argcount + code.co_kwonlyargcount :])
    args = next(rest) if code.co_flags & inspect.CO_VARARGS else None
    kwargs = next(rest) if code.co_flags & inspect.CO_VARKEYWORDS else None
    given = [*positional, *([f"*{args}"] if args else []), *(f"{name}={name}" for name in keyword)]
    given += [f"**{kwargs}"] if kwargs else []
    is_async = bool(code.co_flags & inspect.CO_COROUTINE)
    lines = [
        "def scope():",
        *(f"    {name} = None" for name in code.co_freevars),
        f"    {'async ' * is_async}def function({_parameters(code, positional, args, keyword, kwargs)}):",
        "        __tracebackhide__ = True",
        # Never executed, but the compiler takes what it names for free variables.
        *(["        if 0: (" + ", ".join(code.co_freevars) + ",)"] if code.co_freevars else []),
        f"        return {'await ' * is_async}{_ENTRY!r}()({', '.join(given)})",
    ]
    return "\n".join(lines)


def _parameters(
    code: CodeType, positional: tuple[str, ...], args: str | None, keyword: tuple[str, ...], kwargs: str | None
) -> str:
    """Return the parameters of a trampoline; defaults are the function's own, not its code's."""
    only = code.co_posonlyargcount
    parts = [*positional[:only], *(["/"] if only else []), *positional[only:]]
    if args or keyword:
        parts.append(f"*{args or ''}")
    parts += keyword
    return ", ".join([*parts, *([f"**{kwargs}"] if kwargs else [])])


def _inner(code: CodeType) -> CodeType:
    """Return the code object among the constants of another."""
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))
