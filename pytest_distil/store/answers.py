"""Answers of models, kept: one SQLite file, appended to while they arrive, shared by all runs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from pytest_distil.core.files import read_lines
from pytest_distil.core.prompt import Answer, Usage
from pytest_distil.core.text import canonical
from pytest_distil.mark.errors import DataError
from pytest_distil.store.database import Database

FORMAT_VERSION = 1
"""1: the table below, and exported lines with the same names, the answer's own beside them."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, base_url TEXT NOT NULL, model TEXT NOT NULL, prompt TEXT NOT NULL,
    repeat INTEGER NOT NULL, at TEXT NOT NULL, answer TEXT NOT NULL
) WITHOUT ROWID
"""
_INSERT = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)"
_ONE = "SELECT answer FROM answers WHERE key = ?"
_ALL = "SELECT base_url, model, prompt, repeat, at, answer FROM answers ORDER BY key"
_BASE_URLS = "SELECT DISTINCT base_url FROM answers WHERE model = ? ORDER BY base_url"
_DELETE = "DELETE FROM answers WHERE (? IS NULL OR at < ?) AND (? IS NULL OR model = ?)"

_KEPT = ("message", "finish_reason", "invalid", "served_model", "usage", "seconds")
"""Of an answer; what asking cost in tries and waiting is of its run only."""

_Row = tuple[str, str, str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that determines an answer."""

    base_url: str
    """Without credentials."""
    model: str
    prompt: str
    """Digest of the request's body."""
    repeat: int = 0

    def key(self) -> str:
        """Return the digest that the answer is found by."""
        text = canonical([self.base_url, self.model, self.prompt, self.repeat])
        return hashlib.sha256(text.encode()).hexdigest()


class Answers:
    """An open store; its methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA)
        self._lock = Lock()
        self._new: dict[str, _Row] = {}
        """Rows by key, not yet written."""

    @property
    def messages(self) -> tuple[str, ...]:
        """Return what happened to the file, for the user: a damaged or locked one was set aside."""
        return tuple(self._database.messages)

    @property
    def dirty(self) -> bool:
        """Tell whether there are answers that are not in the file yet."""
        return bool(self._new)

    def get(self, question: Question) -> Answer | None:
        """Return the stored answer, None where there is none."""
        key = question.key()
        with self._lock:
            if key in self._new:
                return _answer(self._new[key][-1])
            row = self._database.run(lambda db: db.execute(_ONE, (key,)).fetchone())
        return None if row is None else _answer(row[0])

    def base_urls(self, model: str) -> list[str]:
        """Return where the answers of a model that are in the file came from."""
        with self._lock:
            rows = self._database.run(lambda db: db.execute(_BASE_URLS, (model,)).fetchall())
        return [base_url for (base_url,) in rows]

    def put(self, question: Question, answer: Answer) -> None:
        """Keep an answer; it is in the file after the next `flush`."""
        kept = {name: getattr(answer, name) for name in _KEPT} | {"usage": asdict(answer.usage)}
        row = _row(question, datetime.now(UTC).isoformat(timespec="seconds"), kept)
        with self._lock:
            self._new[row[0]] = row

    def flush(self) -> None:
        """Write what is new to the file."""
        with self._lock:
            if self._new:
                self._write(list(self._new.values()))
                self._new.clear()

    def close(self) -> None:
        """Write what is new and let go of the file."""
        self.flush()
        with self._lock:
            self._database.close()

    def export(self) -> list[str]:
        """Return every answer as a line of JSON, in an order of its own; such lines also make a `recorded:FILE`."""
        self.flush()
        with self._lock:
            rows = self._database.run(lambda db: db.execute(_ALL).fetchall())
        return [_line(row) for row in rows]

    def import_lines(self, path: Path) -> int:
        """Add the answers that `export` gave, in place of those that are there; return how many there were."""
        rows = [_imported(path, number, line) for number, line in read_lines(path)]
        with self._lock:
            self._write(rows)
        return len(rows)

    def prune(self, *, before: datetime | None = None, model: str | None = None) -> int:
        """Delete the answers older than a moment, or of one model, or both; return how many there were."""
        self.flush()
        at = None if before is None else before.astimezone(UTC).isoformat(timespec="seconds")
        with self._lock:
            return self._database.run(lambda db: _prune(db, at, model))

    def _write(self, rows: list[_Row]) -> None:
        def insert(db: sqlite3.Connection) -> None:
            with db:
                db.executemany(_INSERT, rows)

        self._database.run(insert)


def _prune(db: sqlite3.Connection, at: str | None, model: str | None) -> int:
    with db:
        gone = db.execute(_DELETE, (at, at, model, model)).rowcount
    db.execute("VACUUM")
    return gone


def _row(question: Question, at: str, answer: Mapping[str, Any]) -> _Row:
    kept = {name: answer[name] for name in _KEPT if answer.get(name) is not None}
    text = json.dumps(kept, separators=(",", ":"))
    return question.key(), question.base_url, question.model, question.prompt, question.repeat, at, text


def _answer(text: str) -> Answer:
    kept = json.loads(text)
    return Answer(**{**kept, "usage": Usage(**kept["usage"])}, stored=True)


def _line(row: tuple[str, str, str, int, str, str]) -> str:
    base_url, model, prompt, repeat, at, answer = row
    where = {"v": FORMAT_VERSION, "base_url": base_url, "model": model, "prompt": prompt, "repeat": repeat, "at": at}
    return json.dumps({**where, **json.loads(answer)}, separators=(",", ":"))


def _imported(path: Path, number: int, line: Any) -> _Row:
    """Return the row of an exported line; raise `DataError` for any other."""
    try:
        if line["v"] != FORMAT_VERSION:
            raise DataError(path, f"format {line['v']!r} is not known to this version of pytest-distil", line=number)
        question = Question(line["base_url"], line["model"], line["prompt"], line["repeat"])
        row = _row(question, line["at"], line)
        _answer(row[-1])
    except (TypeError, KeyError) as error:
        raise DataError(path, f"not an exported answer: {error!r}", line=number) from error
    if [str, str, str, str, int, str, str] != [type(value) for value in row]:
        raise DataError(path, "not an exported answer: a value is of another type", line=number)
    return row
