"""A model of this machine, asked in runs of pytest as users start them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_distil.core.report import comparable
from support.evaluating import Project
from support.labels import LABELS, THIRTY
from support.tiny_llama import needs_local, write_tiny

pytestmark = [pytest.mark.slow, *needs_local]

NAME = f"tiny-{os.getpid()}"
"""What its servers are known by among all processes of the machine."""

ASKED = (f"--distil-eval=local:{NAME}", "--distil-constrained")
"""By the schema's grammar even a model that has learned nothing gives values: half of them right, perhaps."""

FAILING = """
    from labels import parity

    def test_fails():
        assert parity(100) == "neither"
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a suite with a session, and with a model that was trained on it for two steps."""
    project = Project(tmp_path_factory.mktemp("local") / "suite", labels=LABELS, test_labels=THIRTY)
    project.collect()
    write_tiny(project.folder / "base.gguf")
    command = [sys.executable, "-m", "pytest_distil", "train", "--base=base.gguf", "--steps=2", f"--name={NAME}"]
    subprocess.run([*command, "--device=cpu", "--no-eval"], cwd=project.folder, check=True, timeout=100)
    return project


@pytest.fixture
def project(trained: Project, tmp_path: Path) -> Project:
    """Return the suite as it is before the model was asked anything."""
    return trained.copy(tmp_path / "suite")


def serving() -> list[str]:
    """Return the servers of the model that are still there, once they had time to end."""
    until = time.monotonic() + 20
    while (found := _servers()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _servers() -> list[str]:
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [one for one in lines if NAME in one and "models.local.serving" in one]


def test_with_workers(project: Project, tmp_path: Path) -> None:
    """Two workers share the model's servers, and the report is the one of a single process."""
    alone = project.run(*ASKED)
    together = project.copy(tmp_path / "again").run(*ASKED, "-n", "2", plugins=("xdist.plugin",))

    assert (0, 0) == (alone.status, together.status)
    assert 30 == alone.report["totals"]["agree"] + alone.report["totals"]["differ"]
    assert comparable(alone.report) == comparable(together.report)
    assert [] == serving()


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_stopped_at_the_first_failure(project: Project, workers: tuple[str, ...]) -> None:
    """`-x` ends the run at a test that fails by itself; what was asked ahead keeps nothing alive."""
    project.write(test_early=FAILING)
    ran = project.run(*ASKED, "-x", "test_early.py", "test_labels.py", *workers, plugins=("xdist.plugin",))

    assert 1 == ran.status if not workers else ran.status in (1, 2)
    assert 1 == ran.counts["failed"]
    assert [] == serving()


def test_warnings_are_errors(project: Project) -> None:
    """Under `-W error` nothing that serves the model warns in a test's process."""
    ran = project.run(*ASKED, "-W", "error", PYTHONWARNINGS="error", PYTHONDEVMODE="1")

    assert (0, 30) == (ran.status, ran.report["totals"]["agree"] + ran.report["totals"]["differ"])
    assert "Warning" not in ran.out + ran.err
    assert [] == serving()
