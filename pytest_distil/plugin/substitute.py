"""Running a test with the model's values so that it can run again without them, as if it had not run before.

What is private in pytest and used here is what plugins that run failing tests again have used for years.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import call_and_report, show_test_item

from pytest_distil.plugin import subtests

_SPACED: dict[str, Any] = {"add_space": True} if "add_space" in signature(show_test_item).parameters else {}
"""What pytest takes from 9.1 on."""

Reports = list[pytest.TestReport]
"""Of one attempt in order, subtests before the call that held them."""


def attempt(
    item: pytest.Item, nextitem: pytest.Item | None, *, is_discarded: Callable[[Reports], bool]
) -> Reports | None:
    """Run a test without telling anybody; return its reports, or None where they are discarded.

    The item is then as it was before, ready to be run again, and fixtures wider than the test still stand, unless it
    was their teardown that decided.
    """
    before = _State(item)
    held: Reports = []

    def hold(*, report: pytest.TestReport) -> None:
        held.append(report)

    kept = _replaced(item.session, pytest_runtest_logreport=hold, pytest_exception_interact=_nothing)
    with kept, warnings.catch_warnings(record=True) as warned:
        reports = _phases(item, nextitem, held, is_discarded)
    if is_discarded(reports):
        before.restore(item)
        return None
    for one in warned:
        warnings.showwarning(one.message, one.category, one.filename, one.lineno)
    return reports


def is_clean(reports: Sequence[pytest.TestReport]) -> bool:
    """Return whether an attempt passed in every phase and subtest, without being expected to fail."""
    return all(
        report.outcome == "passed" and not hasattr(report, "wasxfail") and not subtests.failed(report)
        for report in reports
    )


def publish(item: pytest.Item, reports: Reports) -> None:
    """Tell everybody of an attempt that stands."""
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)


@contextmanager
def without_start(item: pytest.Item) -> Iterator[None]:
    """Let nobody hear that a test starts, who was told of it before."""
    with _replaced(item.session, pytest_runtest_logstart=_nothing):
        yield


def runs_by_itself(item: pytest.Item) -> bool:
    """Return whether something else decides how often a test runs: a plugin for flaky tests, or the debugger."""
    given = vars(item.config.option)
    options = any(given.get(name) for name in ("usepdb", "reruns", "force_reruns", "retries", "force_flaky"))
    return options or item.get_closest_marker("flaky") is not None or _ini(item.config, "reruns", "retries")


def _nothing(**_: Any) -> list[None]:
    """Stand in for a hook that nobody is to hear."""
    return []


def _phases(
    item: pytest.Item, nextitem: pytest.Item | None, held: Reports, is_discarded: Callable[[Reports], bool]
) -> Reports:
    """Do what pytest's own protocol does, but choose before teardown whether wider fixtures are kept."""
    function: Any = item
    has_request = hasattr(item, "_request")
    if has_request and not function._request:  # noqa: SLF001
        function._initrequest()  # noqa: SLF001
    try:
        reports = [call_and_report(item, "setup", log=False)]
        if reports[0].passed:
            if item.config.getoption("setupshow", default=False):
                show_test_item(item, **_SPACED)
            call = call_and_report(item, "call", log=False)
            reports += [*held, call]
        if is_discarded(reports):
            following: Any = _Again(item)
        else:
            following = None if item.session.shouldfail or item.session.shouldstop else nextitem
        return [*reports, call_and_report(item, "teardown", log=False, nextitem=following)]
    finally:
        if has_request:
            function._request = False  # noqa: SLF001
            function.funcargs = None


class _Again:
    """Stands for the next item where that is the same one again: all around it is kept, and it is not."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)

    def listchain(self) -> list[Any]:
        """Return the nodes that the next item needs."""
        return list(self._item.listchain()[:-1])


class _State:
    """What an attempt leaves on its item, and on the instance of its test class."""

    def __init__(self, item: Any) -> None:
        lists: tuple[list[Any], ...] = (item.user_properties, item._report_sections, item.own_markers)  # noqa: SLF001
        self._lists = [(kept, list(kept)) for kept in lists]
        self._instance = getattr(item, "_instance", None)
        self._attributes = dict(getattr(self._instance, "__dict__", {}))

    def restore(self, item: Any) -> None:
        """Make them as they were. The instance stays the same one: Hypothesis refuses another for the same test."""
        for kept, before in self._lists:
            kept[:] = before
        subtests.forget(item)
        if self._instance is not None:
            attributes = getattr(self._instance, "__dict__", {})
            attributes.clear()
            attributes.update(self._attributes)
            item._instance = self._instance  # noqa: SLF001
            item._obj = None  # noqa: SLF001


class _Relay:
    """The hooks of a test's path, some of them replaced."""

    def __init__(self, relay: Any, replaced: Mapping[str, Callable[..., Any]]) -> None:
        self._relay = relay
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._relay, name)


@contextmanager
def _replaced(session: pytest.Session, **hooks: Callable[..., Any]) -> Iterator[None]:
    """Put other hooks in force for every node of the session: items have theirs from `gethookproxy`."""
    proxy = session.gethookproxy

    def gethookproxy(path: Path) -> Any:
        return _Relay(proxy(path), hooks)

    session.gethookproxy = gethookproxy  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del session.gethookproxy


def _ini(config: pytest.Config, *names: str) -> bool:
    """Return whether the ini file sets one of these, where a plugin knows it."""
    for name in names:
        with suppress(ValueError, KeyError):
            if config.getini(name):
                return True
    return False
