"""One session's files: written whole, read back checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from pytest_distil.core.call import Example
from pytest_distil.core.files import read_json, read_lines, write_json
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import DataError
from pytest_distil.store.home import CALLS, MANIFEST, Home, dataset_file


class SessionWriter:
    """Writes examples and lines as they come, so that no session has to fit into memory twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open = ExitStack()
        self._files: dict[str, TextIO] = {}

    def example(self, example: Example) -> None:
        """Write a line of calls.jsonl."""
        self._write(CALLS, compact(example.to_json()))

    def line(self, dataset: str, part: str, line: str) -> None:
        """Write a line of one of a dataset's files."""
        self._write(dataset_file(dataset, part), line)

    def close(self) -> dict[str, str]:
        """End the files and return the SHA-256 of each."""
        self._open.close()
        return {name: _sha256(self.folder / name) for name in sorted(self._files)}

    def _write(self, name: str, line: str) -> None:
        file = self._files.get(name)
        if file is None:
            opened = (self.folder / name).open("w", encoding="utf-8", newline="\n")
            file = self._files[name] = self._open.enter_context(opened)
        file.write(f"{line}\n")


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
    path = folder / CALLS
    if not path.exists() and (folder / MANIFEST).exists():
        return  # a session without examples has no such file
    for number, data in read_lines(path):
        try:
            yield Example.from_json(data)
        except ValueError as error:
            raise DataError(path, str(error), line=number) from error


def find_session(home: Home, wanted: str) -> Path | None:
    """Return the folder that `latest`, `none`, a session's name or a path means.

    `latest` passes over sessions of partial runs, and is None where there is no other. Raises `DataError` for a
    name or path that is no session.
    """
    if wanted == "none":
        return None
    if wanted == "latest":
        newest = [path for path in (home.latest(), *reversed(home.finished_sessions())) if path]
        return next((path for path in newest if not read_manifest(path).partial), None)
    for path in (home.sessions / wanted, Path(wanted)):
        if (path / MANIFEST).exists():
            return path
    raise DataError(wanted, "no session; `pytest-distil sessions` lists them")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
