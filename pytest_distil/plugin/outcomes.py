"""How each test of a run ended, told from reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_distil.core.evidence import Ending, Outcome
from pytest_distil.plugin import rows, subtests

_SEVERITY: tuple[Ending, ...] = ("skipped", "passed", "disagreed", "failed", "error")
"""Of several reports of one attempt the severest tells how it ended."""


class Outcomes:
    """Watches reports; the last attempt of a test counts."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._endings: dict[str, Ending] = {}
        self._different: dict[str, bool | None] = {}
        self._calls: dict[str, int] = {}
        self._must_pass: set[str] = set()

    def watch(self, report: pytest.TestReport) -> None:
        """Take a report in."""
        if str(report.outcome) == "rerun":  # rerunfailures: another attempt follows
            return
        ending, test = _ending(report), rows.plain(report.nodeid, self._config)
        if report.when == "setup":
            self._endings[test] = ending
        elif report.when == "call" or ending != "passed":
            known = self._endings.get(test, "skipped")
            # A setup that passed says nothing yet: a test that is skipped in its body is a skipped one.
            first = report.when == "call" and known == "passed"
            self._endings[test] = ending if first else max(known, ending, key=_SEVERITY.index)

    def note(self, event: Mapping[str, Any]) -> None:
        """Take in what an attempt says of itself."""
        self._different[event["test"]] = event["different"]
        self._calls[event["test"]] = len(event["rows"])
        if event["must_pass"]:
            self._must_pass.add(event["test"])

    def all(self) -> list[Outcome]:
        """Return how every test ended that was set up."""
        return [
            Outcome(
                test=test,
                ending=ending,
                different=self._different.get(test),
                calls=self._calls.get(test, 0),
                must_pass=test in self._must_pass,
            )
            for test, ending in self._endings.items()
        ]

    def disagreed(self) -> list[str]:
        """Return the tests that passed only with the original's values."""
        return sorted(test for test, ending in self._endings.items() if ending == "disagreed")


def _ending(report: pytest.TestReport) -> Ending:
    """Return what one report says; an expected failure is neither passed nor failed."""
    if report.outcome == "failed" or subtests.failed(report):
        return "failed" if report.when == "call" else "error"
    if report.outcome == "skipped" or hasattr(report, "wasxfail"):
        return "skipped"
    return "disagreed" if rows.is_disagreed(report) else "passed"
