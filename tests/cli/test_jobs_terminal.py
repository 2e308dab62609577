"""Hosted fine-tuning as it is seen on a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.terminal import Shown, on_terminal
from support.tuning_server import Fault, Script, TuningServer
from support.tuning_session import make_session, trained_file

pytestmark = pytest.mark.slow

STATUSES = ("queued", "running", "paused", "running", "running", "succeeded")
LIVE = "running · step 20/2000 · loss 0.4000 · validation 0.5000 · ends 21 Sep "


def shown(server: TuningServer, folder: Path, *words: str, interrupt: Callable[[str], bool] = lambda _: False) -> Shown:
    """Run `pytest-distil jobs` on a terminal."""
    return on_terminal(
        [sys.executable, "-m", "pytest_distil", "jobs", *words, "--interval", "0.2"],
        cwd=folder,
        env={**os.environ, "DISTIL_BASE_URL": server.url, "DISTIL_API_KEY": "none"},
        columns=80,
        interrupt=interrupt,
    )


def test_a_job_is_one_line_that_moves(tmp_path: Path) -> None:
    """Upload and job are shown live, in one line that fits and is gone at the end; what is left is what happened."""
    file = trained_file(make_session(tmp_path / ".distil"))
    with TuningServer(Script(statuses=STATUSES, steps=2000)) as server:
        server.faults["GET /fine_tuning/jobs/ftjob-1"] += [Fault(503, "overloaded")]
        told = shown(server, tmp_path, "create-from-file", str(file), "--model", "gpt", "--yes", "--follow")
    states = re.split(r"\r\x1b\[K|\r\n", told.raw)

    assert 0 == told.status
    assert [one for one in states if one.startswith(f"{file.name} [####################] 100% of ")]
    assert [one for one in states if one.startswith("paused · step 5/2000")]
    assert "status 503: overloaded, trying again" in states
    assert [one for one in states if one.startswith(LIVE)]
    assert max(map(len, states)) < 80
    assert [
        "ftjob-1 is validating_files.",
        "ftjob-1 succeeded: ft:gpt-2024-07-18:org::1",
        "Its card is in .distil/models.json. Evaluate it: pytest --distil-eval=latest",
    ] == [line for line in told.lines if line][-3:]


def test_ctrl_c_ends_the_watching_alone(tmp_path: Path) -> None:
    """Who interrupts is told how to go on, and going on shows the job where it is."""
    file = trained_file(make_session(tmp_path / ".distil"))
    with TuningServer(Script(statuses=("queued", *["running"] * 5, "succeeded"))) as server:
        options = ["create-from-file", str(file), "--model", "gpt", "--yes", "--follow"]
        left = shown(server, tmp_path, *options, interrupt=lambda raw: "step 5" in raw)
        again = shown(server, tmp_path, "follow")

    assert (130, 0) == (left.status, again.status)
    assert "the job goes on; watch it again with: pytest-distil jobs follow ftjob-1" in left.raw
    assert "succeeded: ft:gpt" not in left.raw
    assert "step 20/20" in again.raw
    assert "ftjob-1 succeeded: ft:gpt-2024-07-18:org::1" in again.lines
