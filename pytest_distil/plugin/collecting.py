"""`--distil-collect`: both sides of a collecting run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.call import MARKED, TEARDOWN, WIDE_FIXTURE
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.mark import tap
from pytest_distil.plugin import rows
from pytest_distil.plugin.marker import TestMarks, marks_of
from pytest_distil.plugin.selection import is_partial
from pytest_distil.plugin.vouch import Vouching
from pytest_distil.run.collection import Collection
from pytest_distil.run.recorder import Attempt, Recorder
from pytest_distil.store.home import Home


class CollectingTests:
    """The side of the tests: in the process that runs them, a worker's or the only one."""

    def __init__(self, config: pytest.Config) -> None:
        self._recorder = Recorder()
        installed = ExitStack()
        installed.enter_context(tap.install(self._recorder))
        config.add_cleanup(installed.close)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse unknown keywords of the marker before any test runs."""
        for item in items:
            marks_of(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Start an attempt."""
        marks = marks_of(item)
        self._recorder.attempt = Attempt(item.nodeid, held_out=marks.held_out, barred=_barred(marks))
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Leave out what fixtures call that outlive the test: no one test vouches for it."""
        attempt = self._recorder.attempt
        if attempt is None or attempt.barred or fixturedef.scope == "function":
            return (yield)
        attempt.barred = WIDE_FIXTURE
        try:
            return (yield)
        finally:
            attempt.barred = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None]:
        """Leave out what is called after the test's own assertions."""
        attempt = self._recorder.attempt
        if attempt is not None and attempt.barred is None:
            attempt.barred = TEARDOWN
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """End the attempt with its last report, and send what it has to say on it."""
        report = yield
        attempt = self._recorder.attempt
        if call.when == "teardown" and attempt is not None:
            self._recorder.attempt = None
            rows.hang(report, self._recorder.payload(attempt))
        return report


class CollectingSession:
    """The side of the session: without xdist the same process, with it the controller."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self._collection = Collection(settings, Home(root))
        self._vouching = Vouching()
        self._written: tuple[Path, Manifest] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test's last report brings."""
        worker = rows.worker(report)
        vouched = self._vouching.watch(worker, report)
        payload = rows.take(report)
        if payload is not None:
            self._collection.take({**payload, "worker": worker, "vouched": vouched})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Write the session."""
        if not session.config.option.collectonly:
            partial = exitstatus == pytest.ExitCode.INTERRUPTED or is_partial(session)
            self._written = self._collection.finish(partial=partial)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Say what was collected, below everything else."""
        yield
        print(self._written)


def _barred(marks: TestMarks) -> str | None:
    return None if marks.collect else MARKED
