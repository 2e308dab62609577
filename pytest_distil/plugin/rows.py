"""The one road of rows: hung on a test's report where it ran, taken off again where the session is."""

from __future__ import annotations

import json
from typing import Any

import pytest

_ATTRIBUTE = "distil_rows"
_DISAGREED = "distil_disagreed"


def hang(report: pytest.TestReport, payload: dict[str, Any], *, crosses: bool) -> None:
    """Hang what an attempt has to say on its report.

    Where that crosses to another process it is ASCII text: a lone surrogate would kill a worker's channel.
    """
    setattr(report, _ATTRIBUTE, json.dumps(payload, separators=(",", ":")) if crosses else payload)


def take(report: pytest.TestReport, *, vouched: bool) -> list[dict[str, Any]]:
    """Take it off, so that reports kept by others do not keep every row in memory; return events, oldest first.

    An event is what one attempt has to say, with its worker and whether it vouches for its calls. Attempts whose
    own report nobody got do not.
    """
    payload = vars(report).pop(_ATTRIBUTE, None)
    if payload is None:
        return []
    if isinstance(payload, str):
        payload = json.loads(payload)
    lost = payload.pop("lost")
    here = worker(report)
    return [
        *({**one, "worker": here, "vouched": False} for one in lost),
        {**payload, "worker": here, "vouched": vouched},
    ]


def worker(report: pytest.TestReport) -> str:
    """Return the name of the process that a report comes from; empty without xdist."""
    node = getattr(report, "node", None)
    return "" if node is None else str(node.gateway.id)


def mark_disagreed(report: pytest.TestReport) -> None:
    """Say on a report that its test failed with the model's values and passed with the original's.

    Its outcome stays `passed`, because others (JUnit, pytest-html, `--lf`) know no further one.
    """
    setattr(report, _DISAGREED, True)


def is_disagreed(report: pytest.TestReport) -> bool:
    """Return whether a report says so."""
    return bool(getattr(report, _DISAGREED, False))


def plain(nodeid: str, config: pytest.Config) -> str:
    """Return a test's node id as it is in every run: `--dist=loadgroup` writes `@` and the group behind it."""
    is_grouped = getattr(config.option, "dist", "no") == "loadgroup" or getattr(config.option, "loadgroup", False)
    name, at, group = nodeid.rpartition("@")
    return name if is_grouped and at and "]" not in group and "::" not in group else nodeid
