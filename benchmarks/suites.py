"""Collecting from public test suites, against what the interpreter's profile says of them.

    V/bin/python benchmarks/suites.py D [name-version ...]

V and D are made as `examples/suites.md` says. Each suite runs plain, under a profile, and collecting; a line of the
table says what came of it.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = 3
"""Runs of each kind, in turns, whose median is the time; those before them, which write the byte code, do not count."""

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
    Suite("num2words-0.5.14", ("num2words:num2words",), ("tests", "--ignore=tests/test_cli.py")),  # unittest classes
    Suite("python_slugify-9.2.0", ("slugify.slugify:slugify",)),  # warnings are errors, subtests
    Suite(
        "python_stdnum-2.2",
        ("stdnum.isbn:validate", "stdnum.isbn:split", "stdnum.luhn:validate", "stdnum.iban:validate"),
        # As it is configured, without measuring coverage.
        (
            *("tests", "stdnum", "--ignore=stdnum/iso9362.py"),
            *("-o", "addopts=--doctest-modules --doctest-glob=*.doctest"),
        ),
    ),
    Suite(
        "packaging-26.3",
        (
            "packaging.utils:canonicalize_name",
            "packaging.utils:canonicalize_version",
            "packaging.utils:is_normalized_name",
        ),
        # Of its many tests those that call them; strict markers and configuration, warnings are errors, Hypothesis.
        (
            *("tests/test_utils.py", "tests/test_requirements.py", "tests/property/test_ranges_cross_epoch.py"),
            *("-m", "", "--hypothesis-seed=0"),
        ),
        path="src",
    ),
    # `cleanco.basename` is a partial of `custom_basename`, which `cleanco/__init__.py` takes from its module.
    Suite("cleanco-2.3", ("cleanco.clean:custom_basename", "cleanco.clean:strip_tail", "cleanco.clean:remove_accents")),
    Suite(
        "inflection-0.5.1",
        ("inflection:pluralize", "inflection:singularize", "inflection:titleize"),
        ("test_inflection.py",),
    ),
    Suite("sqlparse-0.6.1", ("sqlparse:format", "sqlparse:split")),
    Suite("ftfy-6.3.1", ("ftfy:fix_text", "ftfy.badness:is_bad"), ("tests", "ftfy", "--ignore=tests/test_cli.py")),
    Suite(
        "tldextract-5.4.0",
        ("tldextract.remote:lenient_netloc", "tldextract.remote:looks_like_ip", "tldextract.remote:looks_like_ipv6"),
        ("tests/main_test.py", "tests/test_trie.py", "tests/custom_suffix_test.py", "tldextract", "--noconftest"),
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a suite."""

    result: str
    """What pytest's last line says of tests."""
    tests: tuple[str, ...]
    """Each test with its outcome, sorted."""
    seconds: float
    """Of CPU, of the process and its children: other work on the machine does not count."""


def main(root: Path, names: list[str]) -> None:
    """Print the table, of some suites or of all."""
    print("| suite | result | functions | calls by the profile | recorded | distinct | left out | CPU time |")
    print("|---|---|---|---|---|---|---|---|")
    for suite in [one for one in SUITES if one.folder in names or not names]:
        print(_line(root / suite.folder, suite), flush=True)


def _line(folder: Path, suite: Suite) -> str:
    """Run one suite in its three ways; return its line of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        home, profiled = Path(scratch) / "home", Path(scratch) / "counts.json"
        marks = ["--distil-collect", f"--distil-dir={home}", *(f"--distil-function={one}" for one in suite.targets)]
        cache = {"PYTHONPYCACHEPREFIX": scratch}
        pairs = [(_run(folder, suite, [], **cache), _run(folder, suite, marks, **cache)) for _ in range(1 + RUNS)]
        _run(folder, suite, ["-p", _PROFILE.stem], DISTIL_PROFILED=json.dumps([str(profiled), *suite.targets]), **cache)
        manifest = json.loads(min((home / "sessions").glob("*/session.json")).read_text())
        profile = json.loads(profiled.read_text())
    before, after = (statistics.median(run.seconds for run in runs) for runs in zip(*pairs[1:], strict=True))
    cells = (
        suite.folder,
        _result([run for pair in pairs for run in pair]),
        ", ".join(f"`{one}`" for one in suite.targets),
        *_counts(manifest, calls=sum(profile["calls"].values()), early=sum(profile["early"].values())),
        f"{before:.2f} s, {after:.2f} s: {after / before:.2f} x",
    )
    return f"| {' | '.join(cells)} |"


def _result(runs: list[Run]) -> str:
    """Return the result that all runs have; where they differ, each of them, and that they do."""
    results = " / ".join(sorted({run.result for run in runs}))
    return results + " (TESTS DIFFER)" * (len({run.tests for run in runs}) > 1)


def _counts(manifest: dict[str, Any], *, calls: int, early: int) -> tuple[str, ...]:
    """Return what the profile saw, what was recorded, how much of that is distinct, and what was left out."""
    left_out = manifest["left_out"]
    recorded = sum(task["calls"] for task in manifest["tasks"])
    distinct = sum(task["train"] + task["validation"] + task["held_out"] for task in manifest["tasks"])
    lost = calls - recorded - sum(n for reason, n in left_out.items() if not _is_counted_twice(reason))
    return (
        f"{calls:,}" + f" (and {early:,} early)" * bool(early) + f" ({lost:+,} UNEXPLAINED)" * bool(lost),
        f"{recorded:,}",
        f"{distinct:,}",
        "; ".join(f"{n:,} {reason}" for reason, n in left_out.items()) or "none",
    )


def _is_counted_twice(reason: str) -> bool:
    """Return whether a reason leaves out distinct calls whose repetitions were recorded before."""
    return any(word in reason for word in _TWICE)


def _run(folder: Path, suite: Suite, more: list[str], **variables: str) -> Run:
    """Run a suite."""
    search = os.pathsep.join([str(folder / suite.path), str(folder), str(_PROFILE.parent)])
    environment = {**os.environ, **variables, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider", *more, *suite.args]
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = done.stdout.splitlines()
    results = [line for line in lines if re.search(r"\d+ (passed|failed|error).* in [\d.]+s", line)]
    tests = [re.sub(r"\s+\[ *\d+%\]$", "", line) for line in lines if re.search(r" [A-Z]{4,}.*%\]$", line)]
    if not (results and tests):
        raise SystemExit(f"{suite.folder}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Run(
        re.sub(r" in [\d.]+s.*|=+ ?", "", results[-1]).strip(),
        tuple(sorted(tests)),
        end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
