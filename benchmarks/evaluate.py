"""What an evaluation costs, as ratios to what it must cost; the model is a server on loopback.

    python benchmarks/evaluate.py [--calls 500] [--latency 0.2] [--repeat 3]

Prints Markdown for README.md. For each row the best of several runs is taken: what it can do, on a machine that
others use too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopback import Loopback, Seen
from measuring import Cost, heading, run, table

SUITE = """
import time

import pytest
from pydantic import BaseModel

from pytest_distil import distil


class Item(BaseModel):
    name: str
    price: float


@distil
def parse(text: str) -> Item:
    name, _, price = text.rpartition("=")
    return Item(name=name, price=float(price))


@pytest.mark.parametrize("n", range({calls}))
def test_parse(n):
    time.sleep({seconds})
    assert parse(f"item {{n}}={{n}}.5").price == n + 0.5
"""
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:asyncio")
EVALUATE = ("--distil-eval=student",)


@dataclass(frozen=True)
class Row:
    """One way of asking, measured."""

    name: str
    in_flight: int
    cost: Cost
    seen: Seen


class Bench:
    """A suite with a session, and the server that knows its answers."""

    def __init__(self, folder: Path, *, calls: int, latency: float, seconds: float, repeat: int) -> None:
        self.folder = folder
        self.calls = calls
        self.latency = latency
        self.repeat = repeat
        folder.mkdir()
        (folder / "test_suite.py").write_text(SUITE.format(calls=calls, seconds=seconds), encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        run([*PYTEST, "--distil-collect"], cwd=folder, env={})
        self.files = sorted((folder / ".distil" / "sessions").glob("*/*.*.jsonl"))

    def ideal(self, in_flight: int) -> float:
        """Return the seconds that the requests must span."""
        return self.calls / in_flight * self.latency

    def best(self, name: str, in_flight: int, once: Callable[[], Row]) -> Row:
        """Return the quickest of several runs."""
        rows = [once() for _ in range(self.repeat)]
        best = min(rows, key=lambda row: row.cost.wall)
        print(f"{name}, {in_flight} in flight: {[round(row.cost.wall, 2) for row in rows]} s", file=sys.stderr)
        return best

    def plain(self, name: str, *options: str) -> Row:
        """Run the tests alone."""
        nothing = Seen(requests=0, prompts=0, twice=0, span=0.0, in_flight=0)
        return self.best(name, 0, lambda: Row(name, 0, run([*PYTEST, *options], cwd=self.folder, env={}), nothing))

    def asked(self, server: Loopback, name: str, in_flight: int, *options: str, cold: bool = True) -> Row:
        """Evaluate, with no stored answers or with all of them."""
        command = [*PYTEST, *EVALUATE, f"--distil-concurrency={in_flight}", *options]

        def once() -> Row:
            if cold:
                for path in (self.folder / ".distil").glob("answers.sqlite*"):
                    path.unlink()
            server.seen()
            cost = run(command, cwd=self.folder, env={"DISTIL_BASE_URL": server.url})
            return Row(name, in_flight, cost, server.seen())

        return self.best(name, in_flight, once)

    def gathered(self, server: Loopback, in_flight: int, transport: str) -> Row:
        """Send the same requests by the SDK alone."""
        bodies = self.folder / "bodies.jsonl"
        script = str(Path(__file__).with_name("gather.py"))
        name = f"openai gather, {transport}"

        def once() -> Row:
            server.seen()
            command = [sys.executable, script, server.url, str(bodies), str(in_flight), transport]
            cost = run(command, cwd=self.folder, env={})
            return Row(name, in_flight, cost, server.seen())

        return self.best(name, in_flight, once)

    def save_bodies(self, server: Loopback) -> None:
        """Keep what an evaluation sends, for `gathered`; also the first run, which nobody measures."""
        server.seen()
        run([*PYTEST, *EVALUATE], cwd=self.folder, env={"DISTIL_BASE_URL": server.url})
        server.save(self.folder / "bodies.jsonl")


def quick_tests(bench: Bench) -> Iterator[Row]:
    """Yield the rows for tests that take no time."""
    with Loopback(bench.files, latency=bench.latency) as server:
        bench.save_bodies(server)
        yield bench.plain("tests alone")
        yield bench.plain("tests alone, -n 2", "-n2")
        for in_flight, transport in ((32, "httpx"), (64, "aiohttp")):
            yield bench.gathered(server, in_flight, transport)
            yield bench.asked(server, "cold", in_flight)
            yield bench.asked(server, "warm", in_flight, cold=False)
            yield bench.asked(server, "cold, -n 2", in_flight, "-n2")
            yield bench.asked(server, "warm, -n 2", in_flight, "-n2", cold=False)
        yield bench.asked(server, "cold, tests keep the original's values", 32, "--distil-return=original")
        yield bench.asked(server, "cold, no session", 32, "--distil-return=original", "--distil-session=none")


def slow_tests(bench: Bench) -> Iterator[Row]:
    """Yield the rows for tests that take 10 ms each."""
    with Loopback(bench.files, latency=bench.latency) as server:
        yield bench.plain("tests alone")
        yield bench.asked(server, "cold", 32)
        yield bench.asked(server, "warm", 32, cold=False)
        yield bench.asked(server, "cold", 64)
        yield bench.asked(server, "cold, -n 2", 32, "-n2")


def bad_servers(bench: Bench) -> Iterator[Row]:
    """Yield the rows for servers that fail or refuse."""
    few = ("-o", "distil_timeout=5")
    faults = {"limited": 0.2, "errors": 0.05, "cut": 0.02, "slow": 0.02, "slow_seconds": 8.0}
    with Loopback(bench.files, latency=bench.latency, **faults) as server:
        yield bench.asked(server, "20 % status 429, 5 % status 500, 2 % cut, 2 % too slow", 32, *few)
    with Loopback(bench.files, latency=bench.latency, rate=100) as server:
        yield bench.asked(server, "at most 100 requests a second", 32, *few)


def lines(bench: Bench, rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of a table."""
    return [
        [
            row.name,
            str(row.in_flight or ""),
            f"{row.seen.requests:,}",
            f"{row.seen.span:.2f}" if row.seen.requests else "",
            f"{row.seen.span / bench.ideal(row.in_flight):.2f}" if row.seen.requests else "",
            f"{row.cost.wall:.2f}",
            f"{row.cost.cpu:.2f}",
            f"{row.cost.megabytes:.0f}",
            str(row.seen.twice) if row.seen.requests else "",
        ]
        for row in rows
    ]


HEAD = ("", "in flight", "requests", "span, s", "of ideal", "wall, s", "CPU, s", "MB", "answered twice")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the best is taken")
    parser.add_argument("--only", choices=["quick", "slow", "bad"], help="one table")
    chosen = parser.parse_args()
    parts = {
        "quick": ("Tests that take no time", 0.0, quick_tests),
        "slow": ("Tests that take 10 ms each", 0.01, slow_tests),
        "bad": ("Servers that fail or refuse", 0.0, bad_servers),
    }
    print(heading("pytest", "pytest-xdist", "openai", "aiohttp", "pydantic"))
    print(f"{chosen.calls} calls, {1000 * chosen.latency:g} ms each; best of {chosen.repeat}")
    folder = Path(tempfile.mkdtemp(prefix="distil-benchmark-"))
    try:
        for key, (title, seconds, rows) in parts.items():
            if chosen.only in (None, key):
                bench = Bench(
                    folder / key, calls=chosen.calls, latency=chosen.latency, seconds=seconds, repeat=chosen.repeat
                )
                print(f"\n{title}\n\n{table(HEAD, lines(bench, list(rows(bench))))}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
