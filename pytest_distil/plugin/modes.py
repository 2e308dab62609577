"""What each mode registers, on the side of the tests and on the side of the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DistilError

if TYPE_CHECKING:
    from pytest_distil.run.asker.process import AskerProcess


def start(config: pytest.Config, options: Mapping[str, tuple[str, Any]]) -> None:
    """Read the settings and register what their mode needs; a bad option is a usage error."""
    try:
        settings = Settings.read(options)
        if config.option.collectonly:
            return
        if settings.mode:
            settings = _with_hooks(config, settings)
        if settings.functions:
            _mark(config, options["functions"])
        if settings.disagreed:
            _select(config)
        if settings.mode == "collect":
            _collect(config, settings)
        elif settings.mode == "eval" and not getattr(config.option, "setuponly", False):
            _evaluate(config, settings)
    except DistilError as error:
        raise pytest.UsageError(str(error)) from error


def _with_hooks(config: pytest.Config, settings: Settings) -> Settings:
    """Hear what is said by hooks, and return the settings with what they say of models."""
    from pytest_distil.plugin.hooks import OnSessionSide, factories
    from pytest_distil.plugin.refusing import Refusals

    config.pluginmanager.register(Refusals(), "distil-refusals")
    config.pluginmanager.register(OnSessionSide(config), "distil-on-session-side")
    if hasattr(config, "workerinput"):  # is told what the session side has found out
        return settings
    return replace(settings, factories=factories(config, settings))


def _mark(config: pytest.Config, given: tuple[str, Any]) -> None:
    """Mark functions by their paths before collection imports anything."""
    from pytest_distil.plugin.by_path import ByPath

    config.pluginmanager.register(ByPath(config, *given), "distil-by-path")


def _select(config: pytest.Config) -> None:
    from pytest_distil.plugin.disagreed import OnlyDisagreed

    config.pluginmanager.register(OnlyDisagreed(config), "distil-disagreed")


def _collect(config: pytest.Config, settings: Settings) -> None:
    from pytest_distil.plugin.collecting import CollectingSession, CollectingTests

    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(CollectingSession(config, settings, _root(config, settings)), "distil-session")
    config.pluginmanager.register(CollectingTests(config, settings), "distil-tests")


def _evaluate(config: pytest.Config, settings: Settings) -> None:
    """Start both sides of an evaluating run, with xdist each where it belongs."""
    if hasattr(config, "workerinput"):
        from pytest_distil.plugin.worker import launch_tests

        launch_tests(config)
    else:
        asker = None if settings.dry_run else _started(config, settings)
        from pytest_distil.plugin.launch import launch_session

        launch_session(config, settings, _root(config, settings), asker)


def _started(config: pytest.Config, settings: Settings) -> AskerProcess:
    """Start the asker; a light import, so that its own ones run beside ours and beside collection."""
    from pytest_distil.models import parse
    from pytest_distil.run.asker import process

    asks_server = any(parse(model, factories=settings.factories).kind == "chat" for model in settings.models.values())
    asker = process.start(concurrency=settings.concurrency if asks_server else None)
    config.add_cleanup(asker.close)
    return asker


def _root(config: pytest.Config, settings: Settings) -> Path:
    """Return the folder that everything is kept in; relative to where pytest was started, as for the command line."""
    return config.invocation_params.dir / settings.dir
