"""Outcomes of tests, verdicts, options and ways to run: what each combination comes to, everywhere it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.cli import main
from pytest_distil.core import gate
from pytest_distil.core.settings import Settings
from pytest_distil.reports import words
from pytest_distil.run.gating import wanted
from support.evaluating import Project, Ran, answering
from support.junit_schema import faults
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer

ALL = "--distil-gate-on=all"
LOW = ("--distil-fail-under=80", ALL)
HIGH = ("--distil-fail-under=99", ALL)

RECORDED = "--distil-eval=recorded:differ.jsonl"

LAST = """
    import os
    import signal
    import time
    from pathlib import Path

    HOW = os.environ.get("HOW")

    @pytest.fixture
    def torn():
        if HOW == "errors":
            raise ValueError(HOW)
        yield
        if HOW == "tears":
            raise ValueError(HOW)

    def test_last(torn):
        assert parity(100) == "even"
        if HOW == "fails" or (HOW == "flaky" and not Path("twice").exists()):
            Path("twice" if Path("once").exists() else "once").touch()
            raise ValueError(HOW)
        if HOW == "skips":
            pytest.skip(HOW)
        if HOW == "xfails":
            pytest.xfail(HOW)
        if HOW == "exits":
            pytest.exit(HOW, returncode=7)
        if HOW == "crashes":
            os._exit(3)

    def test_end():
        assert parity(102) == "even"
        if "CTRL_C" in os.environ:
            os.killpg(0, signal.SIGINT)  # as a terminal sends it: to all processes of the run
            time.sleep(60)
"""
"""Two more tests: one ends as the environment says, in the other somebody presses Ctrl-C."""

CONFTEST = """
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
"""
"""What is started in the background, these tests for example, ignores Ctrl-C, and so does all that it starts."""

WAYS: dict[str, tuple[str, ...]] = {
    "": (),
    "-x": ("-x",),
    "-k": ("-k", "each"),
    "--lf": ("--lf",),
    "--collect-only": ("--collect-only",),
    "reruns": ("--reruns", "1"),
    "Ctrl-C": (),
}
"""`--lf` selects the last two tests, which failed before, and `-k` all others."""

HOWS = ("fails", "errors", "tears", "skips", "xfails", "flaky", "exits", "crashes")
"""How the last test but one ends where it does not pass; `flaky` passes the third time that it runs."""

FAILING = ("fails", "errors", "tears", "crashes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One combination, and what it comes to."""

    options: tuple[str, ...]
    status: int
    passed: bool | None = None
    says: str = ""
    """A part of the ruling's line, or of a reason; empty where there is no report."""
    how: str = "passes"
    verdict: str = "differ"
    """On the four odd numbers; on all others the model agrees."""
    way: str = ""
    workers: bool = False

    def __str__(self) -> str:
        return " ".join(filter(None, [self.how, self.verdict, self.way, "-n 2" * self.workers, *self.options]))

    @property
    def interrupted(self) -> bool:
        """Whether the run does not come to its end by itself."""
        return self.says == "interrupted: not judged"


def combinations() -> Iterator[Row]:
    """Yield every outcome and every verdict in every way, under gates that tell them apart."""
    outcomes = [Row(how=how, options=LOW, status=0) for how in HOWS]
    gates: dict[str, list[tuple[str, ...]]] = {
        "agree": [HIGH],
        "differ": [LOW, HIGH],
        "invalid": [HIGH],
        "failed": [(), LOW],
    }
    verdicts = [Row(verdict=one, options=options, status=0) for one, each in gates.items() for options in each]
    for row, way, workers in product([*verdicts, *outcomes], WAYS, (False, True)):
        is_selected = row.how == "passes" or way not in ("-k", "--collect-only")
        # With workers it is chance what ends the run first.
        is_chance = workers and (row.how, way) in (("crashes", "-x"), ("crashes", "Ctrl-C"), ("exits", "Ctrl-C"))
        if is_selected and not is_chance:
            yield comes_to(replace(row, way=way, workers=workers))


def comes_to(row: Row) -> Row:
    """Return a combination with what it must come to: what pytest makes of the tests, and the gate of the calls."""
    if row.way == "--collect-only":
        return row
    if status := stopped(row):
        is_told = row.how != "crashes" and (row.how, row.way, row.workers) != ("exits", "--lf", False)
        return replace(row, status=status, says="interrupted: not judged" if is_told else "")
    wrong = row.verdict != "agree" and row.way != "--lf"
    reasons = {
        "of the run crashed, so calls are missing": row.how == "crashes",
        "answers failed, more than 1 %": wrong and row.verdict == "failed",
        "below 99 %": wrong and row.options == HIGH,
    }
    found = [reason for reason, holds in reasons.items() if holds]
    fails = row.how in FAILING or (row.how == "flaky" and row.way != "reruns")
    passed = False if found else True if row.options else None
    says = found[0] if found else "passed" if row.options else "not gated"
    return replace(row, status=int(fails or passed is False), passed=passed, says=says)


def stopped(row: Row) -> int | None:
    """Return the status of a run that does not come to its end by itself; None for one that does."""
    if row.how == "exits":
        return 3 if row.workers else 7  # xdist makes an internal error of it
    if row.how == "crashes" and not row.workers:
        return 3
    if row.way == "-x" and row.how in (*FAILING, "flaky"):
        return 2 if row.workers else 1
    return 2 if row.way == "Ctrl-C" else None


RULES = (
    Row(options=LOW, status=0, passed=True, says="at least 80 %: passed"),
    Row(options=HIGH, status=1, passed=False, says="87.5 % agreement on 32 calls (Wilson 71.9 to 95) - below 99 %"),
    Row(options=(*HIGH, "-q"), status=1, passed=False, says="below 99 %"),
    Row(
        options=("--distil-fail-under=80", "--distil-gate-on=new-patterns"),
        status=1,
        passed=False,
        says="no call is of a new pattern",
    ),
    Row(options=(*LOW, "--distil-confidence=95"), status=1, passed=False, says="at least 74.9 % at 95 % confidence"),
    Row(options=(*LOW, "-o", "distil_min_calls=50"), status=1, passed=False, says="at least 50 must be; collect more"),
    Row(options=(*LOW, "-o", "distil_thresholds=parity=95"), status=1, passed=False, says="parity is below 95 %"),
    Row(options=(*LOW, "-o", "distil_thresholds=elsewhere=95"), status=1, passed=False, says="elsewhere"),
    Row(options=("--distil-baseline=no.json",), status=1, passed=False, says="there is no baseline 'no.json'"),
    Row(
        options=("--distil-baseline=no.json", "--distil-baseline-missing=ok", *LOW), status=0, passed=True, says="pass"
    ),
    Row(options=("--distil-baseline=right.json", ALL), status=1, passed=False, says="fell 12.5 points below"),
    Row(options=("--distil-baseline=right.json", ALL), status=0, passed=True, says="passed", verdict="agree"),
    Row(options=("--distil-fail-under-tests=80",), status=0, passed=True, says="passed"),
    Row(options=("--distil-fail-under-tests=99",), status=1, passed=False, says="87.5 % of 32 tests pass with"),
    Row(
        options=("--distil-fail-under-tests=99", "--distil-return=original"),
        status=1,
        passed=False,
        says="no test got a value from the model",
    ),
    Row(options=("-k", "nothing_of_this", *HIGH), status=5),
    Row(options=("-k", "last", *LOW), status=1, passed=False, says="nothing was compared: 1 call could", how="fails"),
)
"""Every kind of rule."""

QUICK = {
    str(Row(how=how, way=way, workers=workers, options=LOW, status=0))
    for how, way, workers in (
        ("fails", "", False),
        ("fails", "-x", False),
        ("fails", "reruns", False),
        ("passes", "-k", False),
        ("passes", "--lf", False),
        ("passes", "--collect-only", False),
        ("passes", "Ctrl-C", False),
        ("exits", "", False),
        ("crashes", "", True),
    )
} | {str(RULES[0]), str(RULES[1])}
"""Those that differ most, and run in every test run."""


PARAMETERS = [
    pytest.param(row, id=name, marks=() if name in QUICK else pytest.mark.slow)
    for name, row in {str(row): row for row in (*combinations(), *RULES)}.items()
]
"""All rows, each once."""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the suite, collected, with a recording of every kind of answers, a baseline, and two failures to rerun."""
    project = Project(tmp_path_factory.mktemp("table"), conftest=CONFTEST, labels=LABELS, test_labels=THIRTY + LAST)
    project.collect()
    with ChatServer(answering(wrong_for(()))) as server:
        right = project.evaluate(server, "--distil-report=right.json")
    lines = project.answers().splitlines(keepends=True)
    recordings = {
        "agree": lines,
        "differ": [line.replace("odd", "even") for line in lines],
        "invalid": [line.replace("odd", "none") for line in lines],
        "failed": [line for line in lines if "odd" not in line],
    }
    for name, each in recordings.items():
        (project.folder / f"{name}.jsonl").write_text("".join(each))
    failed = {f"test_labels.py::{name}": True for name in ("test_last", "test_end")}
    cache = project.folder / ".pytest_cache" / "v" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "lastfailed").write_text(json.dumps(failed))

    assert 32 == right.report["totals"]["agree"] == len(lines)

    return project


@pytest.mark.parametrize("row", PARAMETERS)
def test_row(
    collected: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    row: Row,
) -> None:
    """Exit status, ruling, last line, closing line, JUnit and report say one thing, and nothing passes silently."""
    project = collected.copy(tmp_path / "suite")
    monkeypatch.chdir(project.folder)  # where the run's baseline is
    ran = project.run(
        f"--distil-eval=recorded:{row.verdict}.jsonl",
        *row.options,
        *WAYS[row.way],
        *(("-n", "2") if row.workers else ()),
        "--junitxml=junit.xml",
        plugins=("xdist", "pytest_rerunfailures") if row.way == "reruns" else ("xdist",),
        HOW=row.how,
        **({"CTRL_C": "1"} if row.way == "Ctrl-C" else {}),
    )

    assert row.status == ran.status, f"{ran.out}\n{ran.err}"
    if not row.says:
        assert ran.written is None
        assert "distil: evaluated" not in ran.out
        return

    ruling = ran.report["ruling"]

    assert row.passed == ruling["passed"], ruling["reasons"]
    assert row.interrupted == ruling["interrupted"]
    assert row.says in "\n".join([words.ruling(ran.report), *ruling["reasons"]])
    assert gate.judge(ran.report, wants=wanted(Settings.from_json(ran.report["settings"]))) == ruling
    _is_told(ran, row)
    _agrees_in_junit(project, ran, row)
    _is_judged_again(ran, row, capsys)


def _is_told(ran: Ran, row: Row) -> None:
    """Hold the lines above pytest's closing line, and that line, against the ruling."""
    if row.how == "exits":  # then pytest prints no summary
        return
    lines = ran.out.strip().splitlines()
    at = max(number for number, line in enumerate(lines) if line.startswith("distil: "))
    rest = [line for line in lines[at + 1 :] if not line.startswith(("=", "!")) and " in " not in line]
    reasons = ran.report["ruling"]["reasons"]
    failed = [row.passed is False, "FAILED test_labels.py::test_last" in ran.out]

    assert words.ruling(ran.report) == lines[at]
    assert [] == rest or row.way == "Ctrl-C", rest
    assert all(reason in ran.out or reason == _told(ran.report) for reason in reasons)
    assert sum(failed) == ran.counts.get("failed", 0)


def _told(report: dict[str, Any]) -> str | None:
    """Return the reason that the ruling's line tells in its own words."""
    overall = report["ruling"]["overall"]
    return overall["reason"] if overall and len(report["ruling"]["reasons"]) == 1 else None


def _agrees_in_junit(project: Project, ran: Ran, row: Row) -> None:
    """Hold the JUnit file against the schema, the ruling and the tests."""
    reruns = 0 if row.how == "tears" else ran.counts.get("rerun", 0)

    assert [] == faults(project.folder / "junit.xml", reruns=reruns)

    cases = project.junit()
    own = cases.pop("gate", None)

    assert (row.passed is not None) == (own is not None)
    if own is not None:
        failure = own.find("failure")
        told = None if failure is None else failure.text

        assert (None if row.passed else "\n".join(ran.report["ruling"]["reasons"])) == told
    said = [name for name, _ in project.junit_properties()]

    assert ["distil_model", "distil_ruling"] == said[:2]
    assert len(set(said)) == len(said)


def _is_judged_again(ran: Ran, row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    """Hold what `pytest-distil gate` makes of the report against the run."""
    status = main(["gate", str(ran.written)])

    assert (2 if row.interrupted else int(row.passed is False)) == status
    assert words.ruling(ran.report) == capsys.readouterr().out.splitlines()[-1]


def test_the_quick_rows_are_rows() -> None:
    """No quick row is misspelt."""
    assert QUICK == {one.id for one in PARAMETERS if not one.marks}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--distil-fail-under=95", "--distil-gate-on=all"),
            "distil: 95 at 95 % confidence needs at least 52 independent calls; this session holds 32",
        ),
        (
            ("--distil-fail-under=100",),
            "distil: 100 at 95 % confidence can be shown by no number of calls; ask for less than 100",
        ),
    ],
)
def test_out_of_reach(collected: Project, tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    """A threshold that full agreement could not show is said before anything is asked, and then fails the gate."""
    ran = collected.copy(tmp_path / "suite").run(RECORDED, "--distil-confidence=95", *options)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert any(line.startswith(says) for line in ran.out.splitlines())
    assert ran.out.index(says) < ran.out.index("100%")


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"v": 1, "kind": "baseline"}'])
def test_a_damaged_baseline(collected: Project, tmp_path: Path, text: str) -> None:
    """A baseline that cannot be read ends the run before its first test, with a message that names the file."""
    project = collected.copy(tmp_path / "suite")
    (project.folder / "base.json").write_text(text)
    ran = project.run(RECORDED, "--distil-baseline=base.json")

    assert pytest.ExitCode.USAGE_ERROR == ran.status, ran.out
    assert "base.json" in ran.err
    assert "Traceback" not in ran.out + ran.err
