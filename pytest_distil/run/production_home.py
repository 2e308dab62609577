"""Where production keeps its reports and finds the models that were trained on its machine."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_distil.core.settings import Settings
from pytest_distil.store.home import Home

DIRECTORY = "DISTIL_DIR"
"""The environment variable that names the folder; by default `.distil` where the process was started."""


def production_home() -> Home:
    """Return the home of this process, wherever it may go later."""
    return Home(Path(os.environ.get(DIRECTORY) or Settings().dir).absolute())
