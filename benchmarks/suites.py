"""Collecting from public test suites, against what the interpreter's profile says of them.

    python -m venv V; V/bin/pip install pytest-distil freezegun text-unidecode pretend hypothesis
    V/bin/pip download --no-binary :all: --no-deps -d D humanize==4.17.0 ...; unpack each in D
    V/bin/python benchmarks/suites.py D [name-version ...]

Each suite runs plain, under a profile, and collecting; a line of the table says what came of it.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RUNS = 3
"""Runs of each kind whose median is the time."""

_TWICE = ("results differ", "conflict", "majority")
_PROFILE = Path(__file__).with_name("profiling.py")


@dataclass(frozen=True, slots=True)
class Suite:
    """A public suite and the functions that fit."""

    folder: str
    """Of the unpacked source distribution: `name-version`."""
    targets: tuple[str, ...]
    args: tuple[str, ...] = ("tests",)
    path: str = "."
    """Where its package is."""


SUITES = (
    Suite(
        "humanize-4.17.0",
        ("humanize.number:intcomma", "humanize.number:ordinal", "humanize.filesize:naturalsize"),
        ("tests", "--ignore=tests/test_benchmarks.py"),
        path="src",
    ),
    Suite("num2words-0.5.14", ("num2words:num2words",), ("tests", "--ignore=tests/test_cli.py")),
    Suite("python_slugify-9.2.0", ("slugify.slugify:slugify",)),
    Suite(
        "python_stdnum-2.2",
        ("stdnum.isbn:validate", "stdnum.isbn:split", "stdnum.luhn:validate", "stdnum.iban:validate"),
        ("tests", "stdnum", "-o", "addopts=--doctest-modules --doctest-glob=*.doctest"),  # without its coverage
    ),
    Suite(
        "packaging-26.3",
        ("packaging.utils:canonicalize_name", "packaging.utils:parse_wheel_filename"),
        ("tests/test_utils.py", "tests/test_requirements.py"),
        path="src",
    ),
    Suite("cleanco-2.3", ("cleanco.clean:custom_basename", "cleanco.clean:normalized")),
    Suite(
        "inflection-0.5.1",
        ("inflection:pluralize", "inflection:singularize", "inflection:titleize"),
        ("test_inflection.py",),
    ),
)


def main(root: Path, names: list[str]) -> None:
    """Print the table, of some suites or of all."""
    print("| suite | result | functions | calls by the profile | recorded | distinct | left out | time |")
    print("|---|---|---|---|---|---|---|---|")
    for suite in [one for one in SUITES if one.folder in names or not names]:
        print(_line(root / suite.folder, suite), flush=True)


def _line(folder: Path, suite: Suite) -> str:
    """Run one suite in its three ways; return its line of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        marks = ["--distil-collect", f"--distil-dir={home}", *(f"--distil-function={one}" for one in suite.targets)]
        plain = [_run(folder, suite, []) for _ in range(RUNS)]
        profiled = Path(scratch) / "counts.json"
        _run(folder, suite, ["-p", _PROFILE.stem], DISTIL_PROFILED=json.dumps([str(profiled), *suite.targets]))
        collecting = [_run(folder, suite, marks) for _ in range(RUNS)]
        sessions = sorted((home / "sessions").glob("*/session.json"))
        manifest = json.loads(sessions[0].read_text())
        calls = sum(json.loads(profiled.read_text()).values())
    before, after = (statistics.median(seconds for _, seconds in runs) for runs in (plain, collecting))
    outcome = {result for result, _ in plain + collecting}
    recorded = sum(task["calls"] for task in manifest["tasks"])
    distinct = sum(task["train"] + task["validation"] + task["held_out"] for task in manifest["tasks"])
    left_out = manifest["left_out"]
    lost = calls - recorded - sum(n for reason, n in left_out.items() if not _is_counted_twice(reason))
    reasons = "; ".join(f"{n} {reason}" for reason, n in left_out.items()) or "none"
    cells = (
        suite.folder,
        " / ".join(sorted(outcome)),
        ", ".join(f"`{one}`" for one in suite.targets),
        f"{calls:,}" + (f" ({lost:+,} unexplained)" if lost else ""),
        f"{recorded:,}",
        f"{distinct:,}",
        reasons,
        f"{before:.2f} s, {after:.2f} s: {after / before:.2f} x",
    )
    return f"| {' | '.join(cells)} |"


def _is_counted_twice(reason: str) -> bool:
    """Return whether a reason leaves out distinct calls whose repetitions were recorded before."""
    return any(word in reason for word in _TWICE)


def _run(folder: Path, suite: Suite, more: list[str], **variables: str) -> tuple[str, float]:
    """Run a suite; return what its last line says of tests, and seconds."""
    search = os.pathsep.join([str(folder / suite.path), str(folder), str(_PROFILE.parent)])
    environment = {**os.environ, **variables, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", *more, *suite.args]
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    lines = [line for line in done.stdout.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    if not lines:
        raise SystemExit(f"{suite.folder}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return re.sub(r" in [\d.]+s.*|=+ ?", "", lines[-1]).strip(), seconds


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
