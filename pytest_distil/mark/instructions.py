"""The interface of `instructor`'s distillation; it only declares tasks.

Here `name` is the dataset, no key is needed to collect, and whatever the original returns may be recorded.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pytest_distil.mark import tap
from pytest_distil.mark.decorator import Mark, mark_target
from pytest_distil.mark.errors import DeclarationError
from pytest_distil.mark.production import OPTIONS, Fallback, Mode, Production
from pytest_distil.mark.task import Compare, Task, default_name
from pytest_distil.mark.wrapper import wrapped

if TYPE_CHECKING:
    import logging

F = TypeVar("F")

FUNCTIONS = "functions"
RAW = "raw"

_MOST_TRACKED = 256
"""Functions whose types are kept; bound methods and closures may be other objects at each call."""


class FinetuneFormat(Enum):
    """The shape of the lines that log handlers get."""

    MESSAGES = "messages"
    """The ancestor's conversation with a function call; the format `functions`."""
    RAW = "raw"
    """The ancestor's record; models are asked as with `MESSAGES`."""
    JSON_SCHEMA = "json_schema"
    TOOLS = "tools"


class Instructions:
    """Functions whose calls belong together."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ancestor's arguments
        self,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the ancestor's name
        log_handlers: Iterable[logging.Handler] | None = None,
        finetune_format: FinetuneFormat | str = FinetuneFormat.MESSAGES,
        indent: int = 2,
        include_code_body: bool = False,  # noqa: FBT001, FBT002 - the ancestor's order
        openai_client: Any = None,
    ) -> None:
        """Take a dataset's name, and where lines go outside of pytest.

        `openai_client` is needed for `mode="dispatch"` alone, and there only where the environment does not say whom
        to ask. `include_code_body` says the function's body to the model in place of its docstring. `indent` is taken
        and has no effect: replies are compact JSON, as models are trained to send it.
        """
        self.name = name
        self.id = id or str(uuid.uuid4())
        self.finetune_format = _format(finetune_format)
        self.indent = indent
        self.include_code_body = include_code_body
        self.client = openai_client
        self._handlers = tuple(log_handlers or ())
        self._trackers: dict[tuple[Callable[..., Any], str | None, FinetuneFormat], Callable[..., Any]] = {}

    @overload
    def distil(self, function: F, /) -> F: ...

    @overload
    def distil(
        self,
        *,
        name: str | None = None,
        mode: Mode = "distil",
        model: str | None = None,
        fine_tune_format: FinetuneFormat | str | None = None,
        client: Any = None,
        fallback: Fallback = "original",
        shadow: float = 0.0,
        timeout: float = 30.0,
        card: str | None = None,
        group: str | None = None,
        exclude: str | Iterable[str] = (),
        compare: Compare | None = None,
    ) -> Mark: ...

    def distil(self, function: Any = None, /, **options: Any) -> Any:  # type: ignore[misc] # mypy: right for functions
        """Mark a function of these instructions; the options are those of `distil`.

        Raises `DeclarationError` for what cannot be a task.
        """
        shape = _format(options.pop("fine_tune_format", None) or self.finetune_format)
        production = self._production(shape, **{name: options.pop(name) for name in OPTIONS if name in options})
        options |= {"dataset": self.name, "format": _asked(shape), "production": production}
        scope = sys._getframe(1)  # noqa: SLF001 - where the mark stands

        def mark(target: Any) -> Any:
            said = _body(target) if self.include_code_body else None
            return mark_target(target, scope, instructions=said, **options)

        return mark if function is None else mark(function)

    def track(  # noqa: PLR0913, PLR0917 - the ancestor's arguments
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        resp: Any,
        name: str | None = None,
        finetune_format: FinetuneFormat | str = FinetuneFormat.MESSAGES,
    ) -> None:
        """Record that `fn(*args, **kwargs)` has returned `resp`, as if `fn` were marked and had just been called."""
        key = (fn, name, _format(finetune_format))
        if key not in self._trackers:
            if len(self._trackers) >= _MOST_TRACKED:
                self._trackers.clear()
            self._trackers[key] = wrapped(self._tracking(*key, returns=type(resp)))
        response, callers = _response.set(resp), tap.callers.set((*tap.callers.get(), _TRACK))
        try:
            self._trackers[key](*args, **kwargs)
        finally:
            tap.callers.reset(callers)
            _response.reset(response)

    def _tracking(self, fn: Callable[..., Any], name: str | None, shape: FinetuneFormat, *, returns: type[Any]) -> Task:
        """Return a task whose original returns what `track` was given."""
        own = name or default_name(fn)
        return Task(
            name=own,
            function=_replaying(fn, returns),
            dataset=self.name or own,
            instructions=_body(fn) if self.include_code_body else None,
            format=_asked(shape),
            production=self._production(shape),
        )

    def _production(self, shape: FinetuneFormat, *, client: Any = None, **options: Any) -> Production:
        """Return what is done outside of our runs; raise `DeclarationError` for an option's bad value."""
        lines = RAW if shape is FinetuneFormat.RAW else _asked(shape)
        return Production(client=client or self.client, handlers=self._handlers, log_format=lines, **options)


_response: ContextVar[Any] = ContextVar("response")
"""What the function that is being tracked has returned."""

_TRACK = Task(name="Instructions.track", function=Instructions.track, dataset="")
"""Counts as a running original, inside which nothing is substituted: `track` has nobody to hand a value to."""


def _replaying(fn: Callable[..., Any], returns: type[Any]) -> Callable[..., Any]:
    """Return a function like `fn` that runs nothing; without a return annotation its result's type is one."""

    @wraps(fn)
    def replay(*_: Any, **__: Any) -> Any:
        return _response.get()

    signature = inspect.signature(fn)
    if signature.return_annotation is signature.empty:
        replay.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
    return replay


def _format(given: FinetuneFormat | str | Enum) -> FinetuneFormat:
    """Read a format: ours, the ancestor's, or its name."""
    name = given.value if isinstance(given, Enum) else given
    try:
        return FinetuneFormat.MESSAGES if name == FUNCTIONS else FinetuneFormat(name)
    except ValueError:
        names = ", ".join(repr(one.value) for one in FinetuneFormat)
        raise DeclarationError(f"finetune_format is one of {names}, not {given!r}") from None


def _asked(shape: FinetuneFormat) -> str:
    """Return the name of the conversation shape in which a model is asked."""
    return FUNCTIONS if shape in (FinetuneFormat.MESSAGES, FinetuneFormat.RAW) else shape.value


def _body(target: Any) -> str:
    """Return the source of a function's body, once, without its signature; raise `DeclarationError` without source."""
    function = inspect.unwrap(getattr(target, "__func__", target))
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise DeclarationError(f"include_code_body: the source of {function!r} cannot be found: {error}") from error
    definition = next(
        one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    first, lines = definition.body[0], source.splitlines()[: definition.end_lineno]
    before = lines[first.lineno - 1].encode()[: first.col_offset]
    if before.strip():  # the body begins in the line where the signature ends
        lines[first.lineno - 1] = lines[first.lineno - 1][len(before.decode()) :]
    return textwrap.dedent("\n".join(lines[first.lineno - 1 :]))
