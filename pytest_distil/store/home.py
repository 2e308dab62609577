"""The layout of `.distil/`; the only file that knows it."""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

_README = """\
Written by pytest-distil.

sessions/   one folder a collecting run: calls.jsonl is the source, <dataset>.train.jsonl is ready to upload
reports/    one file an evaluation
answers.sqlite   answers of models, so that nothing is asked twice
models/     models that were trained here
bases/      base models, as files that they are trained from
models.json   what each trained model was trained on
latest      the newest finished session

Everything here can be made again, but answers cost money. It is ignored by git; copy what you want to keep.
"""

Part = str
"""`train`, `validation` or `held_out`."""


class Home:
    """The folder that everything is kept in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sessions = root / "sessions"
        self.answers = root / "answers.sqlite"
        self.reports = root / "reports"
        self.cards = root / "models.json"
        self.models = root / "models"
        self.bases = root / "bases"
        self._latest = root / "latest"

    def make(self) -> None:
        """Create the folder, with what keeps it out of a repository."""
        self.root.mkdir(parents=True, exist_ok=True)
        for name, text in ((".gitignore", "*\n"), ("README", _README)):
            if not (self.root / name).exists():
                (self.root / name).write_text(text, encoding="utf-8")

    def new_session(self) -> Path:
        """Return the folder of a session that starts now; nobody else gets the same."""
        self.make()
        path = self.sessions / f"{_now()}-{secrets.token_hex(3)}"
        path.mkdir(parents=True)
        return path

    def new_report(self, model: str) -> Path:
        """Return where the report of an evaluation that ends now is kept."""
        return self.reports / f"{_now()}-{file_name(model)}-{secrets.token_hex(2)}.json"

    def finished_sessions(self) -> list[Path]:
        """Return the sessions that ended, oldest first."""
        return sorted(path.parent for path in self.sessions.glob("*/session.json"))

    def torn_sessions(self) -> list[Path]:
        """Return the sessions whose run was killed, oldest first."""
        return sorted(p.parent for p in self.sessions.glob("*/journal.jsonl") if not (p.parent / MANIFEST).exists())

    def set_latest(self, session: Path) -> None:
        """Remember the newest finished session."""
        half = self._latest.with_name(f".latest.{secrets.token_hex(4)}")
        half.write_text(f"{session.name}\n", encoding="utf-8")
        half.replace(self._latest)

    def latest(self) -> Path | None:
        """Return the session that `latest` names, where it is still there."""
        try:
            name = self._latest.read_text(encoding="utf-8").strip()
        except OSError:
            return None
        path = self.sessions / name
        return path if name and (path / MANIFEST).exists() else None


_MOST_BYTES = 100
"""Of a file's name, before what is appended to it; file systems take 255."""

MANIFEST = "session.json"
CALLS = "calls.jsonl"
CAPPED = "capped.jsonl"
CONFLICTS = "conflicts.jsonl"
JOURNAL = "journal.jsonl"


@functools.lru_cache(maxsize=4096)
def dataset_file(dataset: str, part: Part) -> str:
    """Return the name of a dataset's file in a session's folder; no two datasets have the same."""
    name = file_name(dataset)
    if name != dataset:
        name += f"-{hashlib.sha256(dataset.encode()).hexdigest()[:6]}"
    return f"{name}.{part}.jsonl"


def file_name(text: str) -> str:
    """Return text as a file's name on every system: what is not a letter, digit, `.`, `_` or `-` becomes `-`."""
    name = re.sub(r"[^\w.-]+", "-", text).strip("-.")
    return name.encode()[:_MOST_BYTES].decode(errors="ignore") or "unnamed"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
