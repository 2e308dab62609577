"""Asking: prompts go out, tickets come back at once, answers fill them.

Used inside test processes, so nothing here trusts what tests may replace: sockets are made from the C class, no clock
is read, and no timer of an event loop runs.
"""

from __future__ import annotations

import os
import socket
from itertools import count
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from queue import SimpleQueue
from socket import SocketType
from threading import Thread
from typing import Any

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.mark.errors import ModelError
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.asker.wire import (
    Address,
    AskerSettings,
    Stats,
    ToAsker,
    pack,
    prompt_to_json,
    receive,
    send_from,
)

_GONE = "the process that asks models has ended"
_SECONDS_TO_FLUSH = 5.0


class AskerClient:
    """One connection to an asker; its methods may be called from any thread, and in a forked child."""

    def __init__(self, address: str) -> None:
        self._address = Address.from_text(address)
        self._link = _Link(self._address)

    def configure(self, settings: AskerSettings) -> None:
        """Tell the asker what to ask and how; for the one who started it, once."""
        self._live().send({"kind": "configure", "settings": settings.to_json()})

    def submit(
        self, prompt: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False
    ) -> Ticket[Answer]:
        """Have a prompt answered; `prefetch` says that nobody waits yet, so that others go first.

        The ticket always gets an answer; where the asker is gone it is one that failed.
        """
        ticket, body = Ticket[Answer](), prompt_to_json(prompt)
        how = {"model": model, "repeat": repeat, "prefetch": prefetch}
        try:
            self._live().ask({"kind": "ask", "prompt": body, **how}, ticket, lost=Answer(failed=_GONE))
        except (ModelError, ValueError, RecursionError) as error:  # the last two: no JSON of this Python
            ticket.set_result(Answer(failed=str(error)))
        return ticket

    def stats(self) -> Ticket[Stats]:
        """Ask for the asker's numbers; where it is gone, they say so."""
        ticket = Ticket[Stats]()
        self._live().ask({"kind": "stats"}, ticket, lost=Stats(fatal=_GONE))
        return ticket

    def stop(self, reason: str) -> None:
        """Have all that is outstanding, and all that comes, fail with a reason; answers that arrived are kept."""
        self._live().send({"kind": "stop", "reason": reason})

    def close(self) -> None:
        """Let go of the connection, after sending what was submitted; open tickets fail."""
        if self._link.pid == os.getpid():
            self._link.close()

    def _live(self) -> _Link:
        """Return a connection of this very process: a forked child must not read its parent's stream."""
        if self._link.pid != os.getpid():
            self._link = _Link(self._address)
        return self._link


def connect(address: str) -> AskerClient:
    """Connect to an asker; raise `ModelError` where none is there."""
    return AskerClient(address)


class _Link:
    """A socket with a thread that reads and one that writes: a signal in the main thread cannot cut a message."""

    def __init__(self, address: Address) -> None:
        self.pid = os.getpid()
        self._connection = _dial(address)
        self._ids = count()
        self._open: dict[int, tuple[Ticket[Any], Any]] = {}
        """Tickets by number, each with what fills it where no reply comes."""
        self._out: SimpleQueue[bytes | None] = SimpleQueue()
        self._gone = False
        self._writer = Thread(target=self._write, name="distil-asker-writer", daemon=True)
        self._reader = Thread(target=self._read, name="distil-asker-reader", daemon=True)
        self._writer.start()
        self._reader.start()

    def ask(self, message: dict[str, Any], ticket: Ticket[Any], *, lost: Answer | Stats) -> None:
        """Send a message whose reply fills a ticket; `lost` fills it where none comes."""
        ident = next(self._ids)
        packed = pack({**message, "id": ident})
        self._open[ident] = ticket, lost
        self._out.put(packed)
        if self._gone:
            self._fail_open()

    def send(self, message: ToAsker) -> None:
        """Send a message that has no reply."""
        self._out.put(pack(message))

    def close(self) -> None:
        """Send what is queued, then end both threads."""
        self.send({"kind": "bye"})
        self._out.put(None)
        self._writer.join(_SECONDS_TO_FLUSH)
        self._reader.join(_SECONDS_TO_FLUSH)

    def _write(self) -> None:
        try:
            send_from(self._out, self._connection)
        except OSError:  # the reader sees it too
            return

    def _read(self) -> None:
        try:
            while True:
                for message in receive(self._connection):
                    self._fill(message)
        except (EOFError, OSError):
            pass
        finally:
            self._gone = True
            self._fail_open()
            self._out.put(None)
            self._writer.join(_SECONDS_TO_FLUSH)
            self._connection.close()

    def _fill(self, message: Any) -> None:
        found = self._open.pop(message["id"], None)
        if found is None:
            return
        ticket, _ = found
        if message["kind"] == "answer":
            ticket.set_result(Answer.from_json(message["answer"]))
        else:
            ticket.set_result(Stats.from_json(message["stats"]))

    def _fail_open(self) -> None:
        """Fill every open ticket; whoever takes one out of the table fills it."""
        for ident in list(self._open):
            if found := self._open.pop(ident, None):
                ticket, lost = found
                ticket.set_result(lost)


def _dial(address: Address) -> Connection:
    """Connect, and prove to each other that both know the key."""
    line = SocketType(getattr(socket, address.family))
    try:
        line.connect(address.target)
    except OSError as error:
        line.close()
        raise ModelError(f"the asker at {address.place} cannot be reached: {error}") from error
    connection = Connection(line.detach())
    try:
        answer_challenge(connection, address.authkey)
        deliver_challenge(connection, address.authkey)
    except (OSError, EOFError, AuthenticationError) as error:
        connection.close()
        raise ModelError(f"the asker at {address.place} does not know this run: {error}") from error
    return connection
