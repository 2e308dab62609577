"""What makes a report unfit to be judged: each fault is one sentence, with its remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pytest_distil.core.hooked import COMPARE_HOOK
from pytest_distil.core.phrases import percent, plural, some
from pytest_distil.core.report import ReportJson
from pytest_distil.core.trial import Repeat, Trial
from pytest_distil.core.wants import Wants

MAX_FAILED = 0.01
"""The share of calls without an answer up to which a rate still means something."""

ENOUGH = 20
"""Distinct calls to collect before some are held out: a fifth of them are four."""

_GONE = "this report lacks them; run it again"

_HERE = ("recorded:", "memory:", "local:")
_VERSION = re.compile(r"(:latest|-\d{4}-\d{2}-\d{2}|-\d{4,8})")


def always(trials: list[Trial], *, report: ReportJson) -> Iterator[str]:
    """Yield what is wrong with a run whether or not a gate is asked for."""
    if not any(one.scored for one in trials):
        yield _nothing_compared(trials, report)
    yield from _incomparable(trials)
    yield from _other_models(report)
    yield from _failed(trials)


def gated(trials: list[Trial], *, report: ReportJson, wants: Wants) -> Iterator[str]:
    """Yield what must not be passed over where a gate is asked for."""
    scored = [one for one in trials if one.scored]
    if wants.judges_calls and scored and not any(map(wants.selects, scored)):
        yield from _none_judged(trials, report=report, wants=wants)
    yield from _incomplete(trials, report=report)
    yield from changed(report)


def changed(report: ReportJson) -> Iterator[str]:
    """Yield which tasks are not what their model was trained on, or what was recorded of them."""
    for task in report["tasks"]:
        yield from _other_task(task)


def nobody_answered(trials: list[Trial]) -> bool:
    """Say whether calls could be scored and not one of them got an answer; `always` has a sentence for it."""
    return {one.verdict for one in _answers(trials)} == {"failed"}


def none_held_out(n: int) -> str:
    """Say what to do where nothing is held out."""
    goal = f"about {ENOUGH}" if n < ENOUGH else "more"
    none = f"none of the {n:,} calls is" if n > 1 else "the only call is not"
    return f"{none} held out; use --distil-gate-on=all or collect {goal} distinct calls"


def missing_of(trials: Iterable[Trial], *, expected: int | None) -> int:
    """Return how many of the calls that a session holds of the tests that ran could not be compared.

    Those of tests that failed, or whose original raised or contradicted itself, are told of by their own reasons.
    """
    there = sum(one.apart is None and not one.missed for one in trials)
    return max(0, (expected or 0) - there)


def same_model(asked: str, served: str) -> bool:
    """Say whether a served name is the one that was asked for, or a dated or tagged version of it.

    Models that answer here (`recorded:`, `memory:`, `local:`) may name themselves as they like.
    """
    if asked.startswith(_HERE):
        return True
    name = asked.removeprefix("id:")
    return served == name or (served.startswith(name) and bool(_VERSION.fullmatch(served[len(name) :])))


def _nothing_compared(trials: list[Trial], report: ReportJson) -> str:
    """Say why there is no rate at all."""
    if trials:
        reason, n = Counter(one.reason for one in trials).most_common(1)[0]
        return (
            f"nothing was compared: {plural(len(trials), 'call')} could not be scored (most often: {reason}, {n:,}); "
            "only calls of passing tests with one result each are"
        )
    if report["tasks"]:
        return "nothing was compared: no test that ran made a call; run the tests that do"
    return "nothing was compared: the tests that ran called no marked function; mark one with @distil, or run its tests"


def _incomparable(trials: list[Trial]) -> Iterator[str]:
    """Yield that the suite's own way to compare did not work: what it could not judge might have differed."""
    calls = [one for one in trials if one.reason and one.reason.startswith(f"{COMPARE_HOOK} r")]
    if calls:
        first = calls[0]
        where = f" in {first.tests[0]}" if first.tests else ""
        yield (
            f"{plural(len(calls), 'call')} could not be compared, first of {first.task}{where}: {first.reason}; "
            "mend the hook and run it again: what has arrived is stored"
        )


def _other_models(report: ReportJson) -> Iterator[str]:
    """Yield for each model that answered under another name than it was asked by."""
    named = ((task["model"], name) for task in report["tasks"] for name in task["served_models"])
    for asked, served in dict.fromkeys(named):
        if not same_model(asked, served):
            yield (
                f"{served!r} answered where {asked!r} was asked for; check the name and the base URL, "
                f"or, if the server names this model so, use --distil-eval={served}"
            )


def _none_judged(trials: list[Trial], *, report: ReportJson, wants: Wants) -> Iterator[str]:
    """Yield why a gate has nothing to judge, where there is something else."""
    usual = [one for one in trials if one.apart is None]
    if any(wants.selects(one) for one in usual):
        yield f"no {wants.noun} could be scored; the report says why"
    elif usual and wants.judged == "held-out":
        yield none_held_out(len(usual))
    elif usual:
        yield (
            "no call is of a new pattern; mark whole tests with "
            "@pytest.mark.distil(held_out=True) and collect again, or use --distil-gate-on=held-out"
        )
    elif any(one.apart == "unrecorded" for one in trials):
        yield f"session {report['session']!r} holds none of the calls; collect again"
    elif trials:
        yield f"all {plural(len(trials), 'call')} come from fixtures wider than a function; those are not judged"


def _failed(trials: list[Trial]) -> Iterator[str]:
    """Yield that too many answers did not come."""
    answers = _answers(trials)
    reasons = Counter(one.reason or "no reason given" for one in answers if one.verdict == "failed")
    failed = reasons.total()
    if failed > MAX_FAILED * len(answers):
        reason, n = reasons.most_common(1)[0]
        yield (
            f"{failed:,} of {plural(len(answers), 'answer')} failed, more than {percent(MAX_FAILED)} "
            f"(most often: {reason}, {n:,}); run it again when the model answers: what has arrived is stored"
        )


def _answers(trials: list[Trial]) -> list[Trial | Repeat]:
    """Return the answers that are judged, repeated ones each."""
    return [answer for one in trials if one.scored for answer in one.repeats or (one,)]


def _incomplete(trials: list[Trial], *, report: ReportJson) -> Iterator[str]:
    """Yield what is missing of the run."""
    selection = report["selection"]
    if selection["crashed"]:
        yield f"{plural(selection['crashed'], 'part')} of the run crashed, so calls are missing; run it again"
    if missing := missing_of(trials, expected=selection["expected"]):
        reasons = Counter(one.reason for one in trials if one.missed).most_common(1)
        yield (
            f"{missing:,} of the {plural(selection['expected'], 'call')} that session {report['session']!r} holds of "
            f"the tests that ran could not be compared ({f'most often: {reasons[0][0]}' if reasons else _GONE})"
        )


def _other_task(task: dict[str, Any]) -> Iterator[str]:
    """Yield how a task is not the one that its model was trained for, or that was recorded."""
    changed = sorted(part for part, digest in (task["card"] or {}).items() if task["brief"].get(part) != digest)
    if changed:
        yield (
            f"{task['task']}: {some(changed)} changed since {task['model']!r} was trained; train it on a new session, "
            "or take the change back"
        )
    recorded = task["recorded_source_digest"]
    if recorded is not None and recorded != task["source_digest"]:
        yield (
            f"{task['task']}: the original changed since its results were recorded; collect again, "
            "or use --distil-original=run"
        )
