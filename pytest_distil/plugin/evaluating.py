"""`--distil-eval`, the side of the tests: what they receive, and what is asked ahead of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.plugin import rows, substitute
from pytest_distil.plugin.items import Attempts
from pytest_distil.plugin.marker import TestMarks, marks_of
from pytest_distil.run.asker.client import AskerClient
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.inside import Trying
from pytest_distil.run.prefetch import WINDOW, Prefetch
from pytest_distil.run.recorded import Recorded

REST = "distil"
"""Key of what a worker has to say at its end, in what xdist takes along."""

_HINT = (
    "This test called no marked function, and it failed after {test} had received a value from the model that was "
    "not the original's. If such a value was kept (a cache above the mark, a module variable), the failure is the "
    "model's and not the test's: run it alone, or clear the cache between tests."
)


class EvaluatingTests(Attempts):
    """Runs each test with the model's values, or with the original's while the model is asked beside them."""

    def __init__(  # noqa: PLR0913 - what one process of a run is told
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        client: AskerClient | None,
        recorded: Recorded | None,
        is_first: bool,
        deliver: Callable[[dict[str, Any]], None],
    ) -> None:
        """Take who is asked (None for a dry run), the session, and who takes what is said last.

        The first process of a run asks ahead for all.
        """
        self._evaluator = Evaluator(settings, client, recorded)
        super().__init__(config, self._evaluator, exclude=settings.exclude_fixtures)
        self._settings = settings
        self._client = client
        self._recorded = recorded if is_first else None
        self._deliver = deliver
        self._substitutes = settings.returns == "model" and not settings.dry_run
        self._prefetch: Prefetch | None = None
        self._deselected = 0
        self._is_trying = False
        self._tried: Attempt | None = None
        """The first attempt of the test that is running, or ran last."""
        self._discarded: Attempt | None = None
        """The same, where the test runs again with the original's values."""
        self._timer: Any = None
        self._second = ExitStack()

    def begin(self, item: pytest.Item, marks: TestMarks) -> Attempt:
        """Start an attempt, and ask for what comes after it."""
        plain = super().begin(item, marks)
        attempt = Trying(plain.test, held_out=plain.held_out, barred=plain.barred)
        if self._is_trying:
            self._tried = attempt
            attempt.substitute = True
        elif self._discarded:
            attempt.different = self._discarded.different
            attempt.wide_rows.update(self._discarded.wide_rows)  # wide fixtures are not set up again
        if self._prefetch:
            self._prefetch.advance(attempt.test)
        return attempt

    def enter_wide_fixture(self, attempt: Attempt) -> None:
        """Keep the calls apart: they are asked about and never substituted."""
        attempt.wide = True

    def leave_wide_fixture(self, attempt: Attempt) -> None:
        """Go on as before."""
        attempt.wide = False

    def end(self, item: pytest.Item, attempt: Attempt, report: pytest.TestReport) -> None:
        """Send what an attempt has to say, unless it is not known yet whether it stands."""
        if not self._is_trying:
            self._send(item, attempt, report)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count what was left out."""
        self._deselected += len(items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Refuse prompts that a model was not trained on, and begin to ask ahead."""
        outdated = [] if hasattr(session.config, "workerinput") else self._evaluator.outdated()
        if outdated:
            raise pytest.UsageError("; ".join(outdated))
        if self._recorded is None:
            return
        tests = [rows.plain(item.nodeid, session.config) for item in session.items]
        examples = self._recorded.of_tests(tests)
        ahead = WINDOW * self._settings.concurrency
        self._prefetch = Prefetch(self._evaluator, examples, tests, ahead=ahead)
        self._prefetch.advance(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Say what no test's report could take; after a loop that came to its end, wait for every answer.

        Not in the last test's own time: it may have a limit.
        """
        try:
            result = yield
            self._finish(is_whole=not (session.shouldfail or session.shouldstop))
        except BaseException:  # Ctrl-C, also while waiting; `-x`
            self._finish(is_whole=False)
            raise
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test with the model's values; leave it to the others to run it with the original's if it fails so.

        Only where a value was different: a test that fails on the original's own values fails for good.
        """
        self._second.close()
        self._discarded = self._tried = None
        if not self._substitutes:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = self._try(item, nextitem)
        if reports is None:
            self._discarded = self._tried
            self._second.enter_context(substitute.without_start(item))
            self._wind_up_timer(item)
            return None
        if self._tried:
            self._send(item, self._tried, reports[-1])
        substitute.publish(item, reports)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self) -> None:
        """Let the next test's start be heard."""
        self._second.close()

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, settings: Any) -> None:
        """Remember a limit of pytest-timeout that holds for a whole test, so that each attempt has its own."""
        self._timer = None if settings.func_only else settings

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Mark the report of a test that passes only with the original's values; explain what a kept value may do."""
        attempt = self._evaluator.attempt
        report = yield from super().pytest_runtest_makereport(item, call)
        if call.when == "call" and self._discarded and self._discarded.different and substitute.is_clean([report]):
            rows.mark_disagreed(report)
        culprit, name = self._evaluator.handed_out_by, rows.plain(item.nodeid, item.config)
        has_called = not isinstance(attempt, Trying) or attempt.rows or attempt.raised or attempt.left_out
        if report.failed and not has_called and culprit and (culprit != name or self._discarded):
            report.sections.append(("pytest-distil", _HINT.format(test=culprit)))
        return report

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None) -> substitute.Reports | None:
        """Run a test with the model's values; None where it is to run again."""
        is_left_to_others = substitute.runs_by_itself(item)

        def is_discarded(reports: substitute.Reports) -> bool:
            if substitute.is_clean(reports):
                return False
            return is_left_to_others or bool(self._tried and self._tried.different)

        self._is_trying = True
        try:
            return substitute.attempt(item, nextitem, is_discarded=is_discarded)
        finally:
            self._is_trying = False

    def _wind_up_timer(self, item: pytest.Item) -> None:
        """Start the limit of a test again: the first attempt may have used it up."""
        timer, self._timer = self._timer, None
        if timer is not None:
            item.config.hook.pytest_timeout_cancel_timer(item=item)
            item.config.hook.pytest_timeout_set_timer(item=item, settings=timer)

    def _send(self, item: pytest.Item, attempt: Attempt, report: pytest.TestReport) -> None:
        """Send what an attempt has to say."""
        marks = marks_of(item)
        payload = self._evaluator.payload(attempt)
        self.send(report, payload | {"must_agree": marks.must_agree, "must_pass": marks.must_pass})

    def _finish(self, *, is_whole: bool) -> None:
        """Ask for what is left, and hand over what is known; with `is_whole` everything."""
        if is_whole and self._prefetch:
            self._prefetch.finish()
        self._deliver({**self._evaluator.rest(wait=is_whole), "deselected": self._deselected})

    def pytest_sessionfinish(self) -> None:
        """Let go of the asker."""
        if self._client:
            self._client.close()
