"""An evaluation under fire: bad servers, killed workers, a killed run, and a report that says the same."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.report import comparable
from support.evaluating import Project, answering, command, environment
from support.labels import parity
from support.server import ChatServer, Faults

pytestmark = pytest.mark.slow

CALLS = 500

LABELS = '''
    from typing import Literal

    from pydantic import BaseModel
    from pytest_distil import distil

    class Label(BaseModel):
        n: int
        parity: Literal["even", "odd"]
        digits: list[int]

    @distil
    def label(n: int) -> Label:
        """Say what is known of a number."""
        return Label(n=n, parity="odd" if n % 2 else "even", digits=[int(one) for one in str(n)])
'''

TESTS = f"""
    import pytest
    from labels import label

    @pytest.mark.parametrize("n", range({CALLS}))
    def test_label(n):
        assert label(n).n == n
"""

WRONG = range(0, CALLS, 9)

FIRE = Faults(limited=0.2, errors=0.05, cut=0.02, slow=0.02, slow_seconds=8.0)
"""Of 500 first tries 100 get status 429, 25 status 500, 10 are cut, and 10 are slower than the timeout."""


def known(task: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer like the original, but for every ninth number."""
    n = arguments["n"]
    return {"n": n, "parity": parity(n + (n in WRONG)), "digits": [int(one) for one in str(n)]}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the suite, collected."""
    project = Project(tmp_path_factory.mktemp("suite"), labels=LABELS, test_labels=TESTS)
    project.collect()
    return project


@pytest.fixture(scope="module")
def calm(suite: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the report of a run in which nothing went wrong."""
    project = suite.copy(tmp_path_factory.mktemp("calm") / "suite")
    with ChatServer(answering(known)) as server:
        return project.evaluate(server).report


def test_a_bad_server(suite: Project, calm: dict[str, Any], tmp_path: Path) -> None:
    """With limits, errors, cut connections and timeouts, every call gets its one answer, and the report is the same."""
    project = suite.copy(tmp_path / "suite")
    with ChatServer(answering(known), faults=FIRE, latency=0.02) as server:
        ran = project.evaluate(server, "-o", "distil_timeout=4", "--distil-concurrency=16")

    usage = ran.report["usage"]
    assert (CALLS - len(WRONG), len(WRONG)) == (calm["totals"]["agree"], calm["totals"]["differ"])
    assert comparable(calm) == comparable(ran.report)
    assert CALLS == len(server.answered)
    assert {1} == set(server.answered.values())
    assert usage["retries"] >= CALLS * 0.2
    assert usage["requests"] == usage["retries"] + CALLS == len(server.requests)
    assert f"{usage['retries']:,} retries" in ran.out


@pytest.mark.parametrize("workers", [2, 4])
def test_workers(suite: Project, calm: dict[str, Any], tmp_path: Path, workers: int) -> None:
    """The report is the same for any number of workers, and the server sees each prompt once."""
    project = suite.copy(tmp_path / "suite")
    with ChatServer(answering(known), latency=0.02) as server:
        ran = project.evaluate(server, f"-n{workers}", plugins=("xdist",))

    assert comparable(calm) == comparable(ran.report)
    assert CALLS == len(server.tries) == ran.report["usage"]["requests"]
    assert {1} == set(server.tries.values())


KILLING = """
    import os

    from labels import label

    def test_killing():
        assert label(7).n == 7
        if "PYTEST_XDIST_WORKER" in os.environ:
            os._exit(1)
        assert False
"""
"""A test that fails; on a worker by killing it."""


@pytest.mark.parametrize("returns", ["model", "original"])
def test_a_killed_worker(suite: Project, tmp_path: Path, returns: str) -> None:
    """Where a test kills its worker, all that others called is judged as if it had only failed."""
    project = suite.copy(tmp_path / "suite")
    project.write(test_killing=KILLING)
    other = project.copy(tmp_path / "workers")
    with ChatServer(answering(known)) as server:
        alone = project.evaluate(server, f"--distil-return={returns}")
    with ChatServer(answering(known), latency=0.02) as server:
        ran = other.evaluate(server, "-n2", f"--distil-return={returns}", plugins=("xdist",))

    assert 1 == ran.report["selection"]["crashed"]
    assert apart_from_the_crash(alone.report) == apart_from_the_crash(ran.report)
    assert {1} == set(server.tries.values())


def apart_from_the_crash(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report says of everything but the test that killed its worker."""
    left = {**comparable(report), "ruling": None, "selection": None, "tests": None}
    trials = [{**one, "tests": [test for test in one["tests"] if "killing" not in test]} for one in left["trials"]]
    return {**left, "trials": trials}


SURROUNDINGS = """
    import os
    from pathlib import Path

    import freezegun
    import pytest
    import vcr

    @pytest.fixture(autouse=True)
    def surrounded(monkeypatch, tmp_path_factory):
        for name in list(os.environ):
            if name != "PYTEST_CURRENT_TEST":
                monkeypatch.delenv(name)
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "another")
        cassette = tmp_path_factory.getbasetemp() / "cassette.yaml"
        with vcr.use_cassette(str(cassette), record_mode="none"), freezegun.freeze_time("2001-01-01"):
            yield
"""


def test_surroundings(suite: Project, calm: dict[str, Any], tmp_path: Path) -> None:
    """Blocked sockets, cassettes, frozen time and another environment change nothing of a report."""
    project = suite.copy(tmp_path / "suite")
    project.write(conftest=SURROUNDINGS)
    with ChatServer(answering(known)) as server:
        ran = project.evaluate(server, "--disable-socket", plugins=("pytest_socket",))

    assert comparable(calm) == comparable(ran.report)
    assert {1} == set(server.tries.values())


@pytest.mark.parametrize("plugins", [(), ("xdist",)], ids=["one process", "workers"])
def test_a_killed_run(suite: Project, calm: dict[str, Any], tmp_path: Path, plugins: tuple[str, ...]) -> None:
    """After SIGKILL the asker is gone within seconds, what had arrived is stored, and only the rest is asked again."""
    project = suite.copy(tmp_path / "suite")
    with ChatServer(answering(known), latency=0.1) as server:
        arrived = kill_in_the_middle(project, server, plugins)
        before, kept = len(server.requests), stored(project)
        ran = project.evaluate(server)

    assert arrived <= kept < CALLS
    assert CALLS - kept == len(server.requests) - before
    assert kept == ran.report["usage"]["stored"]
    assert comparable(calm) == comparable(ran.report)


def kill_in_the_middle(project: Project, server: ChatServer, plugins: tuple[str, ...]) -> int:
    """Run an evaluation until a fifth is answered, kill it and wait for its asker's end; return what had arrived."""
    args = ["--distil-eval=student", f"-odistil_base_url={server.url}", "--distil-concurrency=8"]
    workers = ["-n2"] if plugins else []
    with tempfile.TemporaryDirectory() as scratch, (project.folder / "output").open("w") as output:
        process = subprocess.Popen(
            command(*args, *workers, plugins=plugins),
            cwd=project.folder,
            env=environment(TMPDIR=scratch),
            stdout=output,
            stderr=output,
        )
        wait_for(lambda: len(server.answered) > CALLS // 5)
        arrived = len(server.answered) - 8  # those that are under way now may come too late
        process.kill()
        process.wait()
        wait_for(lambda: not [*Path(scratch).glob("distil-*")])
    return arrived


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    given_up = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < given_up
        time.sleep(0.01)


def stored(project: Project) -> int:
    """Return how many answers are stored."""
    with closing(sqlite3.connect(project.folder / ".distil" / "answers.sqlite")) as db:
        (count,) = db.execute("SELECT count(*) FROM answers").fetchone()
    return int(count)


def test_nobody_there(suite: Project, tmp_path: Path) -> None:
    """A dead endpoint is noticed long before every call has been tried, and the gate fails closed with one sentence."""
    project = suite.copy(tmp_path / "suite")
    ran = project.evaluate("http://127.0.0.1:9/v1", "--distil-fail-under=50", "--distil-gate-on=all")

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert CALLS == ran.report["totals"]["failed"]
    assert CALLS == sum(ran.counts.values()) - ran.counts["failed"] == ran.counts["passed"]
    assert ran.report["usage"]["requests"] < CALLS
    [reason] = ran.report["ruling"]["reasons"]
    assert "answers failed, more than 1 % (most often: nobody answers at http://127.0.0.1:9/v1" in reason
