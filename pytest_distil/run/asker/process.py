"""Starting and ending the asker: a process of its own, which sees nothing of what tests do to theirs."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from pytest_distil.core.text import Json
from pytest_distil.mark.errors import ModelError
from pytest_distil.run.asker.wire import Address

_BOOT = "import sys; sys.path.append(sys.argv[1]); from pytest_distil.run.asker.server import main; main()"
"""Like `-m`, but the package is also found where only the parent's path has it, behind everything else."""

_ROOT = str(Path(__file__).resolve().parents[3])

_LONGEST_PATH = 90
"""A socket's path may have 103 bytes (macOS) or 107 (Linux); the socket's own name is part of them."""

_SECONDS_TO_END = 10.0
_LINES_OF_LOG = 20

STEERING = ("COV_", "COVERAGE_", "PYTEST_")
"""Variables that are for the process that runs tests."""

_FOREIGN = (*STEERING, "OPENAI_", "DISTIL_")
"""Variables that would turn the asker into something else; keys and URLs come by message."""
_OURS = ("DISTIL_THREADS",)
_FOREIGN_NAMES = ("PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONPROFILEIMPORTTIME")


class AskerProcess:
    """A running asker, held by the process that started it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, log: Path, authkey: bytes) -> None:
        self._process = process
        self._pipes = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        self._folder = folder
        self._log = log
        self._authkey = authkey
        self._address: str | None = None

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Return what `connect` takes, here or in a worker; wait until the asker listens (a tenth of a second)."""
        if self._address is None:
            place = self._pipes[1].readline().decode().strip()
            if not place:
                raise ModelError(f"the process that asks models did not start; its output:\n{self.log()}")
            self._address = Address(place, self._authkey).to_text()
        return self._address

    def tell(self, first: Mapping[str, Json]) -> None:
        """Send the one line that the asker reads on its standard input."""
        with suppress(BrokenPipeError):  # it is dead already, which `address` will tell
            self._pipes[0].write(json.dumps(first).encode() + b"\n")
            self._pipes[0].flush()

    def log(self) -> str:
        """Return the last lines that the asker has written, empty where there are none."""
        try:
            text = self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-_LINES_OF_LOG:])

    def died(self) -> bool:
        """Tell whether the asker has ended by itself."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the asker, after it has written what arrived."""
        for pipe in self._pipes:
            with suppress(BrokenPipeError):
                pipe.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def start(*, concurrency: int | None = 32) -> AskerProcess:
    """Start an asker and return at once; it imports the SDK (a second of work) before anything is asked.

    `concurrency` tells which transport; None: the model needs no server, and nothing is imported.
    """
    authkey = secrets.token_bytes(16)
    folder = _short_folder()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own code, with our own interpreter
            [sys.executable, "-P", "-c", _BOOT, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            env=_environment(os.environ),
        )
    asker = AskerProcess(process, folder, log, authkey)
    unix = hasattr(socket, "AF_UNIX")
    asker.tell({"folder": str(folder), "unix": unix, "authkey": authkey.hex(), "concurrency": concurrency})
    return asker


def _short_folder() -> Path:
    """Make a folder of our own whose path leaves room for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="distil-"))
    if len(os.fsencode(folder)) <= _LONGEST_PATH or not Path("/tmp").is_dir():  # noqa: S108 - mkdtemp makes it ours
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="distil-", dir="/tmp"))


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the asker inherits: proxies and certificates, not what steers tests."""
    return {
        name: value
        for name, value in variables.items()
        if name in _OURS or (not name.startswith(_FOREIGN) and name not in _FOREIGN_NAMES)
    }
