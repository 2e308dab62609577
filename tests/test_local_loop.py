"""The script of the loop on one machine, with a tiny model in place of the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.tiny_llama import needs_local, write_tiny

pytestmark = [pytest.mark.slow, *needs_local]

LOOP = Path(__file__).parents[1] / "examples" / "local" / "loop.sh"


def test_the_loop_runs(tmp_path: Path) -> None:
    """It collects triage, trains, evaluates base and model, and leaves its report, from wherever it is called."""
    base = write_tiny(tmp_path / "tiny.gguf")
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", str(LOOP), "loop", "--base", str(base), "--steps", "2"]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": tools}, capture_output=True, text=True, check=False
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert "650 examples of 1 task" in ran.stdout
    assert "On the held-out calls:" in ran.stdout
    assert "held-out" in (tmp_path / "loop" / "report.md").read_text(encoding="utf-8")
