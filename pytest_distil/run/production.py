"""What happens to the calls of marked functions outside of our runs; `mark/tap.py` opens this door."""

from __future__ import annotations

import os
from typing import get_args

from pytest_distil.core.redaction import rules_of
from pytest_distil.mark.errors import SettingError
from pytest_distil.mark.production import Mode
from pytest_distil.mark.tap import MODE, Interceptor
from pytest_distil.mark.task import Task

MODEL = "DISTIL_MODEL"
"""The environment variable that may say of any task in dispatch mode which model answers it."""

OFF = "off"
"""The mode of a task that runs as if it were not marked."""


def interceptor(task: Task) -> Interceptor | None:
    """Return who takes the calls of a task; None where its original simply runs.

    Raises `SettingError` where the environment says something else than a mode, or has a rule that means nothing.
    """
    mode = switched(MODE, task.name) or task.production.mode
    if mode not in (*get_args(Mode), OFF):
        raise SettingError(MODE, f"is {', '.join(map(repr, get_args(Mode)))} or {OFF!r} for {task.name}, not {mode!r}")
    if mode == "dispatch":
        from pytest_distil.run.dispatch import Dispatch  # a log alone needs no event loop

        return Dispatch(task, model=switched(MODEL, task.name), redact=rules_of(os.environ))
    if mode == "distil" and task.production.handlers:
        from pytest_distil.run.call_log import CallLog

        return CallLog(task, redact=rules_of(os.environ))
    return None


def switched(variable: str, task: str) -> str | None:
    """Return what an environment variable says of a task: `VALUE`, `TASK=VALUE`, or several with commas between.

    What names the task stands before what names none.
    """
    said: dict[str, str] = {}
    for part in os.environ.get(variable, "").split(","):
        name, _, value = part.rpartition("=")
        said[name.strip()] = value.strip()
    return said.get(task) or said.get("") or None
