"""Tasks by their names, imported from the modules that mark them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from pytest_distil.core.brief import Brief
from pytest_distil.mark.errors import ModelError
from pytest_distil.mark.task import Task, every_task, find
from pytest_distil.run.importing import known_briefs
from pytest_distil.run.typed import TypedTask
from pytest_distil.store.home import Home


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


def briefs_of(modules: Sequence[str], *, path: Sequence[str], redact: tuple[str, ...] = ()) -> list[Brief]:
    """Return the briefs of all functions that are marked once some modules are imported, with rules for redacting."""
    for module in modules:
        _load(module, path=path)
    return [TypedTask(task, redact=redact).brief for task in every_task()]


def imported(brief: Brief, *, path: Sequence[str] = (".",)) -> Task:
    """Return the live task that a brief was made of, imported from where it was; raise `ModelError` where it is gone.

    `path` is searched before everything else, as pytest's `pythonpath` is.
    """
    module, _, qualname = brief.place.partition(":")
    if "<locals>" in qualname:
        raise ModelError(f"{brief.task} is defined inside a function and cannot be imported; run its tests instead")
    _load(module, path=path, needed_by=f"{brief.task}: ")
    task = find(brief.task)
    if task is None:
        raise ModelError(f"{brief.task}: {module!r} marks no such function any more; collect again")
    return task


def _load(module: str, *, path: Sequence[str], needed_by: str = "") -> None:
    """Import a module of the user's; raise `ModelError` where that fails."""
    sys.path[:0] = [str(Path(one).resolve()) for one in path if str(Path(one).resolve()) not in sys.path]
    try:
        import_module(module)
    except Exception as error:  # the user's module runs its own code
        raise ModelError(f"{needed_by}importing {module!r} failed: {type(error).__name__}: {error}") from error
