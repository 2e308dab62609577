"""Outcomes of tests, verdicts, options and ways to run: what each combination comes to, everywhere it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core import gate
from pytest_distil.core.settings import Settings
from pytest_distil.reports import words
from pytest_distil.run.gating import wanted
from support.evaluating import Project, Ran
from support.junit_schema import faults
from support.labels import LABELS, THIRTY

MAJORITY = "--distil-eval=memory:majority"
"""Right about the even numbers."""

ALL = "--distil-gate-on=all"
LOW = ("--distil-fail-under=80", ALL)
HIGH = ("--distil-fail-under=99", ALL)

LAST = """
    import os
    from pathlib import Path

    def test_last():
        assert parity(100) == "even"
        how = os.environ.get("HOW", "")
        if how == "flaky" and not Path("tried").exists():
            Path("tried").touch()
            raise ValueError(how)
        if how == "fails":
            raise ValueError(how)
        if how == "skips":
            pytest.skip(how)
        if how == "interrupts":
            raise KeyboardInterrupt
        if how == "exits":
            pytest.exit(how, returncode=7)
        if how == "crashes":
            os._exit(3)

    @pytest.fixture
    def torn():
        yield
        if os.environ.get("HOW") == "tears":
            raise ValueError

    def test_torn(torn):
        assert parity(102) == "even"
"""
"""Two more tests, one of which ends as the environment says."""


@dataclass(frozen=True, slots=True)
class Row:
    """One combination, and what it comes to."""

    options: tuple[str, ...]
    status: int
    passed: bool | None
    says: str
    """A part of the ruling's line, or of a reason; empty where there is no report."""
    how: str = ""
    plugins: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def id(self) -> str:
        """Name it in the output of a test run."""
        return f"{self.how or 'passes'} {' '.join(self.options)}"


TWO = ("-n", "2")
XDIST = ("xdist",)
RERUNS = ("--reruns", "1")
RERUN = ("pytest_rerunfailures",)

FAST = (
    Row(LOW, 0, True, "at least 80 %: passed"),
    Row(HIGH, 1, False, "87.5 % agreement on 32 calls (Wilson 71.9 to 95) - below 99 %: FAILED"),
    Row((), 0, None, "not gated"),
    Row(LOW, 1, True, "passed", how="fails"),
    Row(HIGH, 1, False, "below 99 %", how="fails"),
    Row((*LOW, "-x"), 1, None, "interrupted: not judged", how="fails", interrupted=True),
    Row(LOW, 2, None, "interrupted: not judged", how="interrupts", interrupted=True),
    Row(LOW, 7, None, "interrupted: not judged", how="exits", interrupted=True),
    Row((*HIGH, "-k", "each"), 1, False, "86.7 % agreement on 30 calls"),
    Row((*HIGH, "-k", "nothing_of_this"), 5, None, ""),
    Row((*HIGH, "--collect-only"), 0, None, ""),
    Row((*LOW, *RERUNS), 0, True, "passed", how="flaky", plugins=RERUN),
    Row((*LOW, *TWO), 1, False, "of the run crashed, so calls are missing", how="crashes", plugins=XDIST),
    Row(("--distil-baseline=nowhere.json",), 1, False, "there is no baseline 'nowhere.json'"),
)

SLOW = (
    Row((*LOW, *TWO), 0, True, "passed", plugins=XDIST),
    Row((*HIGH, *TWO), 1, False, "below 99 %", plugins=XDIST),
    Row((*LOW, *TWO), 1, True, "passed", how="fails", plugins=XDIST),
    Row((*LOW, *TWO, *RERUNS), 0, True, "passed", how="flaky", plugins=(*XDIST, *RERUN)),
    Row((*HIGH, *TWO, "--collect-only"), 0, None, "", plugins=XDIST),
    Row((*HIGH, *TWO, "-k", "nothing_of_this"), 5, None, "", plugins=XDIST),
    Row((*LOW, *TWO, "-k", "each[2]"), 0, True, "100 % agreement on 1 call", plugins=XDIST),
    Row(LOW, 1, True, "passed", how="tears"),
    Row(HIGH, 1, False, "below 99 %", how="tears"),
    Row(LOW, 0, True, "passed", how="skips"),
    Row((*HIGH, "-x"), 1, False, "below 99 %"),
    Row((*HIGH, "-q"), 1, False, "below 99 %"),
    Row(("--distil-fail-under=80", "--distil-gate-on=new-patterns"), 1, False, "no call is of a new pattern"),
    Row((*LOW, "--distil-confidence=95"), 1, False, "at least 74.9 % at 95 % confidence"),
    Row((*LOW, "-o", "distil_min_calls=50"), 1, False, "at least 50 must be; collect more"),
    Row((*LOW, "-o", "distil_thresholds=parity=95"), 1, False, "parity is below 95 %"),
    Row((*LOW, "-o", "distil_thresholds=elsewhere=95"), 1, False, "elsewhere"),
    Row(("--distil-baseline=nowhere.json", "--distil-baseline-missing=ok", *LOW), 0, True, "passed"),
    Row(("--distil-fail-under-tests=99", "--distil-return=original"), 1, False, "no test got a value from the model"),
)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the suite, collected."""
    project = Project(tmp_path_factory.mktemp("table"), labels=LABELS, test_labels=THIRTY + LAST)
    project.collect()
    return project


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in FAST])
def test_row(collected: Project, tmp_path: Path, row: Row) -> None:
    """Exit status, ruling, last line, JUnit and report say one thing, and nothing passes that should not."""
    _holds(collected, tmp_path, row)


@pytest.mark.slow
@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in SLOW])
def test_rarer_row(collected: Project, tmp_path: Path, row: Row) -> None:
    """The same for combinations that differ less."""
    _holds(collected, tmp_path, row)


def _holds(collected: Project, folder: Path, row: Row) -> None:
    """Run a row, and compare everything that tells of the gate."""
    project = collected.copy(folder / "suite")
    ran = project.run(MAJORITY, *row.options, "--junitxml=junit.xml", plugins=row.plugins, HOW=row.how)

    assert row.status == ran.status, f"{ran.out}\n{ran.err}"
    if not row.says:
        assert ran.written is None
        assert "distil: " not in ran.out
        return

    ruling = ran.report["ruling"]

    assert row.passed == ruling["passed"], ruling["reasons"]
    assert row.interrupted == ruling["interrupted"]
    assert row.says in "\n".join([words.ruling(ran.report), *ruling["reasons"]])
    assert gate.judge(ran.report, wants=wanted(Settings.from_json(ran.report["settings"]))) == ruling
    if row.how != "exits":  # then pytest prints no summary
        assert words.ruling(ran.report) == _last_line(ran)
    assert all(reason in ran.out or reason == _told(ran.report) for reason in ruling["reasons"])
    _agrees_in_junit(project, ran, row)


def _last_line(ran: Ran) -> str:
    """Return the line of the ruling, which nothing but pytest's own closing lines follows."""
    lines = ran.out.strip().splitlines()
    at = max(number for number, line in enumerate(lines) if line.startswith("distil: "))
    rest = [line for line in lines[at + 1 :] if not line.startswith(("=", "!")) and " in " not in line]

    assert [] == rest or "KeyboardInterrupt" in ran.out, rest

    return lines[at]


def _told(report: dict[str, Any]) -> str | None:
    """Return the reason that the ruling's line tells in its own words."""
    overall = report["ruling"]["overall"]
    return overall["reason"] if overall and len(report["ruling"]["reasons"]) == 1 else None


def _agrees_in_junit(project: Project, ran: Ran, row: Row) -> None:
    """Hold the JUnit file against the schema, the ruling and the tests."""
    assert [] == faults(project.folder / "junit.xml")

    cases = project.junit()
    own = cases.pop("gate", None)

    assert (row.passed is not None) == (own is not None)
    if own is not None:
        failure = own.find("failure")
        told = None if failure is None else failure.text

        assert (None if row.passed else "\n".join(ran.report["ruling"]["reasons"])) == told
    for name, case in cases.items():
        said = [one.get("name") for one in case.iter("property")]

        assert len(said) == len(set(said)), name


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
    ran = collected.copy(tmp_path / "suite").run(MAJORITY, "--distil-confidence=95", *options)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert any(line.startswith(says) for line in ran.out.splitlines())
    assert ran.out.index(says) < ran.out.index("100%")


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"v": 1, "kind": "baseline"}'])
def test_a_damaged_baseline(collected: Project, tmp_path: Path, text: str) -> None:
    """A baseline that cannot be read ends the run before its first test, with a message that names the file."""
    project = collected.copy(tmp_path / "suite")
    (project.folder / "base.json").write_text(text)
    ran = project.run(MAJORITY, "--distil-baseline=base.json")

    assert pytest.ExitCode.USAGE_ERROR == ran.status, ran.out
    assert "base.json" in ran.err
    assert "Traceback" not in ran.out + ran.err
