"""Rates judged by thresholds: of all calls, of tasks, of fields, of tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core import stats
from pytest_distil.core.phrases import percent, plural, reaches
from pytest_distil.core.wants import Wants


def rate(counts: Mapping[str, Any], *, threshold: float, of: str, wants: Wants) -> dict[str, Any]:
    """Return the ruling on one rate: `passed`, `threshold`, `bound` where a confidence is asked for, `lack`, `reason`.

    `lack` is what there is too little of: `agreement`, `calls`, `clusters` (to say anything with confidence),
    `independent` calls (to reach the threshold at all), or None.
    """
    n = compared(counts)
    ruling: dict[str, Any] = {"passed": False, "threshold": threshold, "bound": None, "lack": None, "reason": None}
    what = f"{wants.calls(n)}{of}"
    if n < max(1, wants.min_calls):
        remedy = "collect more" if n else "run tests that call it, or collect more"
        reason = f"{what} compared, at least {wants.min_calls:,} must be; {remedy}"
        return {**ruling, "lack": "calls", "reason": reason}
    found = counts["agreement"]
    if wants.confidence is not None:
        return ruling | _confident(counts, threshold=threshold, what=what, confidence=wants.confidence)
    if reaches(found, threshold):
        return {**ruling, "passed": True}
    low = f"{percent(found, beside=threshold)} agreement on {what} is below {percent(threshold)}"
    return {**ruling, "lack": "agreement", "reason": f"{low}; the report shows what differs"}


def _confident(counts: Mapping[str, Any], *, threshold: float, what: str, confidence: float) -> dict[str, Any]:
    """Return `passed`, `bound`, `lack` and `reason` for the lower bound of a rate."""
    if counts["effective"] is None:
        few = plural(counts["clusters"], "group or test", "groups or tests")
        least = f"at least {stats.MIN_CLUSTERS} are needed to say anything at {percent(confidence)} confidence"
        return {"lack": "clusters", "reason": f"{what} come from {few}; {least}: collect more"}
    independent = counts["effective"]
    bound = stats.lower_bound(counts["agreement"], independent, confidence=confidence)
    if reaches(bound, threshold):
        return {"passed": True, "bound": bound}
    worth = f"{what} are worth {independent:,.0f}"
    never = unreachable(threshold, confidence=confidence, independent=independent, holding=worth)
    if never:
        return {"bound": bound, "lack": "independent", "reason": never}
    reason = (
        f"{percent(counts['agreement'])} agreement on {what} is at least {percent(bound, beside=threshold)} at "
        f"{percent(confidence)} confidence, below {percent(threshold)}; collect more calls, or train a better model"
    )
    return {"bound": bound, "lack": "agreement", "reason": reason}


def unreachable(threshold: float, *, confidence: float, independent: float, holding: str) -> str | None:
    """Say that even full agreement of so many independent calls could not reach a threshold, where that is so.

    `holding` ends the sentence: `this session holds out 8`.
    """
    asked = f"{percent(threshold).removesuffix(' %')} at {percent(confidence)} confidence"
    needed = stats.needed(threshold, confidence=confidence)
    if needed is None:
        return f"{asked} can be shown by no number of calls; ask for less than 100, or for no confidence"
    if reaches(stats.lower_bound(1.0, independent, confidence=confidence), threshold):
        return None
    return f"{asked} needs at least {plural(needed, 'independent call')}; {holding}"


def tests(block: Mapping[str, Any], *, threshold: float) -> dict[str, Any]:
    """Return the ruling on the share of tests that pass with the model's values, of those that got any."""
    passed = block["same_pass"] + block["different_pass"]
    of = passed + block["different_fail"]
    ruling = {"threshold": threshold, "passed": False, "share": passed / of if of else None, "of": of}
    if not of:
        reason = "no test got a value from the model, so --distil-fail-under-tests has nothing to judge; "
        return {**ruling, "reason": reason + "run tests that make calls, with --distil-return=model"}
    if reaches(passed / of, threshold):
        return {**ruling, "passed": True, "reason": None}
    low = f"{percent(passed / of, beside=threshold)} of {plural(of, 'test')} pass with the model's values"
    return {**ruling, "reason": f"{low}, below {percent(threshold)}; --distil-disagreed runs those that do not"}


def compared(counts: Mapping[str, Any]) -> int:
    """Return the number of calls that COUNTS are of."""
    return int(counts["agree"] + counts["differ"] + counts["invalid"] + counts["failed"])
