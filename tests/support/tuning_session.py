"""A collected session without a run: calls of a task that sorts e-mails, and files as `collect` writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from pytest_distil.core.brief import Brief
from pytest_distil.core.settings import Settings
from pytest_distil.run.facts import Facts
from pytest_distil.run.stock import Stock
from pytest_distil.store.home import Home
from support.briefs import brief_of

TOPICS = ("billing", "bug", "other")


class Ticket(TypedDict):
    """What the task returns."""

    topic: Literal["billing", "bug", "other"]
    urgent: bool


def triage(**changes: Any) -> Brief:
    """Return the brief of the task."""
    return replace(brief_of(Ticket), **changes)


def arguments(number: int) -> dict[str, Any]:
    """Return the arguments of a call."""
    return {"email": f"Mail number {number} about {TOPICS[number % 3]}, café included", "urgent": number % 2 == 0}


def result(number: int) -> dict[str, Any]:
    """Return the result of a call."""
    return {"topic": TOPICS[number % 3], "urgent": number % 2 == 0}


def make_session(
    root: Path,
    *,
    calls: int = 60,
    format_name: str | None = None,
    briefs: Sequence[Brief] | None = None,
    pinned: Sequence[int] = (),
) -> Path:
    """Write a session of `calls` calls of each brief into a home; those of `pinned` are held out by their test."""
    home = Home(root)
    stock = Stock(Facts.now(Settings(mode="collect", format=format_name)))
    for brief in briefs or [triage()]:
        stock.know(brief)
        for number in range(calls):
            stock.calls[brief.task] += 1
            stock.gathering.add(
                brief.task,
                json.dumps(arguments(number)),
                json.dumps(result(number)),
                tests=(f"test_mail.py::test_{number}",),
                held_out="pattern" if number in pinned else False,
            )
    folder = home.new_session()
    stock.write(folder, seconds=1.0, partial=False)
    home.set_latest(folder)
    return folder


def trained_file(folder: Path, part: str = "train") -> Path:
    """Return a file of the session's one dataset."""
    return folder / f"mail.triage.{part}.jsonl"
