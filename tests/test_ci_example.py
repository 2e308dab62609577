"""The scripts of examples/ci, run step by step as CI would, against a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.numbers import wrong_on
from support.server import ChatServer

SCRIPTS = Path(__file__).parents[1] / "examples" / "ci"
HELD_OUT = 76

SUITE = f"""
import pytest
from pytest_distil import distil

@distil
def double(number: int) -> int:
    return 2 * number

@pytest.mark.parametrize("number", range(100, 120))
def test_known(number):
    assert double(number) > number

@pytest.mark.distil(held_out=True)
@pytest.mark.parametrize("number", range({HELD_OUT}))
def test_new(number):
    assert double(number) >= number
"""

pytestmark = pytest.mark.slow


class Repository:
    """A suite in a folder, with the scripts at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "test_double.py").write_text(SUITE)
        (folder / "pytest.ini").write_text("[pytest]\ndistil_holdout = 0\ndistil_gate_on = held-out\n")

    def run(
        self, script: str, *args: str, url: str | None = None, key: str = "key"
    ) -> subprocess.CompletedProcess[str]:
        """Run a script where a server is known; without a key as in a fork."""
        known = {} if url is None else {"DISTIL_BASE_URL": url, "DISTIL_API_KEY": key}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [str(SCRIPTS / script), *args],
            cwd=self.folder,
            env={**os.environ, **known, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository whose main branch has collected a session."""
    found = Repository(tmp_path)

    assert 0 == found.run("main.sh").returncode

    return found


def accepted(repository: Repository, *wrong: int) -> str:
    """Bring a model that is wrong on some numbers through a pull request and its merge; return where it was served."""
    with ChatServer(wrong_on(*wrong)) as server:
        asked = repository.run("pull-request.sh", "model", url=server.url)

    assert 0 == asked.returncode, asked.stdout
    assert 0 == repository.run("promote.sh").returncode

    return server.url


@pytest.mark.parametrize(("wrong", "status"), [((), 0), ((1, 2), 0), ((1,), 0)])
def test_a_better_or_equal_model_passes(repository: Repository, wrong: tuple[int, ...], status: int) -> None:
    """A model that is right where the baseline was, or more often, passes."""
    accepted(repository, 1, 2)
    with ChatServer(wrong_on(*wrong)) as server:
        asked = repository.run("pull-request.sh", "other", url=server.url)

    assert status == asked.returncode, asked.stdout


@pytest.mark.parametrize(("points", "status"), [("2", 1), ("5", 0)])
def test_a_drop_of_three_calls(repository: Repository, points: str, status: int) -> None:
    """Three of 76 calls lost (3.9 points) fall to an allowed drop of 2 and pass one of 5, with what that shows."""
    accepted(repository)
    with ChatServer(wrong_on(10, 20, 30)) as server:
        asked = repository.run("pull-request.sh", "other", "-o", f"distil_allowed_drop={points}", url=server.url)

    assert status == asked.returncode, asked.stdout

    report = json.loads((repository.folder / "distil-report.json").read_text())
    change = report["ruling"]["baseline"]

    assert (HELD_OUT, 3, 0) == (change["paired"], change["newly_wrong"], change["newly_right"])

    shown = repository.run("pull-request.sh", "other", "-o", f"distil_allowed_drop={points}", "-v")

    assert "could have shown" in shown.stdout


def test_a_fork_replays_what_is_committed(repository: Repository) -> None:
    """Without key and server, committed answers give the verdict; a question without an answer fails."""
    gone = accepted(repository, 1, 2)
    (repository.folder / ".distil" / "answers.sqlite").unlink()

    replayed = repository.run("pull-request.sh", "model", url=gone, key="")

    assert 0 == replayed.returncode, replayed.stdout

    (repository.folder / "distil-answers.jsonl").unlink()
    (repository.folder / ".distil" / "answers.sqlite").unlink()

    unanswered = repository.run("pull-request.sh", "model", url=gone, key="")

    assert 1 == unanswered.returncode, unanswered.stdout


def test_two_shards_are_one_run(repository: Repository) -> None:
    """Two shards, judged together, are judged like the whole."""
    with ChatServer(wrong_on(*range(8))) as server:
        for name, tests in (("1", "test_known"), ("2", "test_new")):
            shard = repository.run("shard.sh", "model", name, f"test_double.py::{tests}", url=server.url)

            assert 0 == shard.returncode, shard.stdout

    together = repository.run("shards.sh")

    assert 0 == together.returncode, together.stdout
    assert "89.5 % agreement on 76 held-out calls" in together.stdout
    assert 1 == repository.run("shards.sh", "--fail-under", "95").returncode
