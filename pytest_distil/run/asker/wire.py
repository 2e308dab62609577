"""What travels between the asker and those who ask: JSON in ASCII, framed by `multiprocessing.connection`, no pickle.

A frame is a list of messages: those that wait go together, so that threads need not wake up for each.

to the asker                                         from the asker
{"kind": "configure", "settings": {...}}             {"kind": "answer", "id": 7, "answer": {...}}
{"kind": "ask", "id": 7, "prompt": {...},            {"kind": "stats", "id": 8, "stats": {...}}
 "model": null, "repeat": 0, "prefetch": false}
{"kind": "stats", "id": 8}
{"kind": "stop", "reason": "interrupted"}
{"kind": "bye"}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, Literal, TypedDict

from pytest_distil.core.prompt import Prompt, Usage

_MOST_IN_A_FRAME = 64
"""Few enough that nobody waits for long because of the others."""


@dataclass(frozen=True, slots=True)
class AskerSettings:
    """What the asker is told once, before it asks anything."""

    model: str
    """MODEL as written on the command line; a question may name another."""
    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    concurrency: int = 32
    """Requests in flight at most, over all who ask."""
    timeout: float = 60.0
    """Seconds that one request may take; a prompt is given up after five times that, and not before a minute."""
    max_requests: int | None = 10_000
    """Prompts sent to a server at most; None: no limit."""
    offline: bool = False
    """Stored answers only."""
    refresh: bool = False
    """Stored answers of earlier runs are not used."""
    revive: float | None = None
    """Seconds after which a model that was given up is asked again, for processes that live long; None: never."""
    store: str | None = None
    """File of the stored answers; None: answers are not kept."""
    examples: tuple[str, ...] = ()
    """`calls.jsonl` files that memory models answer from; of one call the last file's result counts."""

    local: str | None = None
    """Folder of the models that were trained on this machine."""
    bases: str | None = None
    """Folder of the base models that were made GGUF files here."""
    constrained: bool = False
    """Whether models of this machine are kept to the schema by a grammar."""
    factories: Mapping[str, str] = field(default_factory=dict)
    """Import paths of what makes models of the suite's own, by MODEL."""
    path: tuple[str, ...] = ()
    """Where their modules are searched for, behind everything else."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment that they find."""

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON, with the key."""
        return asdict(self) | {"examples": list(self.examples), "path": list(self.path)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AskerSettings:
        """Read what `to_json` made."""
        return cls(**{**data, "examples": tuple(data["examples"]), "path": tuple(data["path"])})


@dataclass(frozen=True, slots=True)
class Stats:
    """What the asker has done so far, over all who ask."""

    asked: int = 0
    """Prompts sent to a server or answered by a model without one; several who ask the same count once."""
    stored: int = 0
    """Questions answered without a request: from the store, or by an answer of this run."""
    failed: int = 0
    """Prompts without an answer."""
    outstanding: int = 0
    """Prompts that wait for their answer now."""
    requests: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    waited_seconds: float = 0.0
    """Waiting between a try and the next, added up over prompts."""
    usage: Usage = field(default_factory=Usage)
    """Tokens of the answers that were asked for, not of stored ones."""
    limit: int = 0
    """Requests that may be in flight now; below `concurrency` while the server limits the rate."""
    fatal: str | None = None
    """Why asking was given up, where it was."""
    messages: tuple[str, ...] = ()
    """What the user should read, such as a store that had to be set aside."""

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain JSON."""
        return asdict(self) | {"messages": list(self.messages)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stats:
        """Read what `to_json` made."""
        return cls(**{**data, "usage": Usage(**data["usage"]), "messages": tuple(data["messages"])})


@dataclass(frozen=True, slots=True)
class Address:
    """Where an asker listens, and what one must know to be let in."""

    place: str
    """A socket's path, or `127.0.0.1:PORT` where there are no socket files."""
    authkey: bytes = field(repr=False)

    @property
    def family(self) -> Literal["AF_UNIX", "AF_INET"]:
        """Return the family of the socket, by its name in `socket`."""
        return "AF_INET" if self.place.startswith("127.0.0.1:") else "AF_UNIX"

    @property
    def target(self) -> str | tuple[str, int]:
        """Return what `socket.connect` takes."""
        host, _, port = self.place.rpartition(":")
        return (host, int(port)) if self.family == "AF_INET" else self.place

    def to_text(self) -> str:
        """Return the address as one plain string, fit to travel to workers; it lets in whoever has it."""
        return f"{self.place}#{self.authkey.hex()}"

    @classmethod
    def from_text(cls, text: str) -> Address:
        """Read what `to_text` made."""
        place, _, authkey = text.rpartition("#")
        return cls(place, bytes.fromhex(authkey))


class Configure(TypedDict):
    """The first message after collection; a second one changes nothing."""

    kind: Literal["configure"]
    settings: dict[str, Any]


class Ask(TypedDict):
    """A prompt to be answered; prompts sent before `configure` wait for it."""

    kind: Literal["ask"]
    id: int
    prompt: dict[str, Any]
    model: str | None
    """Another model than that of the settings."""
    repeat: int
    """Index from 0: the same prompt with another index is asked again."""
    prefetch: bool
    """Nobody waits yet: every prompt that somebody waits for goes first."""


class AskStats(TypedDict):
    """A question for the numbers so far."""

    kind: Literal["stats"]
    id: int


class Stop(TypedDict):
    """Answer nothing more: what is outstanding, and all that comes, fails with this reason."""

    kind: Literal["stop"]
    reason: str


class Bye(TypedDict):
    """Nothing more will come from this side; the asker closes the connection."""

    kind: Literal["bye"]


class Answered(TypedDict):
    """What came back for the prompt of that id."""

    kind: Literal["answer"]
    id: int
    answer: dict[str, Any]


class Counted(TypedDict):
    """The numbers, for the question of that id."""

    kind: Literal["stats"]
    id: int
    stats: dict[str, Any]


def prompt_to_json(prompt: Prompt) -> dict[str, Any]:
    """Return a prompt as plain JSON."""
    return {"task": prompt.task, "arguments": prompt.arguments, "body": prompt.body}


ToAsker = Configure | Ask | AskStats | Stop | Bye
FromAsker = Answered | Counted


def pack(message: ToAsker | FromAsker | dict[str, Any]) -> bytes:
    """Return a message as bytes; ASCII, because a lone surrogate has no UTF-8."""
    return json.dumps(message, separators=(",", ":")).encode("ascii")


def receive(connection: Connection) -> list[Any]:
    """Wait for the next messages; raise `EOFError` or `OSError` where none will come."""
    return json.loads(connection.recv_bytes())  # type: ignore[no-any-return]


def send_from(queue: SimpleQueue[bytes | None], connection: Connection) -> None:
    """Send packed messages as they are queued, until there is a None; raise `OSError` where nobody takes them."""
    goes_on = True
    while goes_on:
        frame = [queue.get()]
        with suppress(Empty):
            while frame[-1] is not None and len(frame) < _MOST_IN_A_FRAME:
                frame.append(queue.get_nowait())
        goes_on = frame[-1] is not None
        if messages := [one for one in frame if one is not None]:
            connection.send_bytes(b"[" + b",".join(messages) + b"]")
