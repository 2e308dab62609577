"""What GitHub Actions shows beside the job's summary: a notice at the test of each wrong call."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pytest_distil.core.report import ReportJson
from pytest_distil.reports import words
from pytest_distil.reports.findings import wrong_trials

MOST_NOTICES = 10
"""GitHub shows as many of one kind for one step."""


def notices(report: ReportJson, *, places: Mapping[str, tuple[str, int | None]]) -> Iterator[str]:
    """Yield a workflow command for each of the first wrong calls, at the line of its test, outside of Actions none.

    `places` are file and line (from 1) by node id. No values are told: whoever sees the pull request reads them.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for trial in wrong_trials(report, limit=MOST_NOTICES):
        file, line = next((places[test] for test in trial["tests"] if test in places), (None, None))
        yield words.command("warning", _said(trial), title="pytest-distil", file=file, line=line)


def place(report: pytest.TestReport, config: pytest.Config) -> tuple[str, int | None]:
    """Return file and line (from 1) of a test, as GitHub takes them: from the working directory."""
    file, line, _ = report.location
    path = config.rootpath / file
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path), None if line is None else line + 1


def _said(trial: Mapping[str, Any]) -> str:
    """Say what is wrong with a call in a sentence without values."""
    if trial["verdict"] == "differ":
        paths = ", ".join(sorted({one["path"] for one in trial["differences"]}))
        return f"the model differs from {trial['task']} in {paths}"
    return f"the model's answer for {trial['task']} is {trial['verdict']}: {trial['reason']}"
