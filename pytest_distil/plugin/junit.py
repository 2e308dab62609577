"""What JUnit files say of an evaluation: a property for each test, and a test case for the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pytest
from _pytest.junitxml import xml_key

from pytest_distil.core.evidence import Outcome
from pytest_distil.core.phrases import plural
from pytest_distil.core.report import ReportJson
from pytest_distil.reports import words

_NODE_ID = "pytest-distil::gate"


def add_properties(config: pytest.Config, report: ReportJson, outcomes: Iterable[Outcome]) -> None:
    """Say in the JUnit file, where one is written, what the model did in the run and in each test that asked it.

    As properties of the suite: the common schema knows none of a test case.
    """
    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    xml.add_global_property("distil_model", report["model"])
    xml.add_global_property("distil_ruling", words.ruling(report))
    for one in outcomes:
        if one.calls:
            received = {None: "the original's values", False: "the same values", True: "different values"}
            said = f"{plural(one.calls, 'call')}, {received[one.different]}, {one.ending}"
            xml.add_global_property(f"distil {words.visible(one.test)}", said)


def add_gate(config: pytest.Config, ruling: Mapping[str, Any], sentences: Sequence[str]) -> None:
    """Put the ruling into the JUnit file, where one is written, as a test case that passed or failed."""
    xml = config.stash.get(xml_key, None)
    if xml is None or ruling["passed"] is None:
        return
    xml.pytest_runtest_logreport(_report("call", "passed" if ruling["passed"] else "failed", sentences))
    xml.pytest_runtest_logreport(_report("teardown", "passed", ()))


def failed_gate(ruling: Mapping[str, Any]) -> pytest.TestReport | None:
    """Return the report of a gate that failed, for pytest's closing line to count; None for another one."""
    return _report("call", "failed", ruling["reasons"]) if ruling["passed"] is False else None


def _report(
    when: Literal["call", "teardown"], outcome: Literal["passed", "failed"], why: Sequence[str]
) -> pytest.TestReport:
    """Return a report as a test named `gate` would have made it."""
    return pytest.TestReport(
        nodeid=_NODE_ID,
        location=("pytest-distil", None, "gate"),
        keywords={},
        outcome=outcome,
        longrepr="\n".join(why) if outcome == "failed" else None,
        when=when,
        duration=0.0,
        start=0.0,
        stop=0.0,
    )
