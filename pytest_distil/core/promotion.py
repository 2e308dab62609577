"""What is kept of a report as a baseline: a small file, sorted, made to be committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pytest_distil.core import faults
from pytest_distil.core.call import HeldOut
from pytest_distil.core.phrases import percent, plural
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Trial

BASELINE_VERSION = 1
"""Version of a baseline file.

1: the first.
"""

Key = tuple[str, str]
"""Task and fingerprint."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a baseline knows of one call."""

    verdict: str
    held_out: HeldOut
    share: Fraction
    """Of its answers that agreed, 0 to 1."""
    digest: str
    """Of the original's result."""

    def __str__(self) -> str:
        """Write it as one line of the file."""
        return f"{self.verdict} {self.held_out or 'seen'} {self.share} {self.digest}"

    @classmethod
    def read(cls, text: str) -> Earlier:
        """Read what `str` wrote."""
        verdict, side, share, digest = text.split(" ")
        held_out: HeldOut = "input" if side == "input" else "pattern" if side == "pattern" else False
        return cls(verdict, held_out, Fraction(share), digest)


def earlier(baseline: Mapping[str, Any]) -> dict[Key, Earlier]:
    """Return the compared calls of a promoted baseline, or of a report."""
    if baseline.get("kind") == "baseline":
        calls = ((task, name, text) for task, each in baseline["calls"].items() for name, text in each.items())
        return {(task, name): Earlier.read(text) for task, name, text in calls}
    return _of_trials([Trial.from_json(one) for one in baseline["trials"]])


def refusals(report: ReportJson) -> Iterator[str]:
    """Yield why a report must not become a baseline at all."""
    selection = report["selection"]
    if selection["interrupted"] or selection["partial"] or selection["crashed"] or selection["sample"] is not None:
        yield "the run was not whole (interrupted, partial, crashed or a sample); promote a whole one"
    trials = [Trial.from_json(one) for one in report["trials"]]
    yield from faults.always(trials, report=report)


def worse(report: ReportJson, *, previous: Mapping[str, Any]) -> str | None:
    """Say how a report would lower the baseline: on the calls that both compared, or by sharing none with it."""
    now, before = earlier(report), earlier(previous)
    both = sorted(now.keys() & before.keys())
    if not both:
        return f"it shares no call with the baseline's {plural(len(before), 'call')}"
    here, there = (float(sum(each[key].share for key in both) / len(both)) for each in (now, before))
    if here < there:
        return f"on the {plural(len(both), 'call')} of both, agreement falls from {percent(there)} to {percent(here)}"
    return None


def promoted(
    report: ReportJson, *, previous: Mapping[str, Any] | None = None, accepted: str | None = None, values: bool = False
) -> dict[str, Any]:
    """Return the baseline file of a report; a reason for accepting a worse one stays in it, with earlier reasons.

    With `values` the trials that do not agree are kept with their answers.
    """
    reasons = list((previous or {}).get("accepted", ()))
    if accepted is not None:
        reasons.append({"reason": accepted, "model": report["model"], "started": report["started"]})
    kept = _of_trials([Trial.from_json(one) for one in report["trials"]])
    calls: dict[str, dict[str, str]] = {}
    for (task, fingerprint), one in sorted(kept.items()):
        calls.setdefault(task, {})[fingerprint] = str(one)
    data = {
        "v": BASELINE_VERSION,
        "kind": "baseline",
        **{key: report[key] for key in ("model", "started", "session", "totals", "held_out")},
        "accepted": reasons,
        "calls": calls,
    }
    wrong = [one for one in report["trials"] if one["verdict"] not in ("agree", "unscored")]
    return {**data, "trials": wrong} if values else data


def _of_trials(trials: list[Trial]) -> dict[Key, Earlier]:
    """Return what is known of the trials that count."""
    return {
        (one.task, one.fingerprint): Earlier(one.verdict, one.held_out, one.share, one.digest or "-")
        for one in trials
        if one.scored and one.apart is None
    }
