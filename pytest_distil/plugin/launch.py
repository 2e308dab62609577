"""Starting an evaluating run: the asker, the side of the session, and without xdist the side of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_distil import reports
from pytest_distil.core.settings import Settings
from pytest_distil.plugin.controller import Workers
from pytest_distil.plugin.evaluating import EvaluatingTests
from pytest_distil.plugin.opening import Opening
from pytest_distil.plugin.progress import ShowingProgress
from pytest_distil.plugin.session import EvaluatingSession
from pytest_distil.run.asker.client import connect
from pytest_distil.run.asker.process import AskerProcess
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.trained import refuse_other_redaction, with_cards
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session


def launch_session(config: pytest.Config, settings: Settings, root: Path, asker: AskerProcess | None) -> None:
    """Start the side of the session, and without xdist the side of the tests; raise `DistilError` for what is wrong.

    `asker` is None for a dry run.
    """
    for path in settings.reports:
        reports.check(path)
    home = Home(root)
    settings = with_cards(settings, home)
    folder = find_session(home, settings.session)
    recorded = Recorded.read(folder) if folder else None
    if recorded:
        refuse_other_redaction(settings, recorded)
    opening = Opening(config, settings, home=home, recorded=recorded, asker=asker) if asker else None
    session = EvaluatingSession(config, settings, home=home, recorded=recorded, opening=opening)
    config.pluginmanager.register(session, "distil-session")
    if opening:
        config.pluginmanager.register(opening, "distil-opening")
        if config.pluginmanager.hasplugin("terminalreporter"):
            config.pluginmanager.register(ShowingProgress(config, settings, opening), "distil-progress")
    if getattr(config.option, "dist", "no") == "no":
        client = connect(asker.address) if asker else None
        tests = EvaluatingTests(
            config, settings, client=client, recorded=recorded, is_first=True, deliver=session.take_rest
        )
        config.pluginmanager.register(tests, "distil-tests")
    else:
        address = asker.address if asker else None
        workers = Workers(config, settings, session=session, opening=opening, address=address, folder=folder)
        config.pluginmanager.register(workers, "distil-workers")
