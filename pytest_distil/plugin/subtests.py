"""Failed subtests, which pytest counts beside the reports: the report of the test that holds them has passed."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest.subtests import failed_subtests_key

_ATTRIBUTE = "distil_failed_subtests"


def note(report: pytest.TestReport, item: pytest.Item) -> None:
    """Say on a test's report that subtests failed: their own may come in any order (rerunfailures logs them first)."""
    counts: Any = item.config.stash.get(failed_subtests_key, {})
    if any(counts.get(key, 0) for key in _keys(item)):
        setattr(report, _ATTRIBUTE, True)


def failed(report: pytest.TestReport) -> bool:
    """Return whether a report says so."""
    return bool(getattr(report, _ATTRIBUTE, False))


def forget(item: pytest.Item) -> None:
    """Forget the subtests of an attempt that was discarded."""
    counts: Any = item.config.stash.get(failed_subtests_key, {})
    for key in _keys(item):
        counts.pop(key, None)


def _keys(item: pytest.Item) -> tuple[Any, ...]:
    """Return what they may be counted by: node ids before pytest 9.2."""
    return item.nodeid, getattr(item, "id", None)
