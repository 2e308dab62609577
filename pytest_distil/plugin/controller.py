"""Evaluating with xdist, the controller's side: what workers are told, and what they have left to say."""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.plugin.opening import Opening, say
from pytest_distil.plugin.session import EvaluatingSession
from pytest_distil.plugin.worker import SAID, TOLD

_SECONDS_TO_END = 5.0
"""How long an interrupted run waits for its workers to say what they know."""


class Workers:
    """Tells each worker what it needs, and hears it out when the run is interrupted."""

    def __init__(  # noqa: PLR0913 - what is known of one run
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        session: EvaluatingSession,
        opening: Opening | None,
        address: str | None,
        folder: Path | None,
    ) -> None:
        """Take the asker's address (None for a dry run), and the folder of the session that is judged by."""
        self._config = config
        self._session = session
        self._opening = opening
        self._input = {
            "address": address,
            "session": str(folder.resolve()) if folder else None,
            "settings": json.dumps(settings.to_json()),
        }
        self._first: str | None = None
        """The worker that asks ahead for all."""
        self._running: list[Any] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Put it where xdist takes it along."""
        self._first = self._first or node.gateway.id
        node.workerinput[TOLD] = {**self._input, "is_first": node.gateway.id == self._first}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Know who is there."""
        self._running.append(node)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Let the worker that takes the place of the first one ask ahead; pass on what a worker wants to be said."""
        if node in self._running:
            self._running.remove(node)
        if error and node.gateway.id == self._first:
            self._first = None
        say(self._config, getattr(node, "workeroutput", {}).get(SAID))

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Ask nothing more, and hear what workers have left to say: xdist would hang up on them."""
        if self._opening:
            self._opening.stop("the run was interrupted")
        queue = getattr(self._config.pluginmanager.get_plugin("dsession"), "queue", None)
        given_up = time.monotonic() + _SECONDS_TO_END
        for node in list(self._running):
            node.shutdown()
        try:
            while queue and self._running and time.monotonic() < given_up:
                self._hear(queue)
        except KeyboardInterrupt:  # once more: do not wait
            return

    def _hear(self, queue: Any) -> None:
        """Take an event from a worker, where there is one; only its last is wanted."""
        try:
            name, facts = queue.get(timeout=0.1)
        except Empty:
            return
        if name in ("workerfinished", "errordown"):
            self._session.pytest_testnodedown(facts["node"], None)
            self.pytest_testnodedown(facts["node"], None)
