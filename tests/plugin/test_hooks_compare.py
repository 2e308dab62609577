"""`pytest_distil_compare`: a suite that compares in its own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.evaluating import Project, answering
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer

CONFTEST = """
    def pytest_distil_compare(task, arguments, original, model):
        assert task == "labels.parity" and original != model
        {body}
"""


def evaluated(tmp_path: Path, body: str, *args: str) -> tuple[int, dict[str, Any]]:
    """Return status and report of a run whose model is wrong for three numbers, compared by a hook."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY, conftest=CONFTEST.format(body=body))
    project.collect()
    with ChatServer(answering(wrong_for({1, 2, 3}))) as server:
        ran = project.evaluate(server, "--distil-gate-on=all", *args)
    return ran.status, ran.report


@pytest.mark.parametrize(
    ("body", "agree"),
    [("return None", 27), ("return True", 30), ("return arguments == {'n': 2}", 28), ("return False", 27)],
)
def test_the_suite_decides(tmp_path: Path, body: str, agree: int) -> None:
    """True agrees, False differs, None leaves it to the rules; what was accepted is told."""
    status, report = evaluated(tmp_path, body)

    assert 0 == status
    assert {"agree": agree, "differ": 30 - agree}.items() <= report["totals"].items()
    ignored = [one["ignored"] for one in report["trials"] if one.get("ignored")]
    assert [[{"path": "$", "reason": "pytest_distil_compare accepts it"}]] * (agree - 27) == ignored


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise KeyError(original)", "pytest_distil_compare raised KeyError: "),
        ("return 1", "pytest_distil_compare returned an int; return True, False or None"),
    ],
)
def test_a_hook_that_does_not_work_fails_the_run(tmp_path: Path, body: str, reason: str) -> None:
    """Nothing is judged by it, and a run without a gate fails with its sentence."""
    status, report = evaluated(tmp_path, body, "--distil-session=none")

    assert pytest.ExitCode.TESTS_FAILED == status
    assert 3 == report["totals"]["unscored"]
    [why] = report["ruling"]["reasons"]
    assert why.startswith("3 calls could not be compared, first of labels.parity in test_labels.py::test_each[")
    assert f"]: {reason}" in why


@pytest.mark.slow
def test_workers_see_the_same(tmp_path: Path) -> None:
    """With two workers the controller compares, by the same hook."""
    _, alone = evaluated(tmp_path / "alone", "return arguments == {'n': 2}")
    project = Project(tmp_path / "together", labels=LABELS, test_labels=THIRTY)
    project.write(conftest=CONFTEST.format(body="return arguments == {'n': 2}"))
    project.collect()
    with ChatServer(answering(wrong_for({1, 2, 3}))) as server:
        together = project.evaluate(server, "--distil-gate-on=all", "-n2", plugins=("xdist",)).report

    assert alone["totals"] == together["totals"]
