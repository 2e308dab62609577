"""Evaluating on several workers: one asker for all of them, and another one only where a worker cannot reach it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.evaluating import Project, answering
from support.labels import LABELS, NUMBERS, THIRTY, wrong_for
from support.server import ChatServer

ELSEWHERE = """
    import pytest

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(config):
        told = getattr(config, "workerinput", None)
        if told and told["workerid"] == "gw1":
            told["distil"]["address"] = "/nowhere/socket#00"
            told["distil"]["session"] = "/nowhere/session"
"""
"""What a worker on another machine is told: paths that are not there."""


def test_a_worker_that_cannot_reach_the_asker(tmp_path: Path) -> None:
    """It asks by itself, says so, and its answers are in the same report."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY, conftest=ELSEWHERE)
    project.collect()
    with ChatServer(answering(wrong_for({1}))) as server:
        ran = project.evaluate(server, "-n2", "--distil-session=none", plugins=("xdist",))

    assert 29 == ran.report["totals"]["agree"]
    assert {"passed": 29, "disagreed": 1} == ran.counts
    assert {1} == set(server.answered.values())
    assert 1 == ran.out.count("distil: worker gw1 on ")
    assert "the asker at /nowhere/socket cannot be reached" in ran.out


def test_workers_share_one_asker(tmp_path: Path) -> None:
    """All workers together ask each prompt once, no more at once than is allowed, and the summary counts requests."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    project.collect()
    with ChatServer(answering(wrong_for(())), latency=0.05) as server:
        ran = project.evaluate(server, "-n2", "--dist=each", "--distil-concurrency=3", plugins=("xdist",))

    assert {1} == set(server.tries.values())
    assert server.most_in_flight <= 3
    assert len(NUMBERS) == ran.report["usage"]["requests"]
    assert 0 == ran.report["usage"]["stored"]
    assert "asks by itself" not in ran.out
    assert pytest.ExitCode.OK == ran.status
