"""What JUnit files say of an evaluation: properties of each test, and a test case for the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest
from _pytest.junitxml import xml_key

from pytest_distil.run.recorder import Attempt

_NODE_ID = "pytest-distil::gate"

_CALLS, _VALUES, _RUN = "distil_calls", "distil_values", "distil_run"
"""The properties of a test: how many calls it made, whose values it received, and whether it ran before."""


def add_properties(item: pytest.Item, attempt: Attempt, *, is_second: bool) -> None:
    """Say on a test what the model did in it; before its teardown report, which takes the properties along.

    Each attempt says its own: reruns go on with the item, and with what earlier ones have said on it.
    """
    said = {}
    if attempt.rows:
        received = {None: "original", False: "same", True: "different"}[attempt.different]
        said = {_CALLS: str(len(attempt.rows)), _VALUES: received}
    if is_second:
        said[_RUN] = "second, with the original's values"
    kept = (one for one in item.user_properties if one[0] not in (_CALLS, _VALUES, _RUN))
    item.user_properties[:] = [*kept, *said.items()]


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
