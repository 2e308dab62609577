"""`--distil-eval`, the side of the tests: what they receive, and what is asked ahead of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.plugin import junit, rows, substitute
from pytest_distil.plugin.items import Attempts
from pytest_distil.plugin.marker import TestMarks, marks_of
from pytest_distil.run.asker.client import AskerClient
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.prefetch import WINDOW, Prefetch
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.recorder import Attempt

_HINT = (
    "This test called no marked function, and it failed after {test} had received a value from the model that was "
    "not the original's. If such a value was kept (a cache above the mark, a module variable), the failure is the "
    "model's and not the test's: run it alone, or clear the cache between tests."
)


class EvaluatingTests(Attempts):
    """Runs each test with the model's values, or with the original's while the model is asked beside them."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        client: AskerClient | None,
        recorded: Recorded | None,
        is_first: bool,
    ) -> None:
        """Take who is asked (None for a dry run) and the session; the first worker asks ahead for all."""
        self._evaluator = Evaluator(settings, client, recorded)
        super().__init__(config, self._evaluator)
        self._settings = settings
        self._client = client
        self._recorded = recorded if is_first else None
        self._prefetch: Prefetch | None = None
        self._nextitem: pytest.Item | None = None
        self._is_trying = False
        self._tried: Attempt | None = None
        self._retried: str | None = None
        """The test that runs again with the original's values."""

    def begin(self, item: pytest.Item, marks: TestMarks) -> Attempt:
        """Start an attempt, and ask for what comes after it."""
        attempt = super().begin(item, marks)
        is_second = self._retried == item.nodeid
        attempt.substitute = self._substitutes and not is_second
        attempt.different = True if is_second else None
        if self._prefetch:
            self._prefetch.advance(item.nodeid)
        return attempt

    def enter_wide_fixture(self, attempt: Attempt) -> None:
        """Keep the calls apart: they are asked about and never substituted."""
        attempt.wide = True

    def leave_wide_fixture(self, attempt: Attempt) -> None:
        """Go on as before."""
        attempt.wide = False

    def asserted(self, item: pytest.Item, attempt: Attempt) -> None:
        """Say in JUnit files what the model did; the teardown's report takes it along."""
        junit.add_properties(item, attempt, is_second=self._retried == item.nodeid)

    def end(self, item: pytest.Item, attempt: Attempt, report: pytest.TestReport) -> None:
        """Send what an attempt has to say, unless it is not known yet whether it stands."""
        if self._is_trying:
            self._tried = attempt
        else:
            self._send(item, attempt, report)

    @property
    def _substitutes(self) -> bool:
        return self._settings.returns == "model" and not self._settings.dry_run

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin to ask ahead."""
        if self._recorded is None or session.config.option.collectonly:
            return
        tests = [item.nodeid for item in session.items]
        examples = self._recorded.of_tests(tests)
        ahead = WINDOW * self._settings.concurrency
        self._prefetch = Prefetch(self._evaluator, examples, tests, ahead=ahead)
        self._prefetch.advance(None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test with the model's values; leave it to the others to run it with the original's if it fails so.

        Only where a value was different: a test that fails on the original's own values fails for good.
        """
        self._nextitem = nextitem
        self._retried = None
        if not self._substitutes:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = self._try(item, nextitem)
        if self._tried and self._tried.different and not substitute.is_clean(reports):
            self._retried = item.nodeid
            return None
        if self._tried:
            self._send(item, self._tried, reports[-1])
        substitute.publish(item, reports)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Mark the report of a test that passes only with the original's values; explain what a kept value may do."""
        report = yield from super().pytest_runtest_makereport(item, call)
        if call.when == "call" and self._retried == item.nodeid and report.outcome == "passed":
            rows.mark_disagreed(report)
        attempt = self._evaluator.attempt
        culprit = self._evaluator.handed_out_by
        if (
            call.when == "call"
            and report.failed
            and attempt
            and not attempt.rows
            and culprit not in (None, item.nodeid)
        ):
            report.sections.append(("pytest-distil", _HINT.format(test=culprit)))
        return report

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        """Run a test with the model's values, and keep its attempt back."""
        self._is_trying, self._tried = True, None
        try:
            return substitute.attempt(item, nextitem)
        finally:
            self._is_trying = False

    def _send(self, item: pytest.Item, attempt: Attempt, report: pytest.TestReport) -> None:
        """Send what an attempt has to say; the last one waits for every answer that is still to come."""
        last = self._nextitem is None
        if last and self._prefetch:
            self._prefetch.finish()
        marks = marks_of(item)
        payload = self._evaluator.payload(attempt, last=last)
        self.send(report, payload | {"must_agree": marks.must_agree, "must_pass": marks.must_pass})

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send what no report could take (a run that stopped early), and let go of the asker."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["distil"] = json.dumps(self._evaluator.judgements(wait=False))
        if self._client:
            self._client.close()
