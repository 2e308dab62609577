"""An SQLite file that a run can rely on: where it is damaged or locked, another one takes its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")

_SECONDS_TO_WAIT = 5.0
"""For another run's writing to end; after that the file is taken for locked."""

_PARTS = ("", "-wal", "-shm")
"""What is appended to the name of a database for the files that belong to it."""


class Database:
    """An open file, used by one thread at a time."""

    def __init__(self, path: Path, schema: str) -> None:
        self.messages: list[str] = []
        """What happened to the file, for the user."""
        self._path = path
        self._schema = schema
        try:
            self._db = self._opened(path)
        except sqlite3.DatabaseError as error:
            self._db = self._another(error)

    def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do something with the database; where it fails, do it with the one that takes its place."""
        try:
            return work(self._db)
        except sqlite3.DatabaseError as error:
            if type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
                raise  # what was to be written is wrong, not the file
            self._db.close()
            self._db = self._another(error)
            return work(self._db)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _opened(self, path: Path) -> sqlite3.Connection:
        """Open a file, which need not be there."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from error
        return self._ready(str(path))

    def _ready(self, name: str) -> sqlite3.Connection:
        """Open a file, or `:memory:`, and see that it can be read and written."""
        db = sqlite3.connect(name, timeout=_SECONDS_TO_WAIT, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(self._schema)
            with db:
                db.execute("BEGIN IMMEDIATE")
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _another(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        """Return what takes the place of a file that cannot be used, and say so."""
        if not isinstance(error, sqlite3.OperationalError):
            aside = self._set_aside()
            self.messages.append(f"{self._path} is damaged ({error}); it is now {aside.name}, and a new one was begun")
            return self._opened_or_memory(self._path)
        # A file that is in use must stay: its owner will look for its other parts by name.
        beside = self._path.with_name(f"{self._path.stem}.{os.getpid()}{self._path.suffix}")
        self.messages.append(f"{self._path} cannot be used ({error}); what is new goes to {beside.name}")
        return self._opened_or_memory(beside)

    def _opened_or_memory(self, path: Path) -> sqlite3.Connection:
        try:
            return self._opened(path)
        except sqlite3.DatabaseError as error:
            self.messages.append(f"{path} cannot be used either ({error}); what is new is lost at the end of the run")
            return self._ready(":memory:")

    def _set_aside(self) -> Path:
        """Rename a damaged file, with all its parts."""
        moment = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        aside = self._path.with_name(f"{self._path.stem}.damaged-{moment}{self._path.suffix}")
        for part in _PARTS:
            one = self._path.with_name(self._path.name + part)
            if one.exists():
                one.rename(aside.with_name(aside.name + part))
        return aside
