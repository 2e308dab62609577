"""Evaluating with xdist, a worker's side: it does what the controller has found out, and reaches the asker."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DistilError, ModelError
from pytest_distil.plugin.evaluating import REST, EvaluatingTests
from pytest_distil.run.asker import process
from pytest_distil.run.asker.client import AskerClient, connect
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.wanted import asker_settings
from pytest_distil.store.home import Home

TOLD = "distil"
"""Key of what the controller tells its workers."""

SAID = "distil_said"
"""Key of a line that a worker wants to be printed."""


def launch_tests(config: pytest.Config) -> None:
    """Start the side of the tests on a worker, by what the controller has found out."""
    told = config.workerinput[TOLD]  # type: ignore[attr-defined]
    settings = Settings.from_json(json.loads(told["settings"]))
    folder = Path(told["session"]) if told["session"] else None
    recorded = Recorded.read(folder) if folder and folder.is_dir() else None
    client = _reached(config, settings, recorded, told["address"]) if told["address"] else None

    def deliver(rest: dict[str, Any]) -> None:
        config.workeroutput[REST] = json.dumps(rest)  # type: ignore[attr-defined]

    tests = EvaluatingTests(
        config, settings, client=client, recorded=recorded, is_first=told["is_first"], deliver=deliver
    )
    config.pluginmanager.register(tests, "distil-tests")


def _reached(config: pytest.Config, settings: Settings, recorded: Recorded | None, address: str) -> AskerClient:
    """Connect to the run's asker; a worker on another machine cannot, and gets one of its own."""
    try:
        return connect(address)
    except ModelError as error:
        asker = process.start(concurrency=settings.concurrency)
        config.add_cleanup(asker.close)
        client = connect(asker.address)
        config.pluginmanager.register(OwnAsker(config, settings, recorded, client, str(error)), "distil-opening")
        return client


class OwnAsker:
    """A worker's own asker: it is told what to ask by this machine's environment, once its tests are known."""

    def __init__(
        self, config: pytest.Config, settings: Settings, recorded: Recorded | None, client: AskerClient, why: str
    ) -> None:
        self._config = config
        self._settings = settings
        self._recorded = recorded
        self._client = client
        self._why = why

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self) -> None:
        """Open it, and leave word of it."""
        home = Home(self._config.invocation_params.dir / self._settings.dir)
        try:
            self._client.configure(asker_settings(self._settings, home, self._recorded, os.environ))
        except DistilError as error:
            raise pytest.UsageError(str(error)) from error
        name = self._config.workerinput["workerid"]  # type: ignore[attr-defined]
        told = f"distil: worker {name} on {socket.gethostname()} asks by itself, with its own limit and store"
        self._config.workeroutput[SAID] = f"{told}: {self._why}"  # type: ignore[attr-defined]
