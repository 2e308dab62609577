"""The one road of rows: hung on a test's report where it ran, taken off again where the session is."""

from __future__ import annotations

import json
from typing import Any

import pytest

_ATTRIBUTE = "distil_rows"


def hang(report: pytest.TestReport, payload: dict[str, Any]) -> None:
    """Hang what an attempt has to say on its report, as ASCII: a lone surrogate would kill a worker's channel."""
    setattr(report, _ATTRIBUTE, json.dumps(payload, separators=(",", ":")))


def take(report: pytest.TestReport) -> dict[str, Any] | None:
    """Take it off, so that reports kept by others do not keep every row in memory."""
    text = vars(report).pop(_ATTRIBUTE, None)
    return None if text is None else json.loads(text)


def worker(report: pytest.TestReport) -> str:
    """Return the name of the process that a report comes from; empty without xdist."""
    node = getattr(report, "node", None)
    return "" if node is None else str(node.gateway.id)
