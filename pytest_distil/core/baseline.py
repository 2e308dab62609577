"""A report beside an earlier one, call by call: what got worse, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pytest_distil.core import stats
from pytest_distil.core.phrases import EPSILON, percent, points
from pytest_distil.core.promotion import earlier
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Trial
from pytest_distil.core.wants import Wants, on_side

MIN_OVERLAP = 0.5
"""The share of the baseline's calls that a whole run must hold for the comparison to mean anything."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One call that both reports compared."""

    trial: Trial
    before: Fraction

    @property
    def change(self) -> Fraction:
        """Return what the call has gained, from -1 to 1."""
        return self.trial.share - self.before


def rule(trials: list[Trial], *, report: ReportJson, wants: Wants) -> dict[str, Any] | None:
    """Return the ruling on a report beside its baseline: `passed`, `reasons`, `notes` and the numbers behind them.

    None where no baseline is asked for, or where it is missing and may be.
    """
    if wants.baseline is None:
        return None if wants.baseline_path is None or wants.baseline_missing_ok else _missing(wants.baseline_path)
    before = {key: one for key, one in earlier(wants.baseline).items() if on_side(wants.judged, one.held_out)}
    now = {(one.task, one.fingerprint): one for one in trials if one.scored and wants.selects(one)}
    both = sorted(now.keys() & before.keys())
    changed = {key for key in both if now[key].digest != before[key].digest}
    pairs = [Pair(now[key], before[key].share) for key in both if key not in changed]
    ruling = {
        "path": wants.baseline_path,
        "model": wants.baseline["model"],
        "paired": len(pairs),
        "new": len(now.keys() - before.keys()),
        "vanished": len(before.keys() - now.keys()),
        "changed_original": len(changed),
        "allowed_drop": wants.allowed_drop,
        **_change(pairs, wants=wants),
    }
    reasons = [*_mismatch(ruling, report=report, wants=wants), *_worse(ruling, wants=wants)]
    return {**ruling, "passed": not reasons, "reasons": reasons, "notes": list(_notes(ruling, wants=wants))}


def _missing(path: str) -> dict[str, Any]:
    """Return the ruling where the baseline's file is not there."""
    reason = (
        f"there is no baseline {path!r}; write one with `pytest-distil baseline promote REPORT`, "
        "or allow that with --distil-baseline-missing=ok"
    )
    return {"path": path, "passed": False, "paired": 0, "reasons": [reason], "notes": []}


def _change(pairs: list[Pair], *, wants: Wants) -> dict[str, Any]:
    """Return how agreement has changed over all pairs and by task, with p values adjusted for their number."""
    alpha = 1 - (wants.confidence or stats.CONFIDENCE)
    tasks = sorted({one.trial.task for one in pairs})
    each = {task: [one for one in pairs if one.trial.task == task] for task in tasks}
    parts = {"": pairs} | (each if len(tasks) > 1 else {})
    tested = [stats.sign_flip(_by_cluster(part)) for part in parts.values()]
    blocks = {
        name: _block(part, level=alpha / len(parts)) | {"p": p, "adjusted": adjusted, "significant": adjusted <= alpha}
        for (name, part), p, adjusted in zip(parts.items(), tested, stats.holm(tested), strict=True)
    }
    whole = blocks.pop("")
    return {
        **whole,
        "tasks": blocks or dict.fromkeys(tasks, whole),
        "calls": {"newly_wrong": _named(pairs, sign=-1), "newly_right": _named(pairs, sign=1)},
    }


def _block(pairs: list[Pair], *, level: float) -> dict[str, Any]:
    """Return the numbers of some pairs; `drop` is the fraction by which agreement fell, `smallest_drop` could show."""
    changes = _by_cluster(pairs)
    n = len(pairs)
    smallest = stats.smallest_drop(changes, level=level)
    before = sum((one.before for one in pairs), Fraction(0))
    net = sum(changes, Fraction(0))
    return {
        "paired": n,
        "newly_wrong": sum(one.change < 0 for one in pairs),
        "newly_right": sum(one.change > 0 for one in pairs),
        "before": float(before / n) if n else None,
        "now": float((before + net) / n) if n else None,
        "drop": float(-net / n) if n else None,
        "smallest_drop": None if smallest is None else float(smallest / n),
        "method": "exact McNemar" if len(changes) == n else "sign-flip permutation of clusters",
    }


def _by_cluster(pairs: list[Pair]) -> list[Fraction]:
    """Return the net change of each cluster."""
    found: dict[str, Fraction] = {}
    for one in pairs:
        found[one.trial.cluster] = found.get(one.trial.cluster, Fraction(0)) + one.change
    return list(found.values())


def _named(pairs: list[Pair], *, sign: int) -> list[dict[str, Any]]:
    """Return the calls that changed in one direction, with their tests."""
    return [
        {"task": one.trial.task, "fingerprint": one.trial.fingerprint, "tests": list(one.trial.tests)}
        for one in pairs
        if one.change * sign > 0
    ]


def _mismatch(ruling: Mapping[str, Any], *, report: ReportJson, wants: Wants) -> Iterator[str]:
    """Yield why the two reports cannot be compared."""
    paired, vanished, changed = ruling["paired"], ruling["vanished"], ruling["changed_original"]
    if not paired and not changed:
        yield (
            f"no {wants.noun} is in both this report and the baseline; run the tests that it is of, "
            "or promote a new baseline"
        )
    elif not report["selection"]["partial"] and paired + changed < MIN_OVERLAP * (paired + changed + vanished):
        yield (
            f"only {paired + changed:,} of the baseline's {wants.calls(paired + changed + vanished)} are in this "
            "report; run all tests, or promote a new baseline"
        )
    if changed:
        yield (
            f"the original's result changed for {wants.calls(changed)} since the baseline; "
            "promote a new baseline if that is meant"
        )


def _worse(ruling: Mapping[str, Any], *, wants: Wants) -> Iterator[str]:
    """Yield what has got worse, by more than is allowed or by more than noise."""
    lost = f"{ruling['newly_wrong']:,} newly wrong, {ruling['newly_right']:,} newly right"
    if ruling["paired"] and ruling["drop"] > wants.allowed_drop + EPSILON:
        yield (
            f"agreement fell {points(ruling['drop'])} below the baseline on {wants.calls(ruling['paired'])} ({lost}), "
            f"more than the allowed {points(wants.allowed_drop)}; the report lists these calls"
        )
    elif ruling["significant"]:
        yield (
            f"agreement fell {points(ruling['drop'])} below the baseline on {wants.calls(ruling['paired'])} ({lost}), "
            f"which is more than noise ({_p(ruling)}); the report lists these calls"
        )
    for task, block in ruling["tasks"].items():
        if len(ruling["tasks"]) > 1 and (block["significant"] or _lost_wholly(block)):
            yield (
                f"{task} fell from {percent(block['before'])} to {percent(block['now'])} on "
                f"{wants.calls(block['paired'])} since the baseline ({_p(block)}); the report lists these calls"
            )


def _lost_wholly(block: Mapping[str, Any]) -> bool:
    """Say whether a task that had something right has nothing right now."""
    return bool(block["newly_wrong"] > 1 and block["now"] == 0)


def _notes(ruling: Mapping[str, Any], *, wants: Wants) -> Iterator[str]:
    """Yield how little or much the comparison can show, and what is not in it."""
    if ruling["paired"]:
        calls = wants.calls(ruling["paired"])
        smallest = ruling["smallest_drop"]
        yield (
            f"the smallest drop that {calls} could have shown beyond noise is {points(smallest)}"
            if smallest is not None
            else f"{calls} could have shown no drop beyond noise: there are too few, or too few groups and tests"
        )
    if ruling["new"] or ruling["vanished"]:
        yield f"not compared with the baseline: {ruling['new']:,} new and {wants.calls(ruling['vanished'])} gone"


def _p(block: Mapping[str, Any]) -> str:
    """Write a p value."""
    return f"p = {block['adjusted']:.3f}".replace("p = 0.000", "p < 0.001")
