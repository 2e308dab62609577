"""How far asking is, shown while tests wait for answers, on the side of the session."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from threading import Event, RLock, Thread
from typing import Any, TextIO

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.plugin.opening import Opening
from pytest_distil.reports.progress import Patience, Progress
from pytest_distil.run.asker.wire import Stats

_TICK = 0.25
_PATIENCE = 2.0
"""Seconds without a test's report, while answers are outstanding, after which a terminal shows a line."""


class ShowingProgress:
    """Watches for the moments in which nothing happens but asking."""

    _clock = staticmethod(time.monotonic)  # in a class, where freezegun does not find it

    def __init__(self, config: pytest.Config, settings: Settings, opening: Opening) -> None:
        self._concurrency = settings.concurrency
        self._opening = opening
        self._progress = Progress()
        self._screen = Screen(config)
        here = getattr(config.option, "dist", "no") == "no"
        self._shares_output = here and config.getoption("capture") in ("no", "tee-sys")
        """Whether tests print where the line would stand."""
        self._is_held = False
        """Whether others have the screen."""
        self._ended = Event()
        self._reported = 0.0
        self._patience = Patience()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Watch while tests run, and while the last answers are awaited."""
        self._reported = self._clock()
        if self._screen.is_there:
            Thread(target=self._watch, name="distil-progress", daemon=True).start()
        try:
            return (yield)
        finally:
            self._ended.set()
            self._screen.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """Leave the screen to the test, where it prints."""
        self._is_held = self._shares_output

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        """Know that something else happens."""
        self._reported = self._clock()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        """Take the screen back."""
        self._is_held = False

    def pytest_enter_pdb(self) -> None:
        """Leave the screen to the debugger."""
        self._is_held = True
        self._screen.clear()

    def pytest_leave_pdb(self) -> None:
        """Take the screen back."""
        self._reported = self._clock()
        self._is_held = self._shares_output

    def _watch(self) -> None:
        while not self._ended.wait(_TICK):
            quiet = self._clock() - self._reported
            client = self._opening.client
            if quiet < _PATIENCE:
                self._patience = Patience()
            elif client is not None and not self._is_held:
                self._look(client.stats().result(), quiet)

    def _look(self, stats: Stats, quiet: float) -> None:
        """Show where asking is, after so many seconds without a report."""
        answered, limit = stats.asked - stats.outstanding, stats.limit if stats.limit < self._concurrency else None
        told = self._progress.told(answered, stats.asked, now=self._clock(), failed=stats.failed, limit=limit)
        if not stats.outstanding:
            self._screen.clear()
        elif self._screen.is_live:
            self._screen.show(f"distil: {told}")
        elif self._patience.is_over(quiet):
            self._screen.say(f"distil: {told}")


class Screen:
    """Where pytest writes, reached beside its capturing; what stands there in between is gone before pytest goes on."""

    def __init__(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._writer: Any = config.get_terminal_writer()
        self._lock = RLock()
        self._shown = ""
        self._column = 0
        """Of pytest's line, above ours; 0 where ours is the only one."""
        self._file = _duplicate(self._writer) if reporter and config.get_verbosity() > -2 else None  # noqa: PLR2004
        own = type(reporter).__module__ == "_pytest.terminal"  # others move the cursor themselves
        self.is_live = bool(own and self._file and self._file.isatty() and os.environ.get("TERM") != "dumb")
        self._write = self._writer.write
        if self.is_live:
            vars(self._writer)["write"] = self._write_alone

    @property
    def is_there(self) -> bool:
        """Return whether anything can be shown."""
        return self._file is not None

    def show(self, text: str) -> None:
        """Write our line, or write it anew."""
        with self._lock:
            if self._file is None or text == self._shown:
                return
            if not self._shown:
                self._column = self._writer.width_of_current_line
            lead = "\n" if self._column and not self._shown else ""
            self._file.write(f"{lead}\r\x1b[K{text[: self._writer.fullwidth - 1]}")
            self._file.flush()
            self._shown = text

    def say(self, text: str) -> None:
        """Write a line that stays."""
        with self._lock:
            if self._file is not None:
                lead = "\n" if self._writer.width_of_current_line else ""
                self._file.write(f"{lead}{text}\n")
                self._file.flush()

    def clear(self) -> None:
        """Take our line away, and go back to where pytest's own one ends."""
        with self._lock:
            if self._file is not None and self._shown:
                back = f"\x1b[A\x1b[{self._column + 1}G" if self._column else ""
                self._file.write(f"\r\x1b[K{back}")
                self._file.flush()
                self._shown = ""

    def close(self) -> None:
        """Leave the screen to pytest."""
        with self._lock:
            self.clear()
            if vars(self._writer).get("write") == self._write_alone:
                del vars(self._writer)["write"]
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write_alone(self, *args: Any, **kwargs: Any) -> None:
        with self._lock:
            self.clear()
            self._write(*args, **kwargs)


def _duplicate(writer: Any) -> TextIO | None:
    """Return pytest's output as a file of our own: during a test, file descriptor 1 leads to what is captured."""
    try:
        descriptor = os.dup(writer._file.fileno())  # noqa: SLF001 - pytest has no public name for it
    except (AttributeError, OSError, ValueError):
        return None
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
