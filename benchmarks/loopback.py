"""A model's server in a process of its own: it answers as a session's files do, and tells what it saw of a run."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TESTS = str(Path(__file__).resolve().parents[1] / "tests")
sys.path.insert(0, TESTS)

from support.known import from_lines, read_answers  # noqa: E402 - the server of the tests
from support.replies import Body, Faults, Reply, error  # noqa: E402
from support.server import ChatServer  # noqa: E402


@dataclass(frozen=True)
class Seen:
    """What the server saw of one run."""

    requests: int
    prompts: int
    """Different ones."""
    twice: int
    """Prompts that were answered more than once."""
    span: float
    """Seconds from the first request's arrival to the last response."""
    in_flight: int
    """Requests at once, at most."""


class Loopback:
    """The server, as seen by who started it."""

    def __init__(self, files: Iterable[Path], **options: float) -> None:
        """Take training lines to answer by; `options` are those of this file's command line."""
        chosen = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, __file__, *chosen, *map(str, files)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.url = self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._process.communicate()

    def seen(self) -> Seen:
        """Return what the server saw since it was last asked for this."""
        self._say("seen")
        return Seen(**json.loads(self._line()))

    def save(self, path: Path) -> None:
        """Have the bodies of all requests since then written, one a line, for others to send the same."""
        self._say(f"save {path}")
        self._line()

    def _say(self, command: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(f"{command}\n")
            self._process.stdin.flush()

    def _line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""


class TimedServer(ChatServer):
    """Notes when requests came and when their responses were sent; refuses those above a rate."""

    def __init__(self, *given: Any, rate: float = 0.0, **options: Any) -> None:
        super().__init__(*given, **options)
        self._rate = rate
        self._room = rate
        self._last = time.monotonic()
        self.begin()

    def begin(self) -> None:
        """Forget what was seen."""
        self.requests.clear()
        self.headers.clear()
        self.tries.clear()
        self.answered.clear()
        self.most_in_flight = 0
        self._first = self._done = 0.0

    def seen(self) -> dict[str, Any]:
        """Return the fields of `Seen`."""
        return {
            "requests": len(self.requests),
            "prompts": len(self.tries),
            "twice": sum(times > 1 for times in self.answered.values()),
            "span": self._done - self._first,
            "in_flight": self.most_in_flight,
        }

    def _note(self, body: Body, headers: dict[str, str], prompt: str) -> Reply:
        now = time.monotonic()
        self._first = self._first or now
        reply = super()._note(body, headers, prompt)
        return self._limited(now) or reply

    def _limited(self, now: float) -> Reply | None:
        """Refuse what exceeds the rate, as real servers do: with the time after which there is room again."""
        if not self._rate:
            return None
        self._room = min(self._rate, self._room + (now - self._last) * self._rate)
        self._last = now
        if self._room >= 1:
            self._room -= 1
            return None
        wait = f"{(1 - self._room) / self._rate:.3f}"
        return error(429, "slow down", code="rate_limit_exceeded", headers={"retry-after": wait})

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        goes_on = await super()._answer_one(reader, writer)
        self._done = time.monotonic()
        return goes_on


def main() -> None:
    """Serve, and do what standard input says until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="training lines")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second above which there is status 429")
    for fault in ("limited", "errors", "cut", "slow", "slow_seconds"):
        parser.add_argument(f"--{fault}", type=float, default=0.0)
    chosen = vars(parser.parse_args())
    answer = from_lines(read_answers(chosen.pop("files")))
    latency, rate = chosen.pop("latency"), chosen.pop("rate")
    with TimedServer(answer, latency=latency, rate=rate, faults=Faults(**chosen)) as server:
        print(server.url, flush=True)
        for line in sys.stdin:
            command, _, path = line.strip().partition(" ")
            if command == "save":
                Path(path).write_text("".join(f"{json.dumps(body)}\n" for body in server.requests), encoding="utf-8")
                print("saved", flush=True)
            else:
                print(json.dumps(server.seen()), flush=True)
                server.begin()


if __name__ == "__main__":
    main()
