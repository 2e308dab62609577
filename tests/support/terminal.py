"""A terminal that a command under test believes in: what was written to it, and what can be seen at the end."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

_ROWS = 200
_CODE = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)")
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command has written."""

    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """What can be seen at the end, as rows of the screen."""
        return rendered(self.raw)


def on_terminal(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    columns: int = 100,
    interrupt: Callable[[str], bool] = lambda _: False,
) -> Shown:
    """Run a command on a terminal of its own; Ctrl-C comes once, as soon as what was written says so."""
    here, there = pty.openpty()
    ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    process = subprocess.Popen(
        command, cwd=cwd, env={**env, "TERM": "xterm"}, stdin=there, stdout=there, stderr=there, start_new_session=True
    )
    os.close(there)
    raw, is_typed, given_up = b"", False, time.monotonic() + _SECONDS
    try:
        while (part := _read(here, given_up)) is not None:
            raw += part
            if not is_typed and interrupt(raw.decode(errors="replace")):
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all in the foreground
                is_typed = True
        return Shown(process.wait(), raw.decode())
    finally:
        process.kill()
        process.wait()
        os.close(here)


def rendered(raw: str) -> list[str]:
    """Return the rows that a terminal shows after what was written to it."""
    rows: list[list[str]] = [[]]
    row = column = 0
    for number, code, control, text in _CODE.findall(raw):
        if code == "A":
            row -= int(number or 1)
        elif code == "G":
            column = int(number or 1) - 1
        elif code == "K":
            del rows[row][column:]
        elif control == "\r":
            column = 0
        elif control == "\n":
            row += 1
            rows += [[] for _ in range(row + 1 - len(rows))]
        for one in text:
            rows[row] += [" "] * (column + 1 - len(rows[row]))
            rows[row][column] = one
            column += 1
    return ["".join(cells).rstrip() for cells in rows]


def _read(descriptor: int, given_up: float) -> bytes | None:
    """Return what was written since the last time; None at the end."""
    assert time.monotonic() < given_up, "the command hangs"
    ready, _, _ = select.select([descriptor], [], [], 0.1)
    if not ready:
        return b""
    try:
        return os.read(descriptor, 65536) or None
    except OSError:  # Linux says so where nobody writes any more
        return None
