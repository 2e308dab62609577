"""What `sessions` shows: each session's numbers and state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pytest_distil.core.manifest import Manifest
from pytest_distil.core.phrases import plural
from pytest_distil.mark.errors import DataError
from pytest_distil.reports.layout import table
from pytest_distil.store.home import Home
from pytest_distil.store.journal import is_live
from pytest_distil.store.session import read_manifest

_HEAD = ("session", "tests", "calls", "examples", "train", "validation", "held out")
_WIDE = 1_000
_PARTS = ("calls", "examples", "train", "validation", "held_out")


@dataclass(frozen=True, slots=True)
class Listed:
    """One session."""

    folder: Path
    state: Literal["finished", "running", "killed", "damaged"]
    manifest: Manifest | None
    """Of a finished one."""
    fault: str | None = None
    """What is wrong with a damaged one."""
    is_latest: bool = False


def listed(home: Home) -> list[Listed]:
    """Return all sessions, oldest first."""
    latest = home.latest()
    finished = [_finished(folder, is_latest=folder == latest) for folder in home.finished_sessions()]
    torn = [Listed(folder, "running" if is_live(folder) else "killed", None) for folder in home.torn_sessions()]
    return sorted([*finished, *torn], key=lambda one: one.folder.name)


def as_json(one: Listed) -> dict[str, Any]:
    """Return a session as plain JSON."""
    head = {"session": one.folder.name, "path": str(one.folder), "state": one.state, "latest": one.is_latest}
    manifest = one.manifest
    if manifest is None:
        return {**head, "fault": one.fault} if one.fault else head
    kept = ("started", "seconds", "commit", "partial", "recovered", "vouched", "merged", "tests", "left_out", "files")
    numbers = ("calls", "tests", "examples", "train", "validation", "held_out", "patterns", "format")
    tasks = [
        {name: task.brief[name] for name in ("task", "dataset")} | {name: getattr(task, name) for name in numbers}
        for task in manifest.tasks
    ]
    return {**head, **{name: getattr(manifest, name) for name in kept}, "tasks": tasks}


def as_table(sessions: list[Listed]) -> Iterator[str]:
    """Yield a line for each session, under a head; names are whole, because they are typed."""
    notes = ["", *(_notes(one) for one in sessions)]
    for line, note in zip(table([_HEAD, *map(_row, sessions)], _WIDE), notes, strict=True):
        yield f"{line}  {note}".rstrip()


def _finished(folder: Path, *, is_latest: bool) -> Listed:
    """Read a finished session."""
    try:
        return Listed(folder, "finished", read_manifest(folder), is_latest=is_latest)
    except DataError as error:
        return Listed(folder, "damaged", None, fault=error.message)


def _row(one: Listed) -> list[object]:
    """Return the cells of a session."""
    if one.manifest is None:
        return [one.folder.name, *["-"] * (len(_HEAD) - 1)]
    sums = (sum(getattr(task, part) for task in one.manifest.tasks) for part in _PARTS)
    return [one.folder.name, one.manifest.tests["passed"], *sums]


def _notes(one: Listed) -> str:
    """Say what is special about a session."""
    if one.manifest is None:
        more = {"killed": "; `pytest-distil recover` saves it", "damaged": f": {one.fault}"}
        return one.state + more.get(one.state, "")
    merged = f"merged from {plural(len(one.manifest.merged), 'session')}" if one.manifest.merged else ""
    flags = {
        "not vouched by tests": not one.manifest.vouched,
        "recovered": one.manifest.recovered,
        "partial": one.manifest.partial,
        "latest": one.is_latest,
    }
    return ", ".join(filter(None, [merged, *(name for name, is_so in flags.items() if is_so)]))
