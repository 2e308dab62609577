"""Running a test with the model's values, and again without them where it does not pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol


class _Holding:
    """Stands before the hooks of a test's path, and keeps back what would tell others of an attempt."""

    def __init__(self, hooks: Any, held: list[pytest.TestReport]) -> None:
        self._hooks = hooks
        self._held = held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks, name)

    def pytest_runtest_logreport(self, *, report: pytest.TestReport) -> list[None]:
        """Keep a subtest's report; those of the phases are returned by the protocol."""
        self._held.append(report)
        return []

    def pytest_exception_interact(self, **_: Any) -> list[None]:
        """Open no debugger in an attempt that may be run again."""
        return []


def attempt(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Run a test without telling anybody; return its reports in order, subtests before the call that held them.

    The item is then as it was before, ready to be run again.
    """
    properties, sections = list(item.user_properties), list(item._report_sections)
    held: list[pytest.TestReport] = []
    with _holding(item.session, held):
        phases = runtestprotocol(item, log=False, nextitem=nextitem)
    if not is_clean([*phases, *held]):
        item.user_properties[:] = properties
        item._report_sections[:] = sections
    return [*phases[:1], *held, *phases[1:]]


def is_clean(reports: list[pytest.TestReport]) -> bool:
    """Return whether an attempt passed in every phase and subtest, without being expected to fail."""
    return all(report.outcome == "passed" and not hasattr(report, "wasxfail") for report in reports)


def publish(item: pytest.Item, reports: list[pytest.TestReport]) -> None:
    """Tell everybody of an attempt that stands."""
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)


@contextmanager
def _holding(session: pytest.Session, held: list[pytest.TestReport]) -> Iterator[None]:
    """Put the keeping-back hooks in force for every node of the session."""
    proxy = session.gethookproxy

    def gethookproxy(path: Path) -> Any:
        return _Holding(proxy(path), held)

    session.gethookproxy = gethookproxy  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del session.gethookproxy
