"""Refusing a run once its tests are known, from a worker too: xdist would only say that no worker is left."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

_KEY = "distil_refusal"
"""Key of what a worker refuses, in what xdist takes along."""


def refuse(config: pytest.Config, message: str) -> NoReturn:
    """End the run with a usage error."""
    if hasattr(config, "workeroutput"):
        config.workeroutput[_KEY] = message
    raise pytest.UsageError(message)


class Refusals:
    """Hears what workers refuse."""

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Refuse it for the whole run."""
        if message := getattr(node, "workeroutput", {}).get(_KEY):
            raise pytest.UsageError(message)
