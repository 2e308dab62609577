"""Starting an evaluating run: the asker, the side of the session, the side of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_distil import reports
from pytest_distil.core.settings import Settings
from pytest_distil.models import parse
from pytest_distil.plugin.evaluating import EvaluatingTests
from pytest_distil.plugin.session import EvaluatingSession
from pytest_distil.run.asker import process
from pytest_distil.run.asker.client import connect
from pytest_distil.run.recorded import Recorded
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session

_INPUT = "distil"
"""Key of what the controller tells its workers."""


class Deliver:
    """Tells each worker where the asker is, and which session is judged by."""

    def __init__(self, address: str | None, session: Path | None) -> None:
        self._input = {"address": address, "session": None if session is None else str(session)}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Put it where xdist takes it along."""
        node.workerinput[_INPUT] = self._input


def launch_session(config: pytest.Config, settings: Settings, root: Path) -> None:
    """Start the side of the session, and without xdist the side of the tests; raise `DistilError` for what is wrong."""
    specs = [parse(model) for model in settings.models.values()]
    for path in settings.reports:
        reports.check(path)
    home = Home(root)
    folder = find_session(home, settings.session)
    recorded = Recorded.read(folder) if folder else None
    concurrency = settings.concurrency if any(spec.kind == "chat" for spec in specs) else None
    asker = None if settings.dry_run else process.start(concurrency=concurrency)
    if asker:
        config.add_cleanup(asker.close)
    session = EvaluatingSession(config, settings, home=home, recorded=recorded, asker=asker)
    config.pluginmanager.register(session, "distil-session")
    if getattr(config.option, "dist", "no") == "no":
        client = connect(asker.address) if asker else None
        tests = EvaluatingTests(config, settings, client=client, recorded=recorded, is_first=True)
        config.pluginmanager.register(tests, "distil-tests")
    else:
        config.pluginmanager.register(Deliver(asker.address if asker else None, folder), "distil-deliver")


def launch_tests(config: pytest.Config, settings: Settings) -> None:
    """Start the side of the tests on a worker."""
    told = config.workerinput[_INPUT]  # type: ignore[attr-defined]
    recorded = Recorded.read(Path(told["session"])) if told["session"] else None
    client = connect(told["address"]) if told["address"] else None
    is_first = config.workerinput["workerid"] == "gw0"  # type: ignore[attr-defined]
    tests = EvaluatingTests(config, settings, client=client, recorded=recorded, is_first=is_first)
    config.pluginmanager.register(tests, "distil-tests")
