"""The ancestor, `instructor` 1.17, in an environment of its own where it is not beside us."""

from __future__ import annotations

import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

WANTED = "instructor==1.17.0"
"""Its last release with distillation; it pins a `jiter` that today's openai has left behind."""


def ancestors_python(folder: Path) -> Path:
    """Return a Python that has the ancestor: this one, or one in a new environment; skip where none can be had."""
    if find_spec("instructor") is not None:
        return Path(sys.executable)
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if done.returncode:
        pytest.skip(f"{WANTED} cannot be installed here: {done.stderr[-300:]}")
    return python
