"""The ruling on each task and its fields, so that a good rate of all calls hides no task that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from pytest_distil.core import stats
from pytest_distil.core.phrases import percent, some
from pytest_distil.core.report import ReportJson
from pytest_distil.core.tally import trust
from pytest_distil.core.thresholds import compared, rate
from pytest_distil.core.trial import Trial, covers, field_of
from pytest_distil.core.wants import BLOCKS, Wants

CLEARLY = 0.98
"""Confidence of the interval above which a threshold must lie for a task to fail it clearly, not by chance."""

_DOT = re.compile(r"\.(?![^\[]*\])")

Targets = dict[str, dict[str | None, float]]
"""Thresholds by task, then by field; None for the task itself."""


def rule(trials: list[Trial], *, report: ReportJson, wants: Wants) -> tuple[dict[str, Any], list[str]]:
    """Return the ruling on each task, and the sentences about thresholds that name nothing."""
    targets, stray = targets_of(wants.thresholds, tasks=[task["task"] for task in report["tasks"]])
    rulings = {}
    among_others = sum(compared(task[BLOCKS[wants.judged]]) > 0 for task in report["tasks"]) > 1
    for task in report["tasks"]:
        own = [one for one in trials if one.task == task["task"] and wants.selects(one)]
        rulings[task["task"]] = _task(
            task, own, targets=targets.get(task["task"], {}), wants=wants, among_others=among_others
        )
    if report["selection"]["partial"]:
        return rulings, []
    known = some(task["task"] for task in report["tasks"])
    return rulings, [f"the threshold for {name!r} names no task of this run; there are {known}" for name in stray]


def fields(tasks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rulings on all fields of all tasks."""
    return [field for task in tasks.values() for field in task["fields"].values()]


def targets_of(thresholds: Mapping[str, float], *, tasks: list[str]) -> tuple[Targets, list[str]]:
    """Return thresholds by task and field, and the names of those that fit no task.

    A task goes by its name or by the last parts of it, where they are no other's: `triage` for `app.mail.triage`.
    """
    found: Targets = {}
    stray = []
    for name, threshold in thresholds.items():
        task, field = next(_readings(name, tasks), (None, None))
        if task is None:
            stray.append(name)
        else:
            found.setdefault(task, {})[field] = threshold
    return found, stray


def _readings(name: str, tasks: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield what a threshold's name can mean, the longest task first."""
    for end in [len(name), *reversed([dot.start() for dot in _DOT.finditer(name)])]:
        task = name[:end]
        fits = [one for one in tasks if one == task] or [one for one in tasks if one.endswith(f".{task}")]
        if len(fits) == 1:
            yield fits[0], name[end + 1 :] or None


def _task(
    task: Mapping[str, Any],
    trials: list[Trial],
    *,
    targets: Mapping[str | None, float],
    wants: Wants,
    among_others: bool,
) -> dict[str, Any]:
    """Return the ruling on one task: by its own threshold, else by whether it clearly fails the overall one.

    A task that is not among others is what the overall rate is of.
    """
    counts = task[BLOCKS[wants.judged]]
    ruling: dict[str, Any] = {
        "passed": None,
        "threshold": wants.fail_under,
        "bound": None,
        "lack": None,
        "reason": None,
    }
    of = f" of {task['task']}"
    if None in targets:
        ruling = rate(counts, threshold=targets[None], of=of, wants=wants)
    elif (
        wants.fail_under is not None and among_others and compared(counts) and _fails_clearly(counts, wants.fail_under)
    ):
        low = f"{percent(counts['agreement'])} agreement on {wants.calls(compared(counts))}{of}"
        reason = f"{low} is clearly below {percent(wants.fail_under)}, whatever the other tasks reach"
        ruling = {
            **ruling,
            "passed": False,
            "lack": "agreement",
            "reason": f"{reason}; give it a threshold of its own in distil_thresholds",
        }
    fields = {
        field: _field(trials, field=field, threshold=threshold, task=task["task"], wants=wants)
        for field, threshold in targets.items()
        if field is not None
    }
    return {**ruling, "counts": counts, "fields": fields}


def _fails_clearly(counts: Mapping[str, Any], threshold: float) -> bool:
    """Say whether no call agrees, or so few that chance does not explain it."""
    independent = counts["effective"] or counts["clusters"]
    above = stats.wilson(counts["agreement"], independent, confidence=CLEARLY)[1]
    return not counts["agreement"] or above < threshold


def _field(trials: list[Trial], *, field: str, threshold: float, task: str, wants: Wants) -> dict[str, Any]:
    """Return the ruling on one field of a task; an answer that is invalid or failed has it wrong."""
    having = [one for one in trials if one.scored and any(covers(field, name) for name in one.fields)]
    shares = [(one.cluster, Fraction(_right(one, field))) for one in having]
    agree = int(sum(share for _, share in shares))
    counts = {"agree": agree, "differ": len(shares) - agree, "invalid": 0, "failed": 0, **trust(shares)}
    ruling = rate(counts, threshold=threshold, of=f" of {task} with {field}", wants=wants)
    if not having and trials:
        known = some(dict.fromkeys(name for one in trials for name in one.fields))
        ruling["reason"] = f"no call of {task} has a field {field!r}; there are {known}"
    return {**ruling, "counts": counts}


def _right(trial: Trial, field: str) -> bool:
    """Say whether an answer has a field as the original has it."""
    if trial.verdict != "differ":
        return trial.verdict == "agree"
    places = {field_of(one.path) for one in trial.differences}
    return not any(covers(one, field) or covers(field, one) for one in places)
