"""The examples against a model that is right to order: the report shows that share exactly, and the gate obeys it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.evaluating import Project
from support.known import from_lines, read_answers
from support.server import ChatServer

EXAMPLES = Path(__file__).parents[2] / "examples"

RIGHT = 95.0


@pytest.mark.slow
def test_a_model_that_is_right_to_order(tmp_path: Path) -> None:
    """A server that answers 95 % right is reported as that; the run ends with 0 ungated and with 90, with 1 with 99."""
    for name in ("triage", "multiply"):
        shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns(".distil", "__pycache__"))
    shutil.copy(EXAMPLES / "pytest.ini", tmp_path)
    project = Project(tmp_path)
    project.collect()
    [session] = (tmp_path / ".distil" / "sessions").iterdir()
    lines = read_answers([path for path in session.glob("*.jsonl") if path.name.count(".") == 3])
    with ChatServer(from_lines(lines, right=RIGHT)) as server:
        plain = project.evaluate(server)
        high = project.evaluate(server, "--distil-fail-under=99", "--distil-gate-on=all")
        low = project.evaluate(server, "--distil-fail-under=90", "--distil-gate-on=all")
    right, total = plain.report["totals"]["agree"], len(lines)

    assert (0, 1, 0) == (plain.status, high.status, low.status), plain.out + low.out
    assert round(total * RIGHT / 100) == right
    assert round(right / total, 9) == round(plain.report["totals"]["agreement"], 9)
    assert total == sum(plain.report["totals"][name] for name in ("agree", "differ", "invalid", "failed"))
    assert set(server.tries.values()) == {1}
