"""What exit status an evaluating run has, and what it says where that is not zero."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

# Here, because a run in this process forgets at its end what it imported, and would import it again each time.
import pytest_distil.plugin.launch  # noqa: F401
from support.evaluating import Project, Ran, answering
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer, Reply, error

ALL = "--distil-gate-on=all"

MAJORITY = "--distil-eval=memory:majority"
"""Right about 26 of 30 calls: 86.7 %."""


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the small suite, collected."""
    project = Project(tmp_path_factory.mktemp("labels"), labels=LABELS, test_labels=THIRTY)
    project.collect()
    return project


def last_line(ran: Ran) -> str:
    """Return what stands directly above pytest's closing line: the ruling, whatever width it was wrapped at."""
    summary = ran.out.rpartition("distil: evaluated")[2]
    return " ".join(" ".join(summary.split("distil: ")[-1].split()).split("=====")[0].split())


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        pytest.param((), 0, "not gated", id="no gate"),
        pytest.param(
            ("--distil-fail-under=99", ALL),
            1,
            "86.7 % agreement on 30 calls (Wilson 70.3 to 94.7) - below 99 %: FAILED",
            id="below",
        ),
        pytest.param(("--distil-fail-under=80", ALL), 0, "passed", id="above"),
        pytest.param(
            ("--distil-fail-under=80", ALL, "-n", "2"), 0, "passed", id="above, with workers", marks=pytest.mark.slow
        ),
        pytest.param(("--distil-fail-under=99", ALL, "-n", "2"), 1, "below 99 %", id="below, with workers"),
        pytest.param(("--distil-fail-under-tests=90",), 1, "86.7 % of 30 tests pass", id="tests below"),
        pytest.param(("--distil-fail-under-tests=85",), 0, "passed", id="tests above"),
    ],
)
def test_thresholds(labels: Project, options: tuple[str, ...], status: int, says: str) -> None:
    """Without a gate a run that can be judged ends with 0; a gate decides between 0 and 1, and counts as a test."""
    ran = labels.run(MAJORITY, *options, plugins=("xdist",))

    assert status == ran.status
    assert says.lower() in last_line(ran).lower(), ran.out
    assert {"passed": 26, "disagreed": 4, **({"failed": 1} if status else {})} == ran.counts


def test_a_failing_test_beside_the_gate(tmp_path: Path) -> None:
    """A test's own failure is one, whatever the gate says; both are told."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY + "\n    def test_bug():\n        assert 1 == 2\n")
    project.collect()
    ran = project.run(MAJORITY, "--distil-fail-under=80", ALL)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert {"failed": 1, "passed": 26, "disagreed": 4} == ran.counts
    assert "passed" in last_line(ran)


def test_without_a_terminal(labels: Project) -> None:
    """With `-p no:terminal` the ruling is one line on stderr."""
    ran = labels.run(MAJORITY, "--distil-fail-under=99", ALL, "-p", "no:terminal")

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert "" == ran.out.strip()
    assert 1 == len(ran.err.strip().splitlines())
    assert "86.7 % agreement on 30 calls" in ran.err
    assert "below 99 %: FAILED" in ran.err


def test_from_a_script(labels: Project) -> None:
    """`pytest.main()` returns the status, also under `-W error`."""
    labels.write(
        script=f"""
            import sys
            import warnings
            warnings.simplefilter("error")
            import pytest_distil
            import pytest
            status = pytest.main(["-p", "pytest_distil.plugin", "-q", {MAJORITY!r}, "--distil-fail-under=99", {ALL!r}])
            print("returned", int(status))
        """
    )
    done = labels.run_script("script")

    assert "returned 1" in done.splitlines(), done


NO_CALLS = """
    def test_no_call():
        pass
"""


@pytest.mark.parametrize("gate", [(), pytest.param(("--distil-fail-under=50",), marks=pytest.mark.slow)])
def test_nothing_compared(tmp_path: Path, gate: tuple[str, ...]) -> None:
    """A run without any call has evaluated nothing, and fails with or without a gate."""
    project = Project(tmp_path, labels=LABELS, test_none=NO_CALLS)
    with ChatServer(answering(wrong_for({}))) as server:
        ran = project.evaluate(server, *gate)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert "nothing was compared" in last_line(ran)


def test_no_tests(tmp_path: Path) -> None:
    """Without tests the status stays pytest's own, and nothing is asked or told."""
    ran = Project(tmp_path, labels=LABELS).run("--distil-eval=student", "-o", "distil_base_url=http://127.0.0.1:1/v1")

    assert pytest.ExitCode.NO_TESTS_COLLECTED == ran.status
    assert ran.written is None


def refusing(status: int, message: str) -> Any:
    """Return a model that answers nothing."""
    return lambda *_: error(status, message)


@pytest.mark.parametrize(
    ("model", "says", "most"),
    [
        pytest.param(refusing(404, "The model `student` does not exist"), "check the model's id", 32, id="no model"),
        pytest.param(
            refusing(401, "Incorrect API key"), "check the API key", 32, id="wrong key", marks=pytest.mark.slow
        ),
        pytest.param(
            lambda _, arguments: error(400, "bad luck") if arguments["n"] == 2 else "even",
            "1 of 30 answers failed, more than 1 % (most often: status 400: bad luck, 1)",
            30,
            id="one fails",
        ),
        pytest.param(
            lambda *_: Reply(content='{"value":"even"}', model="another"),
            "'another' answered where 'student' was asked for",
            30,
            id="another model",
        ),
        pytest.param(
            lambda *_: Reply(content='{"value":"even"}', model="student-2025-01-01"),
            "not gated",
            30,
            id="its version",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_servers_do(labels: Project, tmp_path: Path, model: Any, says: str, most: int) -> None:
    """What makes a rate meaningless fails the run, gated or not, with one sentence and no traceback."""
    project = labels.copy(tmp_path / "copy")
    with ChatServer(answering(model)) as server:
        ran = project.evaluate(server)

    assert ("not gated" not in says) == ran.status
    assert says in last_line(ran), ran.out
    assert "Traceback" not in ran.out + ran.err
    assert "Error" not in ran.out + ran.err
    assert len(server.requests) <= most


def test_nobody_there(labels: Project, tmp_path: Path) -> None:
    """A server that cannot be reached fails the run with one sentence; tests get the original's values."""
    ran = labels.copy(tmp_path / "copy").evaluate("http://127.0.0.1:1/v1")

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert {"failed": 1, "passed": 30} == ran.counts
    assert "nobody answers at http://127.0.0.1:1/v1" in last_line(ran)
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "1"), marks=pytest.mark.slow)])
def test_no_key(labels: Project, workers: tuple[str, ...]) -> None:
    """Where nothing says whom to ask, the run ends before its first test, with one message."""
    ran = labels.run("--distil-eval=student", *workers, plugins=("xdist",))

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert 1 == ran.err.count("no model server is known: set DISTIL_BASE_URL")
    assert "passed" not in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_a_dry_run(labels: Project) -> None:
    """`--distil-dry-run` says how much would go where, asks nothing, and judges nothing."""
    with ChatServer(answering(wrong_for({}))) as server:
        ran = labels.evaluate(server, "--distil-dry-run")
        workers = labels.evaluate(server, "--distil-dry-run", "-n", "2", plugins=("xdist",))

    assert pytest.ExitCode.OK == ran.status
    assert {"passed": 30} == ran.counts
    assert f"would go to student at {server.url}; nothing was asked" in ran.out
    assert "30 prompts of about " in ran.out
    assert "the longest is about " in ran.out
    assert [line for line in ran.out.splitlines() if "would go to" in line] == [
        line for line in workers.out.splitlines() if "would go to" in line
    ]
    assert [] == server.requests
    assert ran.written is None


def test_the_announcement(labels: Project, tmp_path: Path) -> None:
    """Before the first request one line says how many prompts and tokens go where; a store may make it fewer."""
    project = labels.copy(tmp_path / "copy")
    with ChatServer(answering(wrong_for({}))) as server:
        ran = project.evaluate(server)
        workers = project.evaluate(server, "-n", "1", plugins=("xdist",))
        nothing = project.evaluate(server, "--distil-session=none", "-k", "each[1]")
    said = f"go to student at {server.url}; stored answers are not asked for again"

    for one in (ran, workers):
        [line] = [line for line in one.out.splitlines() if line.startswith("distil: up to 30 prompts of about ")]
        assert line.endswith(said)
        assert one.out.index(line) < one.out.index("100%")
    assert f"distil: no session holds calls of these tests; student at {server.url} is asked" in nothing.out
    assert 31 == len(server.requests)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--distil-eval=m", "--distil-fail-under=0.95"), "--distil-fail-under: is a percentage: write 95, not 0.95"),
        (("--distil-eval=m", "--distil-fail-under=high"), "--distil-fail-under: takes a number, not 'high'"),
        (("--distil-eval=m", "--distil-eval=n"), "--distil-eval: two models, 'm' and 'n'"),
        (("--distil-eval=a=m", "--distil-eval=a=n"), "--distil-eval: two models for the task 'a'"),
        (("--distil-eval=m", "--distil-collect"), "--distil-collect: cannot be used with --distil-eval"),
        (("--distil-eval=m", "--distil-format=raw"), "--distil-format: no model can be asked in the format 'raw'"),
        (("--distil-eval", "test_one.py"), "--distil-eval: 'test_one.py' is a path, not a model"),
        (("--distil-eval=memory:elephant",), "--distil-eval: 'memory:elephant' is none of memory:lookup"),
        (("--distil-eval=memory:nearest",), "memory models answer from"),
        (("--distil-eval=recorded:nowhere",), "--distil-eval: there is no file 'nowhere' with recorded answers"),
        (("--distil-eval=m", "--distil-session=nowhere"), "nowhere: no session"),
        (("--distil-eval=m", "--distil-concurrency=0"), "--distil-concurrency: takes a whole number from 1"),
        (("--distil-eval=m", "--distil-return=both"), "--distil-return: is one of model, original, not 'both'"),
        (("--distil-eval=m", "--distil-offline", "--distil-refresh"), "--distil-offline: cannot be used with"),
        (
            ("--distil-eval=m", "--distil-baseline=last.json", "--distil-report=./last.json"),
            "--distil-report: 'last.json' is the baseline, and a run that is worse would take its place",
        ),
        (("--distil-fail-under=90",), "--distil-fail-under: needs --distil-eval=MODEL"),
        (("--distil-eval=m", "--distil-dry-run", "--distil-fail-under=90"), "--distil-dry-run: asks nothing"),
    ],
)
def test_usage_errors(pytester: pytest.Pytester, options: tuple[str, ...], says: str) -> None:
    """An option that cannot be meant ends the run before it begins, with a message that names it."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(test_one="def test_one(): pass")
    before = set(sys.modules)
    ran = pytester.runpytest_inprocess(*options)

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    ran.stderr.fnmatch_lines([f"ERROR: *{says.replace('[', '?')}*"])
    assert not (pytester.path / ".distil").exists()
    assert "openai" not in set(sys.modules) - before


@pytest.mark.parametrize(("mark", "says"), [("must_agree", "marked must_agree"), ("must_pass", "marked must_pass")])
def test_pins(tmp_path: Path, mark: str, says: str) -> None:
    """A pinned call that differs, or a pinned test that disagrees, fails the run whatever the rate is."""
    pinned = f"""
    @pytest.mark.distil({mark}=True)
    def test_pinned():
        assert parity(1) == "odd"
    """
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY + pinned)
    project.collect()
    ran = project.run(MAJORITY, "--distil-fail-under=50", ALL)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert says in last_line(ran), ran.out
