"""A real HTTP server on loopback that speaks the Chat Completions interface, as well or as badly as a test wants.

    with ChatServer(lambda body: '{"value": 7}') as server:
        ask(server.url)                        # "http://127.0.0.1:40123/v1"
    assert 1 == len(server.requests)

`answer(body)` gives the assistant's text, a whole message, or a `Reply` with status, headers and faults of its own.
In a process of its own: `python -m tests.support.server --answers training.jsonl` (see `--help`) prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .known import from_lines, read_answers
from .replies import Body, Faults, Reply, error, fault_of, prompt_of, response_of

__all__ = ["ChatServer", "Faults", "Reply", "error", "prompt_of"]


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
            writer.write(response_of(Reply(data={"object": "list", "data": [{"id": "any", "object": "model"}]}), {}))
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
        writer.write(response_of(reply, body))
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
        if fault := fault_of(self._faults, prompt, self.tries[prompt]):
            return fault
        given = self._answer(body)
        if isinstance(given, str):
            return Reply(content=given)
        return given if isinstance(given, Reply) else Reply(message=given)


def main() -> None:
    """Serve what training lines say, until standard input ends."""
    parser = argparse.ArgumentParser(description="Answer prompts as training lines do.")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--answers", type=Path, action="append", required=True, metavar="FILE", help="training lines")
    parser.add_argument("--right", type=float, default=100.0, metavar="PCT", help="share of prompts answered right")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--limited", type=float, default=0.0, metavar="SHARE", help="requests that get status 429")
    parser.add_argument("--errors", type=float, default=0.0, metavar="SHARE", help="requests that get status 500")
    parser.add_argument("--cut", type=float, default=0.0, metavar="SHARE", help="connections cut without a response")
    chosen = parser.parse_args()
    faults = Faults(limited=chosen.limited, errors=chosen.errors, cut=chosen.cut)
    answer = from_lines(read_answers(chosen.answers), right=chosen.right)
    with ChatServer(answer, latency=chosen.latency, faults=faults, port=chosen.port) as server:
        print(server.url, flush=True)  # noqa: T201 - it is a command
        sys.stdin.read()


if __name__ == "__main__":
    main()
