"""A task as it is declared: one marked function, and the registry of all that are marked."""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pytest_distil.mark.errors import DeclarationError
from pytest_distil.mark.production import IDLE, Production

RuleKind = Literal["similar", "unordered", "ignored", "ignore_case", "close"]
Kind = Literal["function", "method", "classmethod", "staticmethod"]

CONVERSATIONS = ("json_schema", "tools", "functions")
"""The conversation shapes that a task may prefer, the default first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the values at one path are compared; made by `similar`, `unordered`, `ignored`, `ignore_case` and `close`."""

    kind: RuleKind
    threshold: float = 1.0
    """Of `similar`: the least token F1, from 0 to 1."""
    reason: str = ""
    """Of `ignored`: why a difference does not count."""
    rel: float = 0.0
    """Of `close`: the greatest difference relative to the larger magnitude."""
    abs: float = 0.0
    """Of `close`: the greatest absolute difference."""


unordered = Rule("unordered")
"""A list whose order does not matter."""

ignore_case = Rule("ignore_case")
"""Text in which upper and lower case are the same."""


def similar(threshold: float) -> Rule:
    """Accept text whose token F1 with the original's is at least `threshold` (0 to 1; SQuAD's measure)."""
    if not 0 < threshold <= 1:
        raise DeclarationError(f"similar() takes a share above 0 and up to 1, not {threshold!r}")
    return Rule("similar", threshold=threshold)


def ignored(reason: str) -> Rule:
    """Count no difference here, and say why."""
    return Rule("ignored", reason=reason)


def close(*, rel: float = 0.0, abs: float = 0.0) -> Rule:  # noqa: A002 - the names of math.isclose
    """Accept numbers that `math.isclose(rel_tol=rel, abs_tol=abs)` accepts."""
    if rel < 0 or abs < 0 or rel + abs == 0:
        raise DeclarationError("close() takes rel= or abs=, above 0")
    return Rule("close", rel=rel, abs=abs)


@dataclass(frozen=True, slots=True)
class Compare:
    """The rules by which a task's values are compared, by path: `total`, `items[*].price`; `$` is the whole value."""

    fields: Mapping[str, Rule]

    def __post_init__(self) -> None:
        for path, rule in self.fields.items():
            if not isinstance(rule, Rule):
                raise DeclarationError(
                    f"compare: the rule for {path!r} is {rule!r}; "
                    "use similar(), unordered, ignored(), ignore_case or close()"
                )


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Task:
    """One marked function, as declared."""

    name: str
    """`module.qualname`, unless given."""
    function: Callable[..., Any]
    """The original."""
    dataset: str
    """Tasks of one dataset share files; the task's own name, unless given."""
    kind: Kind = "function"
    """What the first parameter is: `self`, `cls`, or an argument like the others."""
    group: str | None = None
    """The parameter whose value names the group of a call."""
    instructions: str | None = None
    """Said to the model in place of the docstring."""
    exclude: frozenset[str] = frozenset()
    """Parameters that are no part of a call: clients, connections."""
    compare: Compare | None = None
    format: str | None = None
    """The conversation shape of its examples, where the task prefers one."""
    namespace: Mapping[str, Any] = field(default_factory=dict)
    """What names in string annotations mean where the function was defined, beyond its module."""
    original: Literal["run", "recorded"] = "run"
    """Whether an evaluation runs the original, or takes its recorded result where there is one."""
    returns: Any = None
    """The return type, where it is given beside the function and not by its annotation."""
    production: Production = IDLE
    """What is done with its calls outside of our runs."""


_tasks: weakref.WeakValueDictionary[str, Task] = weakref.WeakValueDictionary()


_loads: weakref.WeakKeyDictionary[Task, object] = weakref.WeakKeyDictionary()
"""The import that made each task: a module has another spec once it is reloaded."""


def register(task: Task) -> None:
    """Keep `task` under its name.

    Raises `DeclarationError` where another function has that name. The same place in the same file, declared
    again (a reload, a function made in a loop), takes the name over, and so does what is typed anew at a prompt.
    """
    other = _tasks.get(task.name)
    if other is not None and not _takes_over(task, other):
        here, there = (":".join(map(str, _place(one))) for one in (task, other))
        raise DeclarationError(
            f"two tasks are named {task.name!r}: {there} and {here}; give one of them another with @distil(name=...)"
        )
    _tasks[task.name] = task
    _loads[task] = _globals(task).get("__spec__")


def find(name: str) -> Task | None:
    """Return the task of that name that is alive in this process."""
    return _tasks.get(name)


def every_task() -> list[Task]:
    """Return the tasks that are alive in this process, by name."""
    return [task for _, task in sorted(_tasks.items())]


def default_name(function: Callable[..., Any]) -> str:
    """Return `module.qualname`, the same whether its file is run as a script or imported."""
    module = function.__module__
    if module in ("__main__", "__mp_main__"):  # the second: a script in a process that multiprocessing started
        main = sys.modules["__main__"]
        spec = getattr(main, "__spec__", None)
        file = getattr(main, "__file__", None)
        module = spec.name if spec else Path(file).stem if file else module
    return f"{module}.{function.__qualname__}"


def _takes_over(task: Task, other: Task) -> bool:
    """Return whether a task is another one made anew."""
    if _place(task) == _place(other) or "__file__" not in _globals(task) or _place(task)[0].startswith("<"):
        return True
    was = sys.modules.get(inspect.unwrap(other.function).__module__)
    is_gone = was is None or vars(was) is not _globals(other)
    is_reloaded = _globals(task) is _globals(other) and _globals(task).get("__spec__") is not _loads[other]
    return is_gone or is_reloaded


def _place(task: Task) -> tuple[str, int]:
    """Return file and line of a function's definition."""
    code = inspect.unwrap(task.function).__code__
    return code.co_filename, code.co_firstlineno


def _globals(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = inspect.unwrap(task.function).__globals__
    return found
