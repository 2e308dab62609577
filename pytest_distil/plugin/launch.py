"""Starting an evaluating run: the asker, the side of the session, the side of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil import reports
from pytest_distil.core.settings import Settings
from pytest_distil.models import parse
from pytest_distil.plugin.evaluating import REST, EvaluatingTests
from pytest_distil.plugin.opening import Opening
from pytest_distil.plugin.session import EvaluatingSession
from pytest_distil.run.asker import process
from pytest_distil.run.asker.client import connect
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.trained import with_cards
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session

_INPUT = "distil"
"""Key of what the controller tells its workers."""


class Deliver:
    """Tells each worker where the asker is, which session is judged by, and whether it asks ahead for all."""

    def __init__(self, address: str | None, session: Path | None, settings: Settings) -> None:
        folder = None if session is None else str(session.resolve())
        self._input = {"address": address, "session": folder, "settings": json.dumps(settings.to_json())}
        self._first: str | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Put it where xdist takes it along."""
        self._first = self._first or node.gateway.id
        node.workerinput[_INPUT] = {**self._input, "is_first": node.gateway.id == self._first}

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Let the worker that takes the place of the first one ask ahead."""
        if error and node.gateway.id == self._first:
            self._first = None


def launch_session(config: pytest.Config, settings: Settings, root: Path) -> None:
    """Start the side of the session, and without xdist the side of the tests; raise `DistilError` for what is wrong."""
    specs = [parse(model) for model in settings.models.values()]
    for path in settings.reports:
        reports.check(path)
    home = Home(root)
    settings = with_cards(settings, home)
    folder = find_session(home, settings.session)
    recorded = Recorded.read(folder) if folder else None
    concurrency = settings.concurrency if any(spec.kind == "chat" for spec in specs) else None
    asker = None if settings.dry_run else process.start(concurrency=concurrency)
    if asker:
        config.add_cleanup(asker.close)
    opening = Opening(config, settings, home=home, recorded=recorded, asker=asker) if asker else None
    session = EvaluatingSession(config, settings, home=home, recorded=recorded, opening=opening)
    config.pluginmanager.register(session, "distil-session")
    if opening:
        config.pluginmanager.register(opening, "distil-opening")
    if getattr(config.option, "dist", "no") == "no":
        client = connect(asker.address) if asker else None
        tests = EvaluatingTests(
            config, settings, client=client, recorded=recorded, is_first=True, deliver=session.take_rest
        )
        config.pluginmanager.register(tests, "distil-tests")
    else:
        config.pluginmanager.register(Deliver(asker.address if asker else None, folder, settings), "distil-deliver")


def launch_tests(config: pytest.Config) -> None:
    """Start the side of the tests on a worker, by what the controller has found out."""
    told = config.workerinput[_INPUT]  # type: ignore[attr-defined]
    settings = Settings.from_json(json.loads(told["settings"]))
    recorded = Recorded.read(Path(told["session"])) if told["session"] else None
    client = connect(told["address"]) if told["address"] else None

    def deliver(rest: dict[str, Any]) -> None:
        config.workeroutput[REST] = json.dumps(rest)  # type: ignore[attr-defined]

    tests = EvaluatingTests(
        config, settings, client=client, recorded=recorded, is_first=told["is_first"], deliver=deliver
    )
    config.pluginmanager.register(tests, "distil-tests")
