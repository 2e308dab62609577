from __future__ import annotations

import io
import itertools
from types import SimpleNamespace

import pytest

from pytest_distil.cli.progress import Line


def test_lines_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log gets a line after five seconds, then ever more rarely; what is quick says nothing."""
    seconds = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr("pytest_distil.cli.progress.time", clock)
    log = io.StringIO()
    with Line(log) as line:
        for _ in range(25):
            line.show("step")

    assert "step\n" * 3 == log.getvalue()
