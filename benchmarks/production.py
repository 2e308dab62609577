"""What a marked function costs in production: nothing while nobody watches it, little while its calls are logged.

    python benchmarks/production.py [--ancestor PYTHON] [--calls 5000] [--repeat 5]

Prints Markdown for README.md. PYTHON is one that has `instructor` 1.17, whose logging is measured beside ours in the
same run. The best of several rounds is taken: what it can do, on a machine that others use too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from timeit import repeat

from measuring import heading, table

from pytest_distil import distil

IDLE_BUDGET = 0.25
LOGGED_BUDGET = 15.0
"""Microseconds over the bare call."""

LOGGED = """
import json, logging, os, sys, time
from pydantic import BaseModel
from {package} import Instructions

os.environ.setdefault("OPENAI_API_KEY", "none")
instructions = Instructions(name="math", log_handlers=[logging.FileHandler("lines.jsonl")])
if hasattr(instructions, "logger"):
    instructions.logger.setLevel(logging.INFO)

class Multiply(BaseModel):
    a: int
    b: int
    result: int

def bare(a: int, b: int) -> Multiply:
    return Multiply(a=a, b=b, result=a * b)

@instructions.distil
def fn(a: int, b: int) -> Multiply:
    return Multiply(a=a, b=b, result=a * b)

def seconds(function, calls):
    wall, cpu = time.perf_counter(), time.thread_time()
    for n in calls:
        function(n, n + 1)
    return (time.thread_time() - cpu) / len(calls), (time.perf_counter() - wall) / len(calls)

size, rounds = int(sys.argv[1]), int(sys.argv[2])
fn(1, 2)
found = []
for number in range(rounds):
    calls = range(number * size, (number + 1) * size)
    new, again, plain = seconds(fn, calls), seconds(fn, [1] * size), seconds(bare, calls)
    found.append([1e6 * (one - other) for kind in (new, again) for one, other in zip(kind, plain)])
print(json.dumps([min(column) for column in zip(*found)]))
"""


def idle(calls: int, rounds: int) -> float:
    """Return the microseconds that a mark adds to a call while nothing is installed."""

    def bare(a: int, b: int) -> int:
        return a + b

    @distil(name="idle")
    def marked(a: int, b: int) -> int:
        return a + b

    marked(1, 2)
    number = 20 * calls
    took = [min(repeat("one(1, 2)", globals={"one": one}, number=number, repeat=rounds)) for one in (bare, marked)]
    return 1e6 * (took[1] - took[0]) / number


def logged(python: str, package: str, calls: int, rounds: int) -> list[float]:
    """Return the microseconds that logging adds to a call: CPU of the caller's thread and wall, new and made before."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-c", LOGGED.replace("{package}", package), str(calls), str(rounds)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        written = len(Path(folder, "lines.jsonl").read_text(encoding="utf-8").splitlines())
    if written != 1 + 2 * calls * rounds:
        raise RuntimeError(f"{package} wrote {written} lines for {1 + 2 * calls * rounds} calls")
    found: list[float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure, and say what is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ancestor", metavar="PYTHON", help="one that has instructor 1.17")
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    bare = idle(args.calls, args.repeat)
    rows = [["nobody watches", f"{bare:.2f}", "", "", "", f"{IDLE_BUDGET:g}"]]
    ours = logged(sys.executable, "pytest_distil", args.calls, args.repeat)
    rows.append(["log handlers, a file", *(f"{one:.1f}" for one in ours), f"{LOGGED_BUDGET:g}"])
    if args.ancestor:
        theirs = logged(args.ancestor, "instructor", args.calls, args.repeat)
        rows.append(["the same, `instructor` 1.17", *(f"{one:.1f}" for one in theirs), ""])
    print(f"What a mark adds to a call, in µs; {heading('pytest-distil', 'pydantic')}\n")
    print(table(["", "new call, CPU", "wall", "again, CPU", "wall", "budget"], rows))
    measured = (("nobody watches", bare, IDLE_BUDGET), ("log handlers", ours[0], LOGGED_BUDGET))
    over = [name for name, took, most in measured if took > most]
    if over:
        sys.exit(f"over budget: {', '.join(over)}")


if __name__ == "__main__":
    main()
