"""The demo shows the whole loop on an example, in a folder that stays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_distil.cli import demo, main


def test_examples_are_found() -> None:
    """The examples travel with the package; the default is one of them."""
    assert {"multiply", "receipts", "triage"} == set(demo._examples())
    assert demo._DEFAULT in demo._examples()


def test_an_unknown_example(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is none is a usage error that lists them."""
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "nope"])

    assert 2 == stopped.value.code
    assert "triage" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["multiply", "receipts", "triage"])
def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It collects, evaluates and says what to type next, whatever the environment tells pytest."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nope")
    command = [sys.executable, "-m", "pytest_distil", "demo", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    [folder] = tmp_path.glob(f"pytest-distil-*/{name}")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"The example {name!r} is now in {folder}" in done.stdout
    assert done.stdout.index("distil: collected") < done.stdout.index("distil: evaluated")
    assert re.search(rf"(?m)^ +cd {re.escape(str(folder))}$", done.stdout)
    assert list((folder / ".distil").glob("sessions/*/calls.jsonl"))


def test_a_failing_step_ends_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where pytest fails, its status is the demo's, and nothing is said to be next."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "_pytest", lambda option, folder: 3)

    assert 3 == main(["demo", "multiply"])
