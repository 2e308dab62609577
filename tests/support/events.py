"""What attempts of a suite without a suite have to say: events as a run makes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.settings import Settings
from pytest_distil.run.collection import Collection
from pytest_distil.store.home import Home
from support.briefs import brief_of

TRIAGE = brief_of(str, parameters=("email", "urgent"), defaults={"urgent": False})
"""`triage(email: str, urgent: bool = False) -> str`"""


def row(result: Any = "spam", *, times: int = 1, task: str = TRIAGE.task, **arguments: Any) -> list[Any]:
    """Return a row: a call, what it gave, and how often."""
    return [task, json.dumps({"email": "hi", **arguments}), json.dumps(result), times]


def event(test: str, *rows: list[Any], vouched: bool = True, briefs: Iterable[Brief] = (TRIAGE,), **more: Any) -> Any:
    """Return what an attempt says that made these calls."""
    return {
        "test": test,
        "held_out": False,
        "briefs": [brief.to_json() for brief in briefs],
        "rows": list(rows),
        "left_out": [],
        "worker": "",
        "vouched": vouched,
        **more,
    }


def session_of(folder: Path, events: Iterable[Any], settings: Settings | None = None, *, partial: bool = False) -> Path:
    """Return the folder of the session that these events make; it is in the home `folder`."""
    collection = Collection(settings or Settings(), Home(folder))
    collection.start()
    for one in events:
        collection.take(one)
    written = collection.finish(partial=partial)
    assert written is not None
    return written[0]


def files_of(session: Path) -> dict[str, bytes]:
    """Return every file of a session that is the same for the same calls."""
    return {path.name: path.read_bytes() for path in session.iterdir() if path.name != "session.json"}
