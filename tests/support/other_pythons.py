"""Pythons beside the one that runs the tests, with what cannot stand in its environment; tox makes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ANCESTOR = "ANCESTOR_PYTHON"
"""The variable that names one with `instructor` 1.17, whose `jiter` today's openai has left behind."""

IMAGE = "IMAGE_PYTHON"
"""The variable that names one with what a production image needs, and with nothing else."""


def python_of(variable: str) -> Path:
    """Return the Python that a variable names; skip the test where tox has made none."""
    named = os.environ.get(variable)
    if named is None:
        pytest.skip(f"{variable} names no Python: `tox run -e beside` makes it")
    return Path(named)
