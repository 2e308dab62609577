"""What each mode registers, on the side of the tests and on the side of the session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import SettingError


def start(config: pytest.Config, options: Mapping[str, tuple[str, Any]]) -> None:
    """Read the settings and register what their mode needs; a bad option is a usage error."""
    try:
        settings = Settings.read(options)
    except SettingError as error:
        raise pytest.UsageError(str(error)) from error
    if settings.mode == "collect":
        _collect(config, settings)


def _collect(config: pytest.Config, settings: Settings) -> None:
    from pytest_distil.plugin.collecting import CollectingSession, CollectingTests  # noqa: PLC0415

    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(CollectingSession(settings, _root(config, settings)), "distil-session")
    config.pluginmanager.register(CollectingTests(config), "distil-tests")


def _root(config: pytest.Config, settings: Settings) -> Path:
    """Return the folder that everything is kept in; relative to where pytest was started, as for the command line tool."""
    return config.invocation_params.dir / settings.dir
