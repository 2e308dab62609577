"""Which attempts vouch for their calls: those that passed setup, call, teardown and every subtest."""

from __future__ import annotations

import pytest

from pytest_distil.plugin import subtests


class Vouching:
    """Watches reports and remembers, for each worker, whether the attempt that is running is still clean."""

    def __init__(self) -> None:
        self._clean: dict[tuple[str, str], bool | None] = {}
        """By worker and node id: None once setup passed, true once the call did, false as soon as something failed."""

    def watch(self, worker: str, report: pytest.TestReport) -> bool:
        """Take a report in; return whether it ends an attempt that vouches for its calls.

        A setup report starts an attempt anew (reruns). A subtest reports under the node id of its test, which then
        passes although the subtest did not. An expected failure is marked by `wasxfail`, whatever its outcome. Where
        the test itself did not run (`--setup-only`), nothing vouches.
        """
        key = (worker, report.nodeid)
        passed = report.outcome == "passed" and not hasattr(report, "wasxfail") and not subtests.failed(report)
        if report.when == "setup":
            self._clean[key] = None if passed else False
            return False
        if report.when == "teardown":
            return self._clean.pop(key, False) is True and passed
        self._clean[key] = self._clean.get(key, False) is not False and passed
        return False
