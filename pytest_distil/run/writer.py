"""Threads that do what no caller should wait for, in the order in which it was put."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

from pytest_distil.mark import tap
from pytest_distil.run.quiet import LOGGER

Job = Callable[[], None]
"""One piece of work; says itself what goes wrong."""

_MOST_WAITING = 100_000
"""Jobs; work that is slower than the calls for so long would fill the memory."""

_SECONDS_AT_EXIT = 10.0
"""How long the end of a process waits for each thread."""


class Writer:
    """One queue and one thread; a forked child starts with its own, empty."""

    def __init__(self, name: str, *, what: str) -> None:
        """Take the thread's name, and what its jobs do, for what is said where they cannot be done."""
        self._name = name
        self._what = what
        self._start_again()
        _writers.add(self)

    def _start_again(self) -> None:
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, job: Job) -> bool:
        """Have a job done soon; return False where too many wait already."""
        if self._thread is None and not self._start():
            self._do(job)
            return True
        if self._jobs.qsize() >= _MOST_WAITING:
            return False
        self._jobs.put(job)
        return True

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all that was put is done, for some seconds or for as long as it takes; tell whether it is."""
        if self._thread is None:
            return True
        done = threading.Event()
        self._jobs.put(done.set)
        return done.wait(seconds)

    def end(self) -> None:
        """Do what is left, and say where that takes too long."""
        if not self.flush(_SECONDS_AT_EXIT):
            waiting = self._jobs.qsize()
            LOGGER.warning("%s: %d are left undone after %g s at exit", self._what, waiting, _SECONDS_AT_EXIT)

    def forked(self) -> None:
        """Forget what the parent process is going to do itself."""
        self._start_again()

    def _start(self) -> bool:
        """Start the thread; tell whether there is one: a process that is ending gets no more."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._thread = thread
                _end_with_multiprocessing()
        return True

    def _work(self) -> None:
        while True:
            self._do(self._jobs.get())

    def _do(self, job: Job) -> None:
        """Do one job, as work of ours: a handler may call marked functions."""
        token = tap.unobserved.set(True)
        try:
            job()
        except Exception:  # the next ones must be done all the same
            LOGGER.exception("%s: one of them could not be done", self._what)
        finally:
            tap.unobserved.reset(token)


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def end_all() -> None:
    """Do what is left."""
    for writer in list(_writers):
        writer.end()


def _end_with_multiprocessing() -> None:
    """Do what is left also at the end of its processes, which run nothing of `atexit`."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, end_all, exitpriority=0)


def _forked() -> None:
    for writer in list(_writers):
        writer.forked()


atexit.register(end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
