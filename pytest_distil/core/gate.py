"""What the gate makes of a report: one ruling, computed once, that everything else only prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.report import ReportJson
from pytest_distil.core.wants import GateOn, Wants

BLOCKS: Mapping[GateOn, str] = {"held-out": "held_out", "new-patterns": "new_patterns", "all": "totals"}
"""Where a report keeps the COUNTS of what is judged."""


def judge(report: ReportJson, *, wants: Wants) -> dict[str, Any]:
    """Return the ruling on a report.

    `passed` is None where the run was interrupted, or where no gate is asked for and nothing is wrong; `reasons` are
    sentences that say why it is False, `notes` what else a reader must know.
    """
    ruling: dict[str, Any] = {
        "passed": None,
        "gated": wants.gated,
        "interrupted": report["selection"]["interrupted"],
        "threshold": wants.fail_under,
        "judged": wants.judged,
        "counts": report[BLOCKS[wants.judged]],
    }
    return ruling
