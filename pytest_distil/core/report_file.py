"""Reports and baselines, read from files and checked, so that what follows can rely on their shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_distil.core.evidence import Hint, Outcome, TaskFacts
from pytest_distil.core.files import read_json
from pytest_distil.core.promotion import BASELINE_VERSION, earlier
from pytest_distil.core.report import FORMAT_VERSION, ReportJson, build
from pytest_distil.core.text import Json
from pytest_distil.core.trial import VERDICTS, Trial, known
from pytest_distil.mark.errors import DataError


def read_report(path: Path) -> ReportJson:
    """Return the report that a file holds; raise `DataError` where it holds none that this version reads."""
    data = read_json(path)
    _check_version(data, path=path, version=FORMAT_VERSION, what="report")
    task = TaskFacts(task="", dataset="", model="")
    template = build(trials=(), tests=(), tasks=[task], settings={}, started="", seconds=0.0)
    _check_like(data, template, path=path, place="")
    for number, one in enumerate(data["tasks"]):
        _check_like(one, template["tasks"][0], path=path, place=f"tasks[{number}]")
    _check_parts(data, path=path)
    return dict(data)


def read_baseline(path: Path) -> dict[str, Any]:
    """Return the promoted baseline, or the report, that a file holds; raise `DataError` where it holds neither."""
    data = read_json(path)
    if not isinstance(data, dict) or data.get("kind") != "baseline":
        return read_report(path)
    _check_version(data, path=path, version=BASELINE_VERSION, what="baseline")
    _check_like(data, {"model": "", "started": "", "accepted": [], "calls": {}}, path=path, place="")
    try:
        earlier(data)
    except (ValueError, AttributeError, ZeroDivisionError) as error:
        raise DataError(path, f"calls: {error}; write it anew with `pytest-distil baseline promote`") from error
    return data


def _check_version(data: Json, *, path: Path, version: int, what: str) -> None:
    """Raise `DataError` unless a file says that it is of the version that is known."""
    found = data.get("v") if isinstance(data, dict) else None
    if found != version:
        raise DataError(path, f"not a {what} of version {version}; its version is {found!r}")


def _check_like(data: Json, template: Json, *, path: Path, place: str) -> None:
    """Raise `DataError` unless `data` has the keys and kinds of values of a template; None allows any value."""
    if isinstance(template, dict):
        if not isinstance(data, dict):
            raise DataError(path, f"{place or 'report'} is no object")
        for key, part in template.items():
            if key not in data:
                raise DataError(path, f"{place or 'report'} has no {key!r}")
            _check_like(data[key], part, path=path, place=f"{place}.{key}" if place else key)
    elif isinstance(template, list) and not isinstance(data, list):
        raise DataError(path, f"{place} is no list")
    elif isinstance(template, str) and not isinstance(data, str):
        raise DataError(path, f"{place} is no text")
    elif isinstance(template, (int, float)) and not isinstance(data, (int, float)):
        raise DataError(path, f"{place} is no number")


def _check_parts(data: ReportJson, *, path: Path) -> None:
    """Raise `DataError` for a trial, hint or test that cannot be read."""
    parts: list[tuple[str, Json, Callable[[Json], object]]] = [
        ("trials", data["trials"], _trial),
        ("hints", data["hints"], lambda one: known(Hint, one)),
        ("tests.listed", data["tests"]["listed"], lambda one: known(Outcome, one)),
    ]
    for name, listed, read in parts:
        for number, one in enumerate(listed):
            try:
                read(one)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(path, f"{name}[{number}] cannot be read: {error}") from error


def _trial(data: Json) -> Trial:
    """Return a trial, its verdict checked."""
    trial = Trial.from_json(data)
    if trial.verdict not in VERDICTS:
        raise ValueError(f"no verdict {trial.verdict!r}")
    return trial
