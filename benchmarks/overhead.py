"""What collecting costs: an idle mark, a new and a repeated call, loading the plugin, a million calls in memory.

    python benchmarks/overhead.py [--ancestor PYTHON] [--memory] [--calls 20000] [--repeat 9]

Prints Markdown for README.md. PYTHON is one that has `instructor`, whose `distil` is measured beside ours in the same
run. Processor time, the best of several rounds: what it can do, on a machine that others use too.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from measuring import heading, run, table
from pydantic import BaseModel

from pytest_distil import distil
from pytest_distil.core.settings import Settings
from pytest_distil.mark import tap
from pytest_distil.run.collection import Collection
from pytest_distil.run.recorder import Attempt, Recorder
from pytest_distil.store.home import Home

IDLE_BUDGET, NEW_BUDGET, REPEATED_BUDGET = 0.25, 10.0, 4.0
"""Microseconds over the bare call."""
LOADED_BUDGET = 5.0
"""Milliseconds over a run without the plugin."""
MEMORY_BUDGET = 700.0
"""Megabytes of a run that collects a million distinct calls."""

CALLS_OF_A_TEST = 1000

ANCESTOR = """
import logging, os, sys, time
from pydantic import BaseModel
from instructor import Instructions

os.environ.setdefault("OPENAI_API_KEY", "none")
instructions = Instructions(name="math", log_handlers=[logging.FileHandler("lines.jsonl")])
instructions.logger.setLevel(logging.INFO)

class Multiply(BaseModel):
    a: int
    b: int
    result: int

def bare(a: int, b: int) -> Multiply:
    return Multiply(a=a, b=b, result=a * b)

marked = instructions.distil(bare)

def microseconds(function, n):
    started = time.process_time()
    for number in range(n):
        function(number, 7)
    return (time.process_time() - started) / n * 1e6

n, rounds = int(sys.argv[1]), int(sys.argv[2])
print(min(microseconds(marked, n) for _ in range(rounds)) - min(microseconds(bare, n) for _ in range(rounds)))
"""

EMPTY_SUITE = "def test_nothing():\n    pass\n"

LOADING = """
import json, os, time

os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
import pytest
from _pytest.config import _prepareconfig

def milliseconds(args):
    started = time.process_time()
    config = _prepareconfig(["-q", "-p", "no:cacheprovider", "test_nothing.py", *args])
    config._do_configure()
    took = time.process_time() - started
    config._ensure_unconfigure()
    return took * 1000

milliseconds([])
started = time.process_time()
import pytest_distil.plugin
imported = (time.process_time() - started) * 1000
print(json.dumps([
    min(milliseconds([]) for _ in range(20)),
    imported,
    min(milliseconds(["-p", "pytest_distil.plugin"]) for _ in range(20)),
]))
"""
"""Whole runs differ by more than what is measured here, on a machine that others use too."""

MILLION = """
import pytest
from pydantic import BaseModel
from pytest_distil import distil

class Multiply(BaseModel):
    a: int
    b: int
    result: int

@distil
def multiply(a: int, b: int) -> Multiply:
    return Multiply(a=a, b=b, result=a * b)

@pytest.mark.parametrize("b", range(%d))
def test_multiply(b):
    for a in range(1000):
        multiply(a, b)
"""


class Multiply(BaseModel):
    """The ancestor's example: three numbers."""

    a: int
    b: int
    result: int


def bare(a: int, b: int) -> Multiply:
    """Multiply."""
    return Multiply(a=a, b=b, result=a * b)


marked = distil(name="multiply")(bare)


def bare_one(a: int, b: int) -> int:
    """Do next to nothing, so that what a mark adds is not lost in it."""
    return a + b


marked_one = distil(name="one")(bare_one)


class Rounds:
    """Takes the best of several rounds."""

    def __init__(self, calls: int, repeat: int) -> None:
        self.calls = calls
        self.repeat = repeat

    def microseconds(self, work: Callable[[], object]) -> float:
        """Return what one call of a round's calls takes."""
        return min(self._once(work) for _ in range(self.repeat)) / self.calls * 1e6

    def _once(self, work: Callable[[], object]) -> float:
        gc.collect()
        started = time.process_time()
        work()
        return time.process_time() - started

    def of(self, function: Callable[[int, int], Any], numbers: Iterable[int]) -> float:
        """Return what a function takes on average for these first arguments."""
        given = list(numbers)
        return self.microseconds(lambda: [function(number, 7) for number in given])


def payloads(recorder: Recorder, calls: int) -> list[dict[str, Any]]:
    """Make calls in tests of a thousand each, and return what their attempts have to say."""
    found = []
    for first in range(0, calls, CALLS_OF_A_TEST):
        recorder.attempt = attempt = Attempt(f"test_multiply.py::test_multiply[{first}]")
        for number in range(first, first + CALLS_OF_A_TEST):
            marked(number, 7)
        found.append(recorder.payload(attempt))
    return found


def travel(found: list[dict[str, Any]], folder: Path) -> Collection:
    """Take payloads over the road of rows into a collection, journal included."""
    collection = Collection(Settings(mode="collect"), Home(folder / f"distil-{time.monotonic_ns()}"))
    collection.start()
    for one in found:
        collection.take({**json.loads(json.dumps(one, separators=(",", ":"))), "worker": "", "vouched": True})
    return collection


def rows_of_calls(rounds: Rounds, folder: Path, ancestor: float | None) -> list[list[str]]:
    """Measure an idle mark and the collecting of calls."""
    plain = rounds.of(bare, range(rounds.calls))
    idle = rounds.of(marked_one, range(rounds.calls)) - rounds.of(bare_one, range(rounds.calls))
    recorder = Recorder()
    with tap.install(recorder):
        made = payloads(recorder, rounds.calls)
        payload_and_calls = rounds.microseconds(lambda: payloads(recorder, rounds.calls))
        recorder.attempt = Attempt("test_multiply.py::test_again")
        repeated = rounds.of(marked, itertools.repeat(3, rounds.calls)) - plain
    session = rounds.microseconds(lambda: travel(made, folder))
    new = payload_and_calls - plain
    finishing = rounds_of_finishing(rounds, made, folder)
    rows = [
        ["the bare function", f"{plain:.2f}", "", ""],
        ["an idle mark", f"+ {idle:.2f}", f"{IDLE_BUDGET}", ratio(idle, plain)],
        ["a repeated call", f"+ {repeated:.2f}", f"{REPEATED_BUDGET:g}", ratio(repeated, plain)],
        ["a new call", f"+ {new + session:.2f}", f"{NEW_BUDGET:g}", ratio(new + session, plain)],
        ["- of that recording it in its test", f"{new:.2f}", "", ratio(new, plain)],
        ["- of that the road, the journal and gathering", f"{session:.2f}", "", ratio(session, plain)],
        ["writing its lines when the run ends", f"+ {finishing:.2f}", "", ratio(finishing, plain)],
    ]
    if ancestor is not None:
        rows.append(["instructor's distil, to a log file", f"+ {ancestor:.2f}", "", ratio(ancestor, plain)])
    return rows


def rounds_of_finishing(rounds: Rounds, made: list[dict[str, Any]], folder: Path) -> float:
    """Return what writing a session takes for each of its calls."""
    collections = iter([travel(made, folder) for _ in range(rounds.repeat)])
    return rounds.microseconds(lambda: next(collections).finish(partial=False))


def ratio(cost: float, plain: float) -> str:
    """Say how many bare calls a cost is."""
    return f"{cost / plain:.2f}"


def ask_ancestor(python: str | None, rounds: Rounds, folder: Path) -> float | None:
    """Return what a call costs with the ancestor, in microseconds; None, with a sentence, where it is not there."""
    if python is None:
        print("instructor is not measured: --ancestor names a Python that has it.\n")
        return None
    command = [python, "-c", ANCESTOR, str(rounds.calls // 20), str(rounds.repeat)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        print(f"instructor is not measured: {done.stderr.strip().splitlines()[-1]}\n")
        return None
    return float(done.stdout)


def loading(folder: Path, repeat: int) -> list[list[str]]:
    """Measure pytest's own configuring with the plugin and without it, each in a process of its own, several times."""
    (folder / "test_nothing.py").write_text(EMPTY_SUITE)
    found = []
    for _ in range(1 + repeat):
        done = subprocess.run([sys.executable, "-c", LOADING], cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        found.append(json.loads(done.stdout))
    plain, imported, configured = (statistics.median(column) for column in zip(*found[1:], strict=True))
    loaded = imported + configured - plain
    return [
        ["configuring pytest without plugins", f"{plain:.1f}", ""],
        ["with pytest-distil loaded, no mode on", f"{loaded:+.1f}", f"{LOADED_BUDGET:g}"],
        ["- of that importing it", f"{imported:.1f}", ""],
    ]


def memory(folder: Path) -> list[list[str]]:
    """Run suites of up to a million calls, plain and collecting, their sessions written."""
    rows = []
    for tests in (100, 250, 500, 1000):
        (folder / "test_million.py").write_text(MILLION % tests)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_million.py"]
        env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        plain = run([*command, "-p", "pytest_distil.plugin"], cwd=folder, env=env)
        collecting = run([*command, "-p", "pytest_distil.plugin", "--distil-collect"], cwd=folder, env=env)
        calls = tests * CALLS_OF_A_TEST
        rows.append(
            [
                f"{calls:,}",
                f"{plain.megabytes:.0f}",
                f"{collecting.megabytes:.0f}",
                f"{MEMORY_BUDGET:.0f}" if tests == CALLS_OF_A_TEST else "",
                f"{plain.cpu:.1f}",
                f"{collecting.cpu:.1f}",
                f"{(collecting.cpu - plain.cpu) / calls * 1e6:.1f}",
            ]
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ancestor", metavar="PYTHON", help="a Python that has instructor")
    parser.add_argument("--memory", action="store_true", help="a million calls too; takes minutes")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    rounds = Rounds(options.calls, options.repeat)
    print(heading("pytest", "pydantic", "pytest-distil"), end=".\n\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ancestor = ask_ancestor(options.ancestor, rounds, folder)
        head = ["µs of CPU for a call of `f(a: int, b: int) -> Model`", "µs", "budget", "bare calls"]
        print(table(head, rows_of_calls(rounds, folder, ancestor)), "\n")
        head = ["ms of CPU before the first test", "ms", "budget"]
        print(table(head, loading(folder, options.repeat)), "\n")
        if options.memory:
            head = ["distinct calls", "MB plain", "collecting", "budget", "s of CPU plain", "collecting", "µs a call"]
            print(table(head, memory(folder)))


if __name__ == "__main__":
    main()
