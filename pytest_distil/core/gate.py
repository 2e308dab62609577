"""What the gate makes of a report: one ruling, computed once, that everything else only prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_distil.core import baseline, by_task, ceiling, faults, thresholds
from pytest_distil.core.phrases import percent, plural, some
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Trial
from pytest_distil.core.wants import BLOCKS, Wants

Ruling = dict[str, Any]


def judge(report: ReportJson, *, wants: Wants) -> Ruling:
    """Return the ruling on a report.

    `passed` is None where the run was interrupted, and where no gate is asked for and nothing is wrong; `reasons` are
    sentences that say why it is False, each with its remedy; `notes` say what else a reader must know.
    """
    trials = [Trial.from_json(one) for one in report["trials"]]
    told = ceiling.note(wants, trials)
    wants = ceiling.applied(wants, trials)
    ruling: Ruling = {
        "passed": None,
        "gated": wants.gated,
        "interrupted": report["selection"]["interrupted"],
        "threshold": wants.fail_under,
        "confidence": wants.confidence,
        "judged": wants.judged,
        "counts": report[BLOCKS[wants.judged]],
        "overall": None,
        "reasons": [],
        "notes": [*_notes(trials, report=report, wants=wants), *([told] if told else [])],
    }
    if ruling["interrupted"]:
        return ruling | {"tasks": {}, "tests": None, "pins": None, "baseline": None}
    return _judged(ruling, trials=trials, report=report, wants=wants)


def _judged(ruling: Ruling, *, trials: list[Trial], report: ReportJson, wants: Wants) -> Ruling:
    """Return the ruling with all that is ruled on a run that came to its end."""
    overall = tests = None
    if wants.fail_under is not None:
        overall = thresholds.rate(ruling["counts"], threshold=wants.fail_under, of="", wants=wants)
    if wants.fail_under_tests is not None:
        tests = thresholds.tests(report["tests"], threshold=wants.fail_under_tests)
    tasks, stray = by_task.rule(trials, report=report, wants=wants)
    pins = _pins(trials, report)
    beside = baseline.rule(trials, report=report, wants=wants)
    reasons = list(faults.always(trials, report=report))
    if wants.gated:
        reasons += faults.gated(trials, report=report, wants=wants)
    if not faults.nobody_answered(trials):  # what else falls short then is the same once more
        if any(wants.selects(one) and one.scored for one in trials):
            unknown = ceiling.reason(wants, trials)
            reasons += [unknown] if unknown else []
            reasons += [*_reasons(overall, *tasks.values(), *by_task.fields(tasks)), *stray]
        reasons += [*_reasons(tests, pins), *(beside["reasons"] if beside else ())]
    return ruling | {
        "passed": False if reasons else True if wants.gated else None,
        "overall": overall,
        "reasons": reasons,
        "notes": [*ruling["notes"], *(beside["notes"] if beside else ())],
        "tasks": tasks,
        "tests": tests,
        "pins": pins,
        "baseline": beside,
    }


def _reasons(*parts: Ruling | None) -> list[str]:
    """Return why parts of a ruling fail."""
    return [one["reason"] for one in parts if one and one["reason"]]


def _pins(trials: list[Trial], report: ReportJson) -> Ruling:
    """Return the ruling on calls that must agree and tests that must pass."""
    pinned = [one for one in trials if one.pinned]
    broken = [one for one in pinned if one.share != 1]
    must_pass = [one for one in report["tests"]["listed"] if one["must_pass"]]
    disagreed = [one["test"] for one in must_pass if one["ending"] == "disagreed"]
    found = []
    if broken:
        tests = some(dict.fromkeys(test for one in broken for test in one.tests[:1]))
        found.append(f"{plural(len(broken), 'call')} marked must_agree did not agree (in {tests})")
    if disagreed:
        found.append(f"{plural(len(disagreed), 'test')} marked must_pass disagreed ({some(disagreed)})")
    remedy = "train on more calls like these, or take the mark off"
    return {
        "pinned": len(pinned),
        "broken": [{"task": one.task, "fingerprint": one.fingerprint, "tests": list(one.tests)} for one in broken],
        "must_pass": len(must_pass),
        "disagreed": disagreed,
        "passed": not found,
        "reason": f"{' and '.join(found)}; {remedy}" if found else None,
    }


def _notes(trials: list[Trial], *, report: ReportJson, wants: Wants) -> Iterator[str]:
    """Yield what a reader of the ruling must know, whatever it is."""
    selection = report["selection"]
    usual = [one for one in trials if one.apart is None]
    if selection["interrupted"]:
        yield "the run was interrupted and is not judged"
    if selection["partial"]:
        left = f" ({plural(selection['deselected'], 'test')} deselected)" if selection["deselected"] else ""
        yield f"this was a part of the suite{left}; what ran is judged"
    if selection["sample"] is not None:
        yield f"a sample of {percent(selection['sample'])} of the calls was asked about"
    if not wants.gated and wants.judged == "held-out" and usual and not any(one.held_out for one in usual):
        yield faults.none_held_out(len(usual))
    if report["session"] is not None and (n := sum(one.apart == "unrecorded" and one.scored for one in trials)):
        yield f"{plural(n, 'call stands', 'calls stand')} in no session, so they are not judged; collect again"
    if not wants.gated:  # else it is a reason
        yield from faults.changed(report)
    if wants.baseline is None and wants.baseline_path is not None and wants.baseline_missing_ok:
        yield f"there is no baseline {wants.baseline_path!r}, so nothing is compared with it"
