"""The side of the tests: attempts begin and end with pytest's phases, in the process that runs the tests."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_distil.core.call import EXCLUDED, MARKED, TEARDOWN, WIDE_FIXTURE
from pytest_distil.mark import tap
from pytest_distil.plugin import rows, subtests
from pytest_distil.plugin.hooks import forms
from pytest_distil.plugin.marker import TestMarks, marks_of, uses
from pytest_distil.run import mocks
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.recorder import Recorder


class Attempts:
    """Tells a recorder which attempt is running and in which phase, and sends what each has to say."""

    def __init__(self, config: pytest.Config, recorder: Recorder, *, exclude: Collection[str] = ()) -> None:
        """Take the names of fixtures, and of other stand-ins, whose tests are left out."""
        self._config = config
        self._recorder = recorder
        self._exclude = frozenset(exclude)
        installed = ExitStack()
        installed.callback(recorder.mocks.close)
        installed.enter_context(tap.install(recorder))
        config.add_cleanup(installed.close)
        self._unsent: list[tuple[pytest.TestReport, dict[str, Any]]] = []
        """What was hung on reports that nobody was told of so far."""

    def begin(self, item: pytest.Item, marks: TestMarks) -> Attempt:
        """Return the attempt of a test that is about to be set up."""
        self._recorder.mocks.watch()
        barred = EXCLUDED if self._exclude & uses(item) else None
        test = rows.plain(item.nodeid, item.config)
        return Attempt(test, held_out=marks.held_out, barred=barred if marks.collect else MARKED)

    def enter_wide_fixture(self, attempt: Attempt) -> None:
        """Leave out what fixtures call that outlive the test: no one test vouches for it."""
        attempt.barred = WIDE_FIXTURE

    def leave_wide_fixture(self, attempt: Attempt) -> None:
        """Go on as before."""
        attempt.barred = None

    def end(self, item: pytest.Item, attempt: Attempt, report: pytest.TestReport) -> None:  # noqa: ARG002 - for others
        """Send what an attempt has to say on its last report."""
        self.send(report, self._recorder.payload(attempt))

    def send(self, report: pytest.TestReport, payload: dict[str, Any]) -> None:
        """Hang a payload on a report, with those of reports that were dropped (rerunfailures 16.0 drops some)."""
        lost = [earlier for _, earlier in self._unsent]
        rows.hang(report, {**payload, "lost": lost}, crosses=hasattr(self._config, "workerinput"))
        self._unsent.append((report, payload))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse unknown keywords of the marker; hear what every conftest says of types; see patches from here on."""
        self._recorder.forms = forms(self._config)
        self._recorder.mocks.watch()
        for item in items:
            marks_of(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Start an attempt."""
        __tracebackhide__ = True  # as below: a failing fixture is shown without us
        self._recorder.attempt = self.begin(item, marks_of(item))
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Know when a fixture is set up that is wider than a function."""
        __tracebackhide__ = True
        attempt = self._recorder.attempt
        if attempt is None or attempt.barred or attempt.wide or fixturedef.scope == "function":
            return (yield)
        self.enter_wide_fixture(attempt)
        try:
            return (yield)
        finally:
            self.leave_wide_fixture(attempt)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """Know what the test used (a fixture may be asked for on the way); leave out what is called from here on."""
        __tracebackhide__ = True
        attempt = self._recorder.attempt
        if attempt is not None:
            names = uses(item)
            attempt.mocks |= names & mocks.NAMES
            attempt.excluded = bool(self._exclude & (names | attempt.mocks))
            attempt.barred = attempt.barred or TEARDOWN
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, object, object]:
        """Know what was delivered."""
        if any(sent is report for sent, _ in self._unsent):
            self._unsent.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """End the attempt with its last report."""
        report = yield
        if call.when == "call":
            subtests.note(report, item)
        attempt = self._recorder.attempt
        if call.when == "teardown" and attempt is not None:
            self._recorder.attempt = None
            self.end(item, attempt, report)
        return report
