"""Collecting, the session's side: attempts become a session. Knows no pytest; also behind recover and merge."""

from __future__ import annotations

import platform
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import NOT_PASSED, Example, LeftOut
from pytest_distil.core.dataset import Gathering, Rules
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import Json
from pytest_distil.run.numbers import Numbers
from pytest_distil.formats.lines import training_line
from pytest_distil.store.home import Home
from pytest_distil.store.journal import Journal, read_journal
from pytest_distil.store.session import SessionWriter, write_manifest

DEFAULT_FORMAT = "json_schema"

_PACKAGES = ("pytest-distil", "pytest", "pydantic")


class Collection:
    """Takes what the attempts of a run have to say, and writes the session."""

    def __init__(self, settings: Settings, home: Home, *, started: datetime | None = None) -> None:
        self._settings = settings
        self._home = home
        self._started = started or datetime.now(UTC)
        self._clock = time.monotonic()
        self._journal: Journal | None = None
        self._folder: Path | None = None
        self._pending: dict[str, Mapping[str, Any]] = {}
        self._briefs: dict[str, Brief] = {}
        self._gathering = Gathering(rules(settings))
        self._calls: Counter[str] = Counter()
        self._tests: Counter[str] = Counter()
        self.left_out: Counter[LeftOut] = Counter()
        """Times of each call that was left out, as far as they are told apart."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Keep what one attempt has to say: a payload of the recorder, with `worker` and `vouched`.

        A later attempt of the same test on the same worker takes the place of the one before it.
        """
        if self._journal is None:
            self._folder = self._home.new_session()
            self._journal = Journal(self._folder, self._head())
        self._journal.append(event)
        self._replay(event)

    def finish(self, *, partial: bool) -> tuple[Path, Manifest] | None:
        """Write the session and return its folder and manifest; None where no attempt had anything to say."""
        if self._folder is None:
            return None
        manifest = self._write(self._folder, partial=partial)
        if self._journal:
            self._journal.close(remove=True)
        if not partial:
            self._home.set_latest(self._folder)
        return self._folder, manifest

    @classmethod
    def recover(cls, folder: Path, home: Home) -> tuple[Path, Manifest]:
        """Make a session of the journal that a killed run left behind; raise `DataError` where there is none."""
        head, events = read_journal(folder)
        started = datetime.fromisoformat(head["started"])
        collection = cls(Settings.from_json(head["settings"]), home, started=started)
        for event in events:
            collection._replay(event)
        manifest = collection._write(folder, partial=True, recovered=True)
        (folder / "journal.jsonl").unlink()
        return folder, manifest

    def _head(self) -> dict[str, Json]:
        """Return what a journal needs to become a session without its run."""
        return {"started": self._started.isoformat(timespec="seconds"), "settings": self._settings.to_json()}

    def _replay(self, event: Mapping[str, Any]) -> None:
        """Take an event, from the run or from a journal."""
        for brief in event["briefs"]:
            self._briefs[brief["task"]] = Brief.from_json(brief)
        before = self._pending.get(event["worker"])
        self._pending[event["worker"]] = event
        if before is not None:
            self._settle(before, superseded=before["test"] == event["test"])

    def _settle(self, event: Mapping[str, Any], *, superseded: bool = False) -> None:
        """Gather an attempt that no later one can take the place of."""
        vouched = event["vouched"] and not superseded
        if not superseded:
            self._tests["passed" if vouched else "not_passed"] += 1
        for task, arguments, result, times in event["rows"]:
            if vouched:
                brief = self._briefs[task]
                self._calls[task] += times
                self._gathering.add(brief, arguments, result, test=event["test"], held_out=event["held_out"])
            else:
                self.left_out[LeftOut(NOT_PASSED, task, "", event["test"])] += times
        for one, times in event["left_out"]:
            self.left_out[LeftOut(**one)] += times

    def _write(self, folder: Path, *, partial: bool, recovered: bool = False) -> Manifest:
        """Write a session's files."""
        for event in self._pending.values():
            self._settle(event)
        self._pending.clear()
        writer = SessionWriter(folder)
        numbers = {task: Numbers(brief, self.format_of(brief)) for task, brief in self._briefs.items()}
        for one in self._gathering.examples():
            if isinstance(one, LeftOut):
                self.left_out[one] += 1
            else:
                self._write_example(writer, one, numbers[one.task])
        manifest = Manifest(
            id=folder.name,
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            versions={"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
            commit=_commit(),
            settings=self._settings.to_json(),
            partial=partial,
            recovered=recovered,
            tests={"passed": self._tests["passed"], "not_passed": self._tests["not_passed"]},
            left_out=self._left_out_by_reason(),
            left_out_examples={one.reason: _words(one) for one in sorted(self.left_out, reverse=True)},
            tasks=tuple(numbers[task].counted(self._calls[task]) for task in sorted(numbers)),
            files=writer.close(),
        )
        write_manifest(folder, manifest)
        return manifest

    def _left_out_by_reason(self) -> dict[str, int]:
        """Return how many calls each reason left out."""
        counts: Counter[str] = Counter()
        for one, times in sorted(self.left_out.items()):
            counts[one.reason] += times
        return dict(counts)

    def _write_example(self, writer: SessionWriter, example: Example, numbers: Numbers) -> None:
        """Write an example, and its line in the file of its side."""
        brief = self._briefs[example.task]
        part = numbers.add(example, rules(self._settings))
        line = training_line(self.format_of(brief), brief, example.arguments, example.result)
        writer.example(example)
        writer.line(example.dataset, part, line)

    def format_of(self, brief: Brief) -> str:
        """Return the conversation shape of a task's lines: the option outranks the task, the task the default."""
        return self._settings.format or brief.format or DEFAULT_FORMAT


def rules(settings: Settings) -> Rules:
    """Return how calls are split and conflicts settled."""
    return Rules(settings.holdout, settings.holdout_by, settings.validation, settings.conflicts)


def _words(one: LeftOut) -> str:
    """Describe a left-out call in a line."""
    where = f" in {one.test}" if one.test else ""
    return f"{one.task}{where}" + (f": {one.detail}" if one.detail else "")


def _commit() -> str | None:
    """Return the commit of the working directory's repository, where it is in one."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,  # noqa: S607
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
