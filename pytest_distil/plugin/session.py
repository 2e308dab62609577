"""`--distil-eval`, the side of the session: without xdist the same process, with it the controller."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_distil import reports
from pytest_distil.core.evidence import Selection
from pytest_distil.core.report import ReportJson
from pytest_distil.core.settings import Settings
from pytest_distil.plugin import disagreed, github, junit, rows
from pytest_distil.plugin.evaluating import REST
from pytest_distil.plugin.hooks import comparer
from pytest_distil.plugin.opening import Opening
from pytest_distil.plugin.outcomes import Outcomes
from pytest_distil.plugin.selection import is_partial, leaves_out_files
from pytest_distil.plugin.showing import show, shown, tell_without_terminal
from pytest_distil.plugin.vouch import Vouching
from pytest_distil.reports.layout import Line
from pytest_distil.reports.terminal import evaluated, ruling
from pytest_distil.reports.view import ShowValues
from pytest_distil.run.announce import dry_run
from pytest_distil.run.evaluation import Evaluation
from pytest_distil.run.own_compare import Comparing
from pytest_distil.run.recorded import Recorded
from pytest_distil.store.home import Home


class EvaluatingSession:
    """Starts the asker, takes what tests send, and says at the end where the model agrees."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        home: Home,
        recorded: Recorded | None,
        opening: Opening | None,
    ) -> None:
        """Take who opens the asker; None for a dry run."""
        self._config = config
        self._settings = settings
        self._home = home
        self._opening = opening
        self._session: pytest.Session | None = None
        self._has_ended = False
        """Whether the run came to its end by itself."""
        self._recorded_tests = recorded.tests() if recorded else set()
        self._evaluation = Evaluation(settings, recorded, comparing=Comparing(comparer(config)))
        self._vouching = Vouching()
        self._outcomes = Outcomes(config)
        self._deselected = 0
        self._crashed: set[str] = set()
        self._places: dict[str, tuple[str, int | None]] = {}
        self._says_values = bool(config.getini("distil_show_values"))
        self.report: ReportJson | None = None
        self.written: list[Path] = []

    def take_rest(self, rest: Mapping[str, Any]) -> None:
        """Take what a process says at its end, and belongs to no test."""
        self._deselected = max(self._deselected, rest["deselected"])
        self._evaluation.sightings.take_rest(rest)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, object, object]:
        """Take what a test's last report brings; where it ends the run (`-x`), ask nothing more."""
        vouched = self._vouching.watch(rows.worker(report), report)
        self._outcomes.watch(report)
        if report.when == "setup":
            self._places[report.nodeid] = github.place(report, self._config)
        for event in rows.take(report, vouched=vouched):
            self._outcomes.note(event)
            self._evaluation.take(event)
        result = yield
        if self._opening and self._session and (self._session.shouldfail or self._session.shouldstop):
            self._opening.stop("the run stopped before its end")
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker had left to say, or know that it died."""
        if error:
            self._crashed.add(node.gateway.id)
        if rest := getattr(node, "workeroutput", {}).get(REST):
            self.take_rest(json.loads(rest))

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know the run."""
        self._session = session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge a run that came to its end by itself, and let a gate that fails count as a failure."""
        result = yield
        self._has_ended = True
        if not self._settings.dry_run and self._outcomes.all():
            self._report(session, interrupted=False)
            if self.report:
                session.testsfailed += self.report["ruling"]["passed"] is False
                junit.add_gate(session.config, self.report["ruling"], self.report["ruling"]["reasons"])
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Report on a run that was stopped, without judging it; let go of the asker."""
        if not self._has_ended and not self._settings.dry_run and self._outcomes.all():
            self._report(session, interrupted=True)
        is_part = is_partial(session) or not self._has_ended
        tests = [one.test for one in self._outcomes.all()]
        disagreed.remember(session.config, self._outcomes.disagreed(), ran=tests, is_partial=is_part)
        if self.report:
            tell_without_terminal(session.config, ruling(self.report))
        if self._opening:
            self._opening.close()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, object, object]:
        """Say where the model agrees, below everything else, the ruling directly above pytest's closing line."""
        result = yield
        if self._settings.dry_run and self._outcomes.all():
            told = dry_run(self._settings, self._evaluation.sightings.prompts, os.environ)
            show(terminalreporter, "distil: dry run", [Line(text) for text in told])
        if self.report:
            lines = evaluated(
                self.report,
                width=self._config.get_terminal_writer().fullwidth,
                verbosity=self._config.get_verbosity(),
                path=shown(self.written[0], self._config),
                show_values=self._settings.show_values,
            )
            for command in github.notices(self.report, places=self._places):
                terminalreporter.line(command)
            show(terminalreporter, "distil: evaluated", lines)
            failed = junit.failed_gate(self.report["ruling"])
            if failed:  # the exit status is that of a failure, so the closing line counts one, and is red
                terminalreporter._add_stats("failed", [failed])  # noqa: SLF001 - there is no public way
        return result

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a test that passes only with the original's values as what it is."""
        if report.when == "call" and report.outcome == "passed" and rows.is_disagreed(report):
            return "disagreed", "D", ("DISAGREED", {"yellow": True})
        return None

    def _report(self, session: pytest.Session, *, interrupted: bool) -> None:
        """Build, judge and write the report."""
        outcomes = self._outcomes.all()
        ran = (one.test for one in outcomes)
        selection = Selection(
            partial=is_partial(session) or leaves_out_files(session.config, ran=ran, recorded=self._recorded_tests),
            deselected=self._deselected,
            interrupted=interrupted,
            crashed=len(self._crashed),
            sample=None if self._settings.sample == 1 else self._settings.sample,
        )
        self.report = self._evaluation.report(outcomes, selection)
        junit.add_properties(session.config, self.report, outcomes)
        self._home.make()
        self.written = [self._home.new_report(self.report["model"]), *map(Path, self._settings.reports)]
        for path in self.written:
            reports.write(self.report, path, show_values=self._public_values if path.suffix == ".md" else "yes")
        reports.summarise(self.report, os.environ, show_values=self._public_values)

    @property
    def _public_values(self) -> ShowValues:
        """What of values is shown where many can read it: in CI none, unless the user says so."""
        return "no" if os.environ.get("CI") and not self._says_values else self._settings.show_values
