"""The thread that hands lines to log handlers, so that no caller waits for a disk or a network."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue

from pytest_distil.mark import tap

Job = Callable[[], None]
"""Writes one line; raises nothing."""

_MOST_WAITING = 100_000
"""Lines; handlers that are slower than the calls for so long would fill the memory."""

_SECONDS_AT_EXIT = 10.0
"""How long the end of a process waits for handlers."""


class Writer:
    """One queue and one thread for a process; a forked child starts with its own, empty."""

    def __init__(self) -> None:
        self._start_again()

    def _start_again(self) -> None:
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, job: Job) -> bool:
        """Have a line written soon, in the order of the calls; return False where too many wait already."""
        if self._thread is None:
            self._start()
        if self._jobs.qsize() >= _MOST_WAITING:
            return False
        self._jobs.put(job)
        return True

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all that was put is written, for some seconds or for as long as it takes; tell whether it is."""
        if self._thread is None:
            return True
        written = threading.Event()
        self._jobs.put(written.set)
        return written.wait(seconds)

    def waiting(self) -> int:
        """Return how many lines are not written yet."""
        return self._jobs.qsize()

    def forked(self) -> None:
        """Forget what the parent process is going to write itself."""
        self._start_again()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="distil-log", daemon=True)
                self._thread.start()
                _flush_in_children_of_multiprocessing()

    def _write(self) -> None:
        tap.unobserved.set(True)  # a handler may call marked functions
        while True:
            self._jobs.get()()


WRITER = Writer()


def at_exit() -> None:
    """Write what is left, and say where a handler is too slow for that."""
    if not WRITER.flush(_SECONDS_AT_EXIT):
        logging.getLogger("pytest_distil").warning(
            "%d calls are not logged: their handlers took more than %g s at exit", WRITER.waiting(), _SECONDS_AT_EXIT
        )


def _flush_in_children_of_multiprocessing() -> None:
    """Write what is left in processes that end without `atexit`."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, at_exit, exitpriority=0)


atexit.register(at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WRITER.forked)
