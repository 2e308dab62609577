"""`--distil-collect`: both sides of a collecting run."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_distil.core.call import FAULTY
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.plugin import rows
from pytest_distil.plugin.hooks import reviewer
from pytest_distil.plugin.items import Attempts
from pytest_distil.plugin.selection import is_partial
from pytest_distil.plugin.showing import show, shown
from pytest_distil.plugin.vouch import Vouching
from pytest_distil.reports import collected
from pytest_distil.reports.layout import Line
from pytest_distil.run.collection import Collection
from pytest_distil.run.recorder import Recorder
from pytest_distil.run.review import Review
from pytest_distil.store.home import Home

_FLAG = "--distil-collect"
_NEXT = "--distil-eval=memory:nearest"


class CollectingTests(Attempts):
    """The side of the tests: in the process that runs them, a worker's or the only one."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        super().__init__(config, Recorder(settings.redact), exclude=settings.exclude_fixtures)


class CollectingSession:
    """The side of the session: without xdist the same process, with it the controller."""

    def __init__(self, config: pytest.Config, settings: Settings, root: Path) -> None:
        self._root = root
        review = reviewer(config)
        self._collection = Collection(settings, Home(root), review=Review(review) if review else None)
        self._vouching = Vouching()
        self._ended = 0
        """Attempts that ended, whether or not they had anything to say."""
        self._written: tuple[Path, Manifest] | None = None
        self._failure: OSError | None = None
        self._is_silent = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Open the journal before a test can change what files, clocks and processes are."""
        if not session.config.option.collectonly:
            try:
                self._collection.start()
            except OSError as error:
                message = f"--distil-dir: cannot write to {str(self._root)!r}: {error.strerror or error}"
                raise pytest.UsageError(message) from error
            self._is_silent = False
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test's last report brings."""
        vouched = self._vouching.watch(rows.worker(report), report)
        self._ended += report.when == "teardown"
        for event in rows.take(report, vouched=vouched):
            self._collection.take(event)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Write the session; a run whose calls are not kept has not done what it was asked for."""
        partial = exitstatus == pytest.ExitCode.INTERRUPTED or is_partial(session)
        try:
            self._written = self._collection.finish(partial=partial)
        except OSError as error:
            self._failure = error
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if self._written and FAULTY in self._written[1].left_out:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, object, object]:
        """Say what was collected, below everything else."""
        result = yield
        if not self._is_silent:
            verbosity = config.get_verbosity()
            lines = self._lines(config, width=config.get_terminal_writer().fullwidth, verbosity=verbosity)
            show(terminalreporter, "distil: collected", lines)
        return result

    def _lines(self, config: pytest.Config, *, width: int, verbosity: int) -> list[Line]:
        """Return the summary."""
        if self._failure is not None:
            return collected.not_written(str(self._failure), str(self._root), width=width)
        if self._written is None:
            return collected.nothing(self._ended, width=width)
        folder, manifest = self._written
        return collected.collected(
            manifest,
            shown(folder, config),
            width=width,
            verbosity=verbosity,
            left_out=sorted(self._collection.left_out.items()),
            command=_next_command(config),
        )


def _next_command(config: pytest.Config) -> str:
    """Return the command line that evaluates the same tests."""
    args = [str(arg) for arg in config.invocation_params.args]
    added = [] if _FLAG in args else [_NEXT]  # where the ini file says that every run collects
    return shlex.join(["pytest", *(_NEXT if arg == _FLAG else arg for arg in args), *added])
