"""What string annotations mean where a function is defined."""

from __future__ import annotations

import inspect
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType, FunctionType
from typing import Any, ForwardRef, get_args


def local_names(function: Any, frame: FrameType) -> Mapping[str, Any]:
    """Return what string annotations name in the scope that `function` was defined in, where that is no module.

    Only the names that are used are kept: a frame's variables may be large.
    """
    defined = inspect.unwrap(function)
    found: dict[str, Any] = {}
    wanted = list(_names_in(defined))
    scope = ChainMap(*map(dict, _scopes(defined.__code__, frame)))
    while wanted:
        name = wanted.pop()
        if name in scope and name not in found:
            found[name] = scope[name]
            wanted += _names_in(scope[name])
    return found


def _scopes(code: CodeType, frame: FrameType | None) -> Iterator[Mapping[str, Any]]:
    """Yield the variables that stand around a definition, innermost first: of classes, then of one function."""
    around = code.co_qualname.rpartition(".")[0].removesuffix(".<locals>")
    if frame is None or (frame.f_code.co_filename, frame.f_code.co_qualname) != (code.co_filename, around):
        return  # a module's function, or marked far from where it is defined
    while frame is not None and frame.f_locals is not frame.f_globals:
        yield frame.f_locals
        is_body = not frame.f_code.co_flags & inspect.CO_OPTIMIZED
        if not is_body and not frame.f_code.co_name.startswith("<generic parameters of"):
            return
        frame = frame.f_back


def _names_in(annotated: Any) -> Iterator[str]:
    """Yield the names that the string annotations of a function or class use."""
    parts = [*getattr(annotated, "__annotations__", {}).values()] if isinstance(annotated, (type, FunctionType)) else []
    while parts:
        part = parts.pop()
        if isinstance(part, ForwardRef):
            part = part.__forward_arg__
        if isinstance(part, str):
            yield from re.findall(r"[^\W\d]\w*", part)
        parts += get_args(part)
