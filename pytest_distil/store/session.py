"""One session's files: written whole, read back checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pytest_distil.core.call import Conflict, Example
from pytest_distil.core.files import open_for_lines, read_json, read_lines, write_json
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import DataError
from pytest_distil.store.home import CALLS, CAPPED, CONFLICTS, JOURNAL, MANIFEST, Home, dataset_file

T = TypeVar("T")

_MOST_OPEN = 64
"""Files kept open at once; a suite may have hundreds of datasets, and a process may open as few as 256 files."""


class SessionWriter:
    """Writes examples and lines as they come, so that no session has to fit into memory twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, TextIO] = {}
        self._names: set[str] = set()

    def example(self, example: Example) -> None:
        """Write a line of calls.jsonl."""
        self._write(CALLS, compact(example.to_json()))

    def conflict(self, conflict: Conflict) -> None:
        """Write a line of conflicts.jsonl."""
        self._write(CONFLICTS, compact(conflict.to_json()))

    def capped(self, example: Example) -> None:
        """Write a line of capped.jsonl."""
        self._write(CAPPED, compact(example.to_json()))

    def line(self, dataset: str, part: str, line: str) -> None:
        """Write a line of one of a dataset's files."""
        self._write(dataset_file(dataset, part), line)

    def close(self) -> dict[str, str]:
        """End the files and return the SHA-256 of each."""
        while self._open:
            self._open.popitem()[1].close()
        return {name: _sha256(self.folder / name) for name in sorted(self._names)}

    def _write(self, name: str, line: str) -> None:
        file = self._open.get(name)
        if file is None:
            if len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            file = self._open[name] = self._opened(self.folder / name)
        file.write(f"{line}\n")

    def _opened(self, path: Path) -> TextIO:
        """Open a file anew, or to go on where it was closed to make room."""
        if path.name in self._names:
            return open_for_lines(path, "a")
        self._names.add(path.name)
        return open_for_lines(path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what makes a session a finished one."""
    write_json(folder / MANIFEST, manifest.to_json())


def read_manifest(folder: Path) -> Manifest:
    """Read a session's manifest; raise `DataError` where there is none."""
    path = folder / MANIFEST
    try:
        return Manifest.from_json(read_json(path))
    except ValueError as error:
        raise error if isinstance(error, DataError) else DataError(path, str(error)) from error


def read_examples(folder: Path) -> Iterator[Example]:
    """Yield the examples of a session; raise `DataError` for a line that is none."""
    # A session without examples has no such file; without a manifest either, it is none.
    return _read(folder / CALLS, Example.from_json, may_lack=(folder / MANIFEST).exists())


def read_capped(folder: Path) -> Iterator[Example]:
    """Yield the examples that a session left out for their number; raise `DataError` for a line that is none."""
    return _read(folder / CAPPED, Example.from_json)


def read_conflicts(folder: Path) -> Iterator[Conflict]:
    """Yield the conflicts of a session; raise `DataError` for a line that is none."""
    return _read(folder / CONFLICTS, Conflict.from_json)


def _read(path: Path, from_json: Callable[[Any], T], *, may_lack: bool = True) -> Iterator[T]:
    """Yield what the lines of a file hold."""
    if may_lack and not path.exists():
        return
    for number, data in read_lines(path):
        try:
            yield from_json(data)
        except ValueError as error:
            raise DataError(path, str(error), line=number) from error


def find_session(home: Home, wanted: str) -> Path | None:
    """Return the folder that `latest`, `none`, a session's name or a path means.

    `latest` passes over sessions of partial runs and those that no test vouches for, and is None where there is no
    other. Raises `DataError` for a name or path that is no session.
    """
    if wanted == "none":
        return None
    if wanted == "latest":
        newest = [path for path in (home.latest(), *reversed(home.finished_sessions())) if path]
        return next((path for path in newest if read_manifest(path).is_whole), None)
    folder = _folder(home, wanted, MANIFEST)
    if folder is not None:
        return folder
    if _folder(home, wanted, JOURNAL):
        raise DataError(wanted, f"its run did not end; `pytest-distil recover {wanted}` makes a session of it")
    raise DataError(wanted, "no session; `pytest-distil sessions` lists them")


def find_torn(home: Home, wanted: str) -> Path:
    """Return the folder of a session whose run did not end, by its name or path; raise `DataError` for another."""
    if _folder(home, wanted, MANIFEST):
        raise DataError(wanted, "nothing to recover: its run ended")
    folder = _folder(home, wanted, JOURNAL)
    if folder is None:
        raise DataError(wanted, "no session; `pytest-distil sessions` lists them")
    return folder


def _folder(home: Home, wanted: str, holds: str) -> Path | None:
    """Return the folder that a name or path means, where it holds that file."""
    return next((path for path in (home.sessions / wanted, Path(wanted)) if (path / holds).exists()), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
