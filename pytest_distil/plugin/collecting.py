"""`--distil-collect`: both sides of a collecting run."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.plugin import rows
from pytest_distil.plugin.items import Attempts
from pytest_distil.plugin.selection import is_partial
from pytest_distil.plugin.vouch import Vouching
from pytest_distil.run.collection import Collection
from pytest_distil.run.recorder import Recorder
from pytest_distil.store.home import Home


class CollectingTests(Attempts):
    """The side of the tests: in the process that runs them, a worker's or the only one."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config, Recorder())


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
