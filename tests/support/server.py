"""A real HTTP server on loopback that speaks the Chat Completions interface, as well or as badly as a test wants.

    with ChatServer(lambda body: '{"value": 7}') as server:
        ask(server.url)                        # "http://127.0.0.1:40123/v1"
    assert 1 == len(server.requests)

`answer(body)` gives the assistant's text, a whole message, or a `Reply` with status, headers and faults of its own.
In a process of its own: `python tests/support/server.py --answers training.jsonl` (see `--help`) prints its URL.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One response; what is not given is as a well-behaved server does it."""

    content: str | None = None
    """The assistant's text."""
    message: Mapping[str, Any] | None = None
    """The whole message, in place of `content`."""
    data: Any = None
    """The whole body as JSON, or as it is where it is text or bytes, in place of a completion."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    model: str | None = None
    """The model that is said to have answered; None: the one asked for."""
    delay: float = 0.0
    """Seconds, on top of the server's latency."""
    cut: bool = False
    """Close the connection without a response."""


@dataclass(frozen=True)
class Faults:
    """Shares of requests that go wrong; which ones is a function of prompt, try and seed."""

    limited: float = 0.0
    """Status 429."""
    retry_after: Mapping[str, str] = field(default_factory=lambda: {"retry-after-ms": "50"})
    errors: float = 0.0
    """Status 500."""
    cut: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 5.0
    seed: int = 0


Answering = Callable[[Body], "str | Mapping[str, Any] | Reply"]


class ChatServer:
    """The server, running between `with` and its end in a thread of its own; counts what it was asked."""

    def __init__(
        self, answer: Answering, *, latency: float = 0.0, faults: Faults | None = None, port: int = 0, key: str = ""
    ) -> None:
        self.requests: list[Body] = []
        """Every request's body, in the order of arrival."""
        self.headers: list[dict[str, str]] = []
        """Every request's headers, names in lower case."""
        self.tries: Counter[str] = Counter()
        """Requests by prompt (`prompt_of`)."""
        self.answered: Counter[str] = Counter()
        """Completions that were sent whole, by prompt."""
        self.most_in_flight = 0
        self._answer = answer
        self._latency = latency
        self._faults = faults or Faults()
        self._port = port
        self._key = key
        self._in_flight = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._end = asyncio.Event()

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, "127.0.0.1", self._port, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while await self._answer_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read a request and write its response; tell whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        sent = await reader.readexactly(int(headers.get("content-length", 0)))
        if head[0].startswith("GET"):
            writer.write(_response(Reply(data={"object": "list", "data": [{"id": "any", "object": "model"}]}), {}))
            return True
        body = json.loads(sent)
        prompt = prompt_of(body)
        reply = self._note(body, headers, prompt)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self._latency + reply.delay)
        finally:
            self._in_flight -= 1
        if reply.cut or writer.is_closing() or reader.at_eof():
            return False
        writer.write(_response(reply, body))
        await writer.drain()
        self.answered[prompt] += reply.status == 200
        return True

    def _note(self, body: Body, headers: dict[str, str], prompt: str) -> Reply:
        """Count a request and choose its reply."""
        self.requests.append(body)
        self.headers.append(headers)
        self.tries[prompt] += 1
        if self._key and headers.get("authorization") != f"Bearer {self._key}":
            return error(401, f"Incorrect API key provided: {headers.get('authorization')}", code="invalid_api_key")
        if fault := _fault(self._faults, prompt, self.tries[prompt]):
            return fault
        given = self._answer(body)
        if isinstance(given, str):
            return Reply(content=given)
        return given if isinstance(given, Reply) else Reply(message=given)


def prompt_of(body: Mapping[str, Any]) -> str:
    """Return what a request asks, as a digest: everything but the model."""
    asked = {name: value for name, value in body.items() if name != "model"}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def error(
    status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    """Return a response that says in OpenAI's way what went wrong."""
    return Reply(
        status=status,
        data={"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code, **more}},
        headers=headers or {},
    )


def _fault(faults: Faults, prompt: str, tries: int) -> Reply | None:
    """Return what goes wrong with a request, None where nothing does."""
    at = random.Random(f"{faults.seed} {prompt} {tries}").random()  # noqa: S311 - faults to order, no secrets
    for share, reply in (
        (faults.limited, error(429, "slow down", code="rate_limit_exceeded", headers=faults.retry_after)),
        (faults.errors, error(500, "try again")),
        (faults.cut, Reply(cut=True)),
        (faults.slow, Reply(delay=faults.slow_seconds, cut=True)),
    ):
        if at < share:
            return reply
        at -= share
    return None


def _response(reply: Reply, body: Body) -> bytes:
    data = reply.data if reply.data is not None else _completion(reply, body)
    content = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else json.dumps(data).encode()
    headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(content))}
    lines = [f"HTTP/1.1 {reply.status} ok", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _completion(reply: Reply, body: Body) -> Body:
    message = {"role": "assistant", **(reply.message or {"content": reply.content, "refusal": None})}
    usage = {
        "prompt_tokens": len(json.dumps(body.get("messages"))) // 4,
        "completion_tokens": len(json.dumps(message)) // 4,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": reply.model or body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }
