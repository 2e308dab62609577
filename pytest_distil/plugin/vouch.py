"""Which attempts vouch for their calls: those that passed setup, call, teardown and every subtest."""

from __future__ import annotations

import pytest


class Vouching:
    """Watches reports and remembers, for each worker, whether the attempt that is running is still clean."""

    def __init__(self) -> None:
        self._clean: dict[tuple[str, str], bool] = {}
        """By worker and node id; true once the call passed, as long as nothing failed."""

    def watch(self, worker: str, report: pytest.TestReport) -> bool:
        """Take a report in; return whether it ends an attempt that vouches for its calls.

        A setup report starts an attempt anew (reruns). A subtest reports under the node id of its test, which then
        passes although the subtest did not. An expected failure is marked by `wasxfail`, whatever its outcome.
        """
        key = (worker, report.nodeid)
        passed = report.outcome == "passed" and not hasattr(report, "wasxfail")
        if report.when == "setup":
            self._clean[key] = passed
            return False
        clean = self._clean.get(key, False) and passed
        if report.when == "teardown":
            self._clean.pop(key, None)
            return clean
        self._clean[key] = clean
        return False
