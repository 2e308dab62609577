"""What is under way: on a terminal one line that is written over, elsewhere a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from pytest_distil.reports.progress import Patience

_BAR = 20
"""Characters of a bar."""

MB = 1_000_000


class Line:
    """One line of a terminal that is written over; where there is no terminal, a line of its own now and then."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.live = self._stream.isatty()
        self._shown = ""
        self._began, self._patience = time.monotonic(), Patience()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Write the line anew, cut to the terminal's width; without a terminal, where one is due."""
        if not self.live:
            if self._patience.is_over(time.monotonic() - self._began):
                print(text, file=self._stream, flush=True)
            return
        if text == self._shown:
            return
        width = shutil.get_terminal_size((80, 24)).columns - 1
        self._stream.write(f"\r\x1b[K{text[:width]}")
        self._stream.flush()
        self._shown = text

    def clear(self) -> None:
        """Take the line away, for what is printed next."""
        if self.live and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = ""


class UploadBar:
    """Shows how much of a file was sent."""

    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        self._name = name

    def __call__(self, done: int, whole: int) -> None:
        """Show that `done` of `whole` bytes were sent."""
        self._line.show(f"{self._name} {bar(done, whole)} of {size(whole)}")


def bar(done: int, whole: int) -> str:
    """Draw how much is done: `[#####...............]  25%`."""
    share = done / whole if whole else 1.0
    filled = round(share * _BAR)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%}"


def size(count: int) -> str:
    """Write a number of bytes: `63.7 kB`, `1.2 MB`."""
    return f"{count / MB:,.1f} MB" if count >= MB else f"{count / 1000:,.1f} kB"
