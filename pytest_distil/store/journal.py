"""What a session is written to while its run lasts: one line an attempt, there as soon as the test is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

from pytest_distil.core.files import open_for_lines, read_lines
from pytest_distil.core.text import Json, compact
from pytest_distil.mark.errors import DataError
from pytest_distil.store.home import JOURNAL

if sys.platform != "win32":
    import fcntl

JOURNAL_VERSION = 1
"""1: the first."""


class Journal:
    """Appends events; each line reaches the operating system before the next test starts."""

    def __init__(self, session: Path, head: dict[str, Json]) -> None:
        self.path = session / JOURNAL
        self._file = open_for_lines(self.path, "a")
        with suppress(OSError):  # a file system without locks
            _lock(self._file)
        self.append({"journal": JOURNAL_VERSION, **head})

    def append(self, event: Json) -> None:
        """Write one event."""
        self._file.write(f"{compact(event)}\n")
        self._file.flush()

    def close(self, *, remove: bool) -> None:
        """End the journal; it is of no use once the session's files are written."""
        self._file.close()
        if remove:
            self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_journal(session: Path) -> tuple[dict[str, Any], Iterator[Any]]:
    """Return a journal's head and its events; a last line that was cut off is passed over.

    Raises `DataError` where there is no journal.
    """
    path = session / JOURNAL
    lines = read_lines(path, torn_end=True)
    _, head = next(lines, (0, None))
    if not isinstance(head, dict) or head.get("journal") != JOURNAL_VERSION:
        raise DataError(path, f"not a journal of version {JOURNAL_VERSION}")
    return head, (event for _, event in lines)


def is_live(session: Path) -> bool:
    """Return whether the run that writes a journal is still going on; False where that cannot be known."""
    try:
        with (session / JOURNAL).open("r+", encoding="utf-8") as file:
            _lock(file)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    return False


def _lock(file: TextIO) -> None:
    """Hold a file as long as this process lives and has it open; raise `OSError` where another one does.

    By `lockf`, because a forked child of the run's must not hold it too. Windows refuses to remove an open file.
    """
    if sys.platform != "win32":
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
