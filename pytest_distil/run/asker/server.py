"""The asker's process: listens, reads questions, writes answers, and ends with the run that started it.

Started as `process.start` does it, with one line of JSON on standard input. End of file there, or another parent than
at the start, is the end of the run.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.run.asker.desk import Desk
from pytest_distil.run.asker.wire import Answered, Ask, AskerSettings, Counted, pack, receive, send_from

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_BACKLOG = 64

_SECONDS_BETWEEN_WRITES = 0.2
"""An answer that arrived is in the file after this time, whatever happens then."""

_SECONDS_BETWEEN_LOOKS = 1.0
"""Between looks at whether the parent is still there: a child that it forked may hold our standard input open."""

_SECONDS_BETWEEN_TROUBLES = 0.05


def main() -> None:
    """Serve one run."""
    parent = os.getppid()
    first = json.loads(_first_line())
    folder = Path(first["folder"])
    listener = Listener(str(folder / "s") if first["unix"] else ("127.0.0.1", 0), backlog=_BACKLOG)
    try:
        _announce(listener)
        with asyncio.Runner() as runner:
            server = Server(runner.get_loop(), bytes.fromhex(first["authkey"]))
            Thread(target=server.accept, args=(listener,), daemon=True).start()
            Thread(target=server.preload, args=(first["concurrency"],), daemon=True).start()
            runner.run(server.serve(parent))
    finally:
        listener.close()
    shutil.rmtree(folder, ignore_errors=True)  # after a crash the log in it is still to be read


class Server:
    """The desk, and the threads that bring it questions."""

    def __init__(self, loop: asyncio.AbstractEventLoop, authkey: bytes) -> None:
        self._loop = loop
        self._authkey = authkey
        self._desk: Desk | None = None
        self._early: list[Callable[[Desk], None]] = []
        """Questions that came before the settings."""
        self._stopping: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._ready = asyncio.Event()
        """Set once what models are made of is imported; until then stored answers are given already."""

    async def serve(self, parent: int) -> None:
        """Answer until the run ends, then write what arrived."""
        Thread(target=self._watch_input, daemon=True).start()
        looking = asyncio.create_task(self._watch_parent(parent))
        writing = asyncio.create_task(self._write_often())
        await self._ended.wait()
        looking.cancel()
        writing.cancel()
        await asyncio.gather(looking, writing, return_exceptions=True)
        if self._desk is not None:
            await self._desk.aclose()

    def accept(self, listener: Listener) -> None:
        """Let clients in, each in a thread of its own; runs in one too."""
        while True:
            try:
                connection = listener.accept()
            except OSError:  # out of files, or closed because the run has ended
                time.sleep(_SECONDS_BETWEEN_TROUBLES)
                continue
            Thread(target=self._converse, args=(connection,), daemon=True).start()

    def preload(self, concurrency: int | None) -> None:
        """Import what asking a server needs, in a thread; None: no server is asked."""
        try:
            if concurrency is not None:
                from pytest_distil.models.chat import warm_up

                asyncio.run(warm_up(concurrency))
                gc.freeze()  # keeps the garbage collector from going through it again and again
        except Exception:
            traceback.print_exc()  # the first question says it, too
        finally:
            with suppress(RuntimeError):  # the run has ended already
                self._loop.call_soon_threadsafe(self._ready.set)

    def _converse(self, connection: Connection) -> None:
        """Read one client's messages until it has gone; what it asked goes on, for the store."""
        out: SimpleQueue[bytes | None] = SimpleQueue()
        try:
            deliver_challenge(connection, self._authkey)
            answer_challenge(connection, self._authkey)
            Thread(target=_write, args=(connection, out), daemon=True).start()
            is_here = True
            while is_here:
                messages = receive(connection)
                is_here = all(message["kind"] != "bye" for message in messages)
                self._loop.call_soon_threadsafe(self._take_all, messages, out.put)
        except (OSError, EOFError, ValueError, AuthenticationError):
            pass
        finally:
            out.put(None)

    def _take_all(self, messages: list[Any], send: Callable[[bytes], None]) -> None:
        for message in messages:
            self._take(message, send)

    def _take(self, message: Any, send: Callable[[bytes], None]) -> None:
        """Do what a message says, once there are settings."""
        if message["kind"] == "configure":
            self._configure(AskerSettings.from_json(message["settings"]))
        elif self._desk is None:
            self._early.append(lambda desk: self._handle(desk, message, send))
        else:
            self._handle(self._desk, message, send)

    def _configure(self, settings: AskerSettings) -> None:
        if self._desk is None:
            self._desk = Desk(settings, ready=self._ready)
            self._desk.open()
            for take in self._early:
                take(self._desk)
            self._early.clear()

    def _handle(self, desk: Desk, message: Any, send: Callable[[bytes], None]) -> None:
        if message["kind"] == "ask":
            _ask(desk, message, send)
        elif message["kind"] == "stats":
            counted: Counted = {"kind": "stats", "id": message["id"], "stats": desk.stats().to_json()}
            send(pack(counted))
        elif message["kind"] == "stop":
            self._stopping = self._loop.create_task(desk.stop(message["reason"]))

    async def _write_often(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_WRITES)
            if self._desk is not None and (write := self._desk.shelf.unwritten()):
                await asyncio.to_thread(write)

    async def _watch_parent(self, parent: int) -> None:
        while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of a parent's end
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        self._ended.set()

    def _watch_input(self) -> None:
        while os.read(_INPUT, 1024):
            pass
        self._loop.call_soon_threadsafe(self._ended.set)


def _ask(desk: Desk, message: Ask, send: Callable[[bytes], None]) -> None:
    """Put one question; whatever happens, it gets an answer."""

    def reply(answer: Answer) -> None:
        answered: Answered = {"kind": "answer", "id": message["id"], "answer": answer.to_json()}
        send(pack(answered))

    try:
        prompt = Prompt(**message["prompt"])
        desk.ask(prompt, reply, model=message["model"], repeat=message["repeat"], prefetch=message["prefetch"])
    except Exception as error:
        traceback.print_exc()
        reply(Answer(failed=f"{type(error).__name__}: {error}"))


def _write(connection: Connection, out: SimpleQueue[bytes | None]) -> None:
    """Write one client's answers: a client that does not read holds up nobody else."""
    try:
        send_from(out, connection)
    except OSError:
        pass
    finally:
        connection.close()


def _first_line() -> bytes:
    """Read standard input up to the first line's end, and no further."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(_INPUT, 1)):
        line += byte
    return line


def _announce(listener: Listener) -> None:
    """Say where the asker listens; from then on all output goes to the log."""
    address = listener.address
    place = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
    os.write(_OUTPUT, f"{place}\n".encode())
    os.dup2(_ERRORS, _OUTPUT)
