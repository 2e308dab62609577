"""Hosted fine-tuning against a counterpart that others wrote; skipped where npm is missing."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from support import aimock
from support.tuning_session import make_session, trained_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not aimock.is_possible(), reason="npm is missing"),
]

QUICK = ("--interval", "0.001")
LOOP = Path(__file__).parents[1] / "examples" / "hosted" / "loop.sh"


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Install aimock once."""
    return aimock.install(tmp_path_factory.mktemp("aimock"))


@pytest.fixture
def address(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run aimock, set it in the environment, and work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTIL_API_KEY", "none")
    with aimock.running(command, [{"match": {}, "response": {"content": "{}"}}], tmp_path) as address:
        monkeypatch.setenv("DISTIL_BASE_URL", f"{address}/v1")
        yield address


def create(*options: str) -> int:
    """Collect a session, and create a job on its dataset."""
    file = trained_file(make_session(Path(".distil")))
    return main(["jobs", "create-from-file", str(file), "--model", "gpt-4o-mini", "--yes", *QUICK, *options])


def test_a_job_goes_its_way(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Uploading, creating, following, listing and events work unchanged, and the model gets its card."""
    assert 0 == create("--n-epochs", "2", "--suffix", "mine", "--seed", "7", "--follow")
    card = Cards(Home(Path(".distil"))).get("latest")
    assert str(card.model).startswith("ft:gpt-4o-mini:aimock:mine:")
    assert f"succeeded: {card.model}" in capsys.readouterr().out
    assert 0 == main(["jobs", "list", "--json"])
    (job,) = json.loads(capsys.readouterr().out)
    assert (card.model, card.session) == (job["model"], job["metadata"]["distil_session"])
    assert 0 == main(["jobs", "events", job["id"]])
    assert "Training started" in capsys.readouterr().out


def test_a_job_is_found_and_cancelled(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same job is not created twice, and a cancelled one ends following with 1."""
    create("-q")
    create("-q")
    first, second = capsys.readouterr().out.split()

    assert first == second
    assert 0 == main(["jobs", "cancel", first])
    assert 1 == main(["jobs", "follow", first, *QUICK])
    assert f"{first} is cancelled." in capsys.readouterr().out


def test_limits_are_waited_out(address: str) -> None:
    """While every request is limited nothing is lost, and when the limit is gone the job is created."""
    aimock.set_chaos(address, {"rateLimitRate": 1})
    timer = threading.Timer(0.5, aimock.set_chaos, (address, {}))
    timer.start()

    assert 0 == create("--follow")
    timer.join()


def test_the_whole_loop_is_one_script(command: list[str], tmp_path: Path) -> None:
    """Collect, create, follow and `--distil-eval=latest` run in examples/hosted, and the model is scored."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("DISTIL_")}
    done = subprocess.run(
        ["bash", str(LOOP), str(tmp_path)],
        env={**env, "AIMOCK": shlex.join(command), "PATH": f"{Path(sys.executable).parent}:{env['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    [path] = (tmp_path / ".distil" / "reports").glob("*.json")
    report = json.loads(path.read_text())
    assert 0.8 < report["held_out"]["agreement"] < 1
