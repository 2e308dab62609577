"""Collecting, the session's side: attempts become a session. Knows no pytest; also behind recover."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import NOT_PASSED, HeldOut, LeftOut
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DataError
from pytest_distil.run.facts import Facts
from pytest_distil.run.review import Review
from pytest_distil.run.stock import Stock
from pytest_distil.store.home import JOURNAL, Home
from pytest_distil.store.journal import Journal, is_live, read_journal


class Collection:
    """Takes what the attempts of a run have to say, and writes the session."""

    def __init__(self, settings: Settings, home: Home, *, review: Review | None = None) -> None:
        self._settings = settings
        self._home = home
        self._review = review
        self._attempts: _Attempts | None = None
        self._journal: Journal | None = None
        self._clock = time.monotonic()

    @property
    def left_out(self) -> Counter[LeftOut]:
        """Times of each call that was left out, as far as they are told apart."""
        return self._attempts.stock.left_out if self._attempts else Counter()

    def start(self) -> None:
        """Make the session's folder and its journal; raise `OSError` where that cannot be."""
        facts = Facts.now(self._settings)
        self._attempts = _Attempts(Stock(facts))
        self._journal = Journal(self._home.new_session(), facts.to_json())

    def take(self, event: Mapping[str, Any]) -> None:
        """Keep what one attempt has to say: a payload of the recorder, with `worker` and `vouched`.

        A later attempt of the same test on the same worker takes the place of the one before it.
        """
        if self._attempts is None or self._journal is None:
            raise RuntimeError("a collection takes nothing before it is started")
        if self._review:  # before the journal, so that `recover` needs nobody to ask
            event = self._review.reviewed(event)
        self._journal.append(event)
        self._attempts.take(event)

    def finish(self, *, partial: bool) -> tuple[Path, Manifest] | None:
        """Write the session and return its folder and manifest; None where no attempt had anything to say."""
        if self._attempts is None or self._journal is None:
            return None
        folder = self._journal.path.parent
        if self._attempts.is_empty:
            self._journal.close(remove=False)
            _remove(self._journal.path)
            return None
        manifest = self._attempts.settled().write(folder, seconds=time.monotonic() - self._clock, partial=partial)
        self._journal.close(remove=True)
        if manifest.examples and not partial:
            self._home.set_latest(folder)
        return folder, manifest


def recover(folder: Path) -> Manifest | None:
    """Make a session of the journal that a killed run left behind; return its manifest.

    None where no test had ended; the folder is then removed. Raises `DataError` where there is no journal, and
    while its run is still going on.
    """
    if is_live(folder):
        raise DataError(folder, "its run is still going on; wait for its end")
    path = folder / JOURNAL
    if path.exists() and not path.stat().st_size:  # killed between opening it and writing its head
        _remove(path)
        return None
    head, events = read_journal(folder)
    facts = Facts.from_json(head, path=path)
    attempts = _Attempts(Stock(facts))
    for event in events:
        attempts.take(event)
    if attempts.is_empty:
        _remove(path)
        return None
    # The journal was last written when the last test had ended.
    seconds = path.stat().st_mtime - datetime.fromisoformat(facts.started).timestamp()
    manifest = attempts.settled().write(folder, seconds=max(seconds, 0.0), partial=True, recovered=True)
    path.unlink()
    return manifest


def _remove(journal: Path) -> None:
    """Remove a session that holds nothing."""
    journal.unlink()
    journal.parent.rmdir()


class _Attempts:
    """Puts attempts into a stock, once it is known that no later one takes their place."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self._pending: dict[str, Mapping[str, Any]] = {}
        """The last attempt of each worker."""
        self.is_empty = True

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event, from the run or from a journal."""
        self.is_empty = False
        for brief in event["briefs"]:
            self.stock.know(Brief.from_json(brief))
        before = self._pending.get(event["worker"])
        self._pending[event["worker"]] = event
        if before is not None:
            self._settle(before, superseded=before["test"] == event["test"])

    def settled(self) -> Stock:
        """Return the stock with the attempts that were still pending."""
        while self._pending:
            self._settle(self._pending.popitem()[1], superseded=False)
        return self.stock

    def _settle(self, event: Mapping[str, Any], *, superseded: bool) -> None:
        """Put an attempt into the stock."""
        stock, test = self.stock, event["test"]
        vouched = event["vouched"] and not superseded
        if not superseded:
            stock.tests["passed" if vouched else "not_passed"] += 1
        if vouched and event["rows"]:
            stock.know_mocks(test, event.get("mocks", ()))
        for task, arguments, result, times in event["rows"]:
            if vouched:
                held_out: HeldOut = "pattern" if event["held_out"] else False
                stock.calls[task] += times
                stock.gathering.add(task, arguments, result, tests=(test,), held_out=held_out)
            else:
                stock.left_out[LeftOut(NOT_PASSED, task, "", test)] += times
        for one, times in event["left_out"]:
            stock.left_out[LeftOut(**one)] += times
