"""What is done between collection and the first request of an evaluating run: the asker is told what to ask."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DistilError
from pytest_distil.plugin import rows
from pytest_distil.plugin.showing import show
from pytest_distil.reports.layout import Line
from pytest_distil.reports.words import visible
from pytest_distil.run.announce import announcement, out_of_reach
from pytest_distil.run.asker.client import AskerClient, connect
from pytest_distil.run.asker.process import AskerProcess
from pytest_distil.run.asker.wire import AskerSettings
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.wanted import asker_settings
from pytest_distil.store.home import Home

_DIED = "the process that asks models has ended by itself; its last output:"


class Opening:
    """Says where how much goes, then opens the asker; what was asked before that has waited for it."""

    def __init__(
        self, config: pytest.Config, settings: Settings, *, home: Home, recorded: Recorded | None, asker: AskerProcess
    ) -> None:
        self._config = config
        self._settings = settings
        self._home = home
        self._recorded = recorded
        self._asker = asker
        self.client: AskerClient | None = None
        self._messages: list[str] = []
        """What the asker has to say to the user, at the end."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """With xdist, find out before any worker starts that a model cannot be asked."""
        if getattr(self._config.option, "dist", "no") != "no":
            self._wanted()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open, once the suite's own code has run: a conftest may have loaded the key; pytest's line comes first."""
        self._open([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """With xdist, open when the first worker knows its tests."""
        self._open([rows.plain(name, self._config) for name in ids])

    def stop(self, reason: str) -> None:
        """Ask nothing more: the run ends before its end."""
        if self.client:
            self.client.stop(reason)

    def close(self) -> None:
        """Let go of the asker, after it has said what the user must know."""
        if self.client:
            stats = self.client.stats().result()
            self._messages += stats.messages
            self.client.close()
        if self._asker.died():
            self._messages.append(f"{_DIED}\n{self._asker.log()}")
        self._asker.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, object, object]:
        """Say what happened to the asker and to its store."""
        result = yield
        lines = [line for message in self._messages for line in message.splitlines()]
        if lines:
            show(terminalreporter, "distil: asking", [Line(visible(line)) for line in lines])
        return result

    def _open(self, tests: Sequence[str]) -> None:
        if self.client or not tests:
            return
        wanted = self._wanted()
        try:
            client = connect(self._asker.address)
        except DistilError as error:
            raise pytest.UsageError(str(error)) from error
        say(self._config, announcement(self._settings, wanted, self._recorded, tests))
        say(self._config, out_of_reach(self._settings, self._recorded, tests))
        client.configure(wanted)
        self.client = client

    def _wanted(self) -> AskerSettings:
        """Return what the asker is told; a usage error where a model cannot be asked, or nothing can be kept."""
        try:
            return asker_settings(self._settings, self._home, self._recorded, os.environ)
        except DistilError as error:
            raise pytest.UsageError(str(error)) from error
        except OSError as error:
            message = f"--distil-dir: cannot write to {str(self._home.root)!r}: {error.strerror or error}"
            raise pytest.UsageError(message) from error


def say(config: pytest.Config, line: str | None) -> None:
    """Print a line where pytest prints."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if line and terminal and config.get_verbosity() > -2:  # noqa: PLR2004 - `-qq`
        terminal.ensure_newline()
        if config.get_terminal_writer().width_of_current_line:  # xdist's line about workers, on a terminal
            terminal.write_line("")
        terminal.write_line(line)
