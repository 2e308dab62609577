"""One report of several: the shards of a run in CI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pytest_distil.core.confusion import Cell
from pytest_distil.core.evidence import Hint, Selection, TaskFacts, Traffic
from pytest_distil.core.faults import missing_of
from pytest_distil.core.report import ReportJson, build
from pytest_distil.core.text import canonical
from pytest_distil.core.trial import CONTRADICTS, Trial, known
from pytest_distil.mark.errors import DataError

ENDINGS = ("passed", "disagreed", "failed", "errors", "skipped")
WORST_FIRST = ("failed", "invalid", "differ", "agree", "unscored")
"""What counts where two shards judged one call: a gate must not pass because the better answer was taken, or none."""


def merge(reports: Sequence[ReportJson], *, whole: bool = False) -> ReportJson:
    """Return one report, not judged yet, of reports on the same model and tasks.

    It is whole where the shards' tests add up to what each of them selected from, or where `whole` says so. Raises
    `DataError` for reports that are not of one model, or of tasks that differ in their briefs.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for report in reports:
        for task in report["tasks"]:
            found.setdefault(task["task"], []).append(task)
    merged = build(
        trials=_trials(reports),
        tests=(),
        tasks=[_facts(each) for each in found.values()],
        settings=reports[0]["settings"],
        started=min(one["started"] for one in reports),
        seconds=max(one["seconds"] for one in reports),
        session=", ".join(sorted({one["session"] for one in reports} - {None})) or None,
        selection=_selection(reports, whole=whole),
        left_out=_added(one["left_out"] for one in reports),
        hints=_hints(reports),
        unused=sum(one["usage"]["unused"] for one in reports),
    )
    for task in merged["tasks"]:
        task["values"] = _values(found[task["task"]])
    listed = [test for one in reports for test in one["tests"]["listed"]]
    counted = _added({key: n for key, n in one["tests"].items() if key != "listed"} for one in reports)
    return {**merged, "tests": {**counted, "listed": sorted(listed, key=lambda one: str(one["test"]))}}


def _trials(reports: Sequence[ReportJson]) -> list[Trial]:
    """Return all trials, each call once."""
    found: dict[tuple[str, str], Trial] = {}
    for report in reports:
        for data in report["trials"]:
            trial = Trial.from_json(data)
            key = (trial.task, trial.fingerprint)
            found[key] = _one(found[key], trial) if key in found else trial
    return list(found.values())


def _one(here: Trial, there: Trial) -> Trial:
    """Return what two shards make of one call; a judged side outranks what is scored apart, and held out wins.

    A shard whose test did not vouch says nothing of the call; two originals that differ say that it cannot be judged.
    """
    kept = min(here, there, key=lambda one: (one.apart is not None, WORST_FIRST.index(one.verdict), one.share))
    differ = here.scored and there.scored and here.digest != there.digest
    if differ or CONTRADICTS in (here.reason, there.reason):
        kept = replace(kept, verdict="unscored", reason=CONTRADICTS, repeats=None)
    return replace(
        kept,
        tests=tuple(sorted({*here.tests, *there.tests})),
        held_out=max(here.held_out, there.held_out, key=(False, "input", "pattern").index),
        pinned=here.pinned or there.pinned,
    )


def _facts(tasks: list[dict[str, Any]]) -> TaskFacts:
    """Return what is known of one task."""
    first = tasks[0]
    for key in ("model", "brief", "dataset"):
        if any(one[key] != first[key] for one in tasks):
            raise DataError(
                first["task"], f"the reports differ in its {key}; merge reports of one model and one commit"
            )
    return TaskFacts(
        **{key: first[key] for key in ("task", "dataset", "model", "brief", "card")},
        **{key: first[key] for key in ("source_digest", "recorded_source_digest")},
        served=tuple(sorted({name for one in tasks for name in one["served_models"]})),
        usage=sum((Traffic.from_json(one["usage"]) for one in tasks), Traffic()),
    )


def _selection(reports: Sequence[ReportJson], *, whole: bool) -> Selection:
    """Return what ran of the suite, over all shards."""
    parts = [Selection.from_json(one["selection"]) for one in reports]
    ran = [sum(one["tests"][name] for name in ENDINGS) for one in reports]
    suites = {n + part.deselected for n, part in zip(ran, parts, strict=True)}
    left = max(0, max(suites) - sum(ran)) if len(suites) == 1 else sum(part.deselected for part in parts)
    adds_up = suites == {sum(ran)}
    return Selection(
        partial=any(part.partial for part in parts) and not adds_up and not whole,
        deselected=0 if whole else left,
        interrupted=any(part.interrupted for part in parts),
        crashed=sum(part.crashed for part in parts),
        expected=_expected(reports),
        sample=parts[0].sample,
    )


def _expected(reports: Sequence[ReportJson]) -> int | None:
    """Return the calls that are there and those that are missing: what several shards share is expected once."""
    if all(one["selection"]["expected"] is None for one in reports):
        return None
    each = [[Trial.from_json(one) for one in report["trials"]] for report in reports]
    missing = sum(
        missing_of(trials, expected=one["selection"]["expected"]) for trials, one in zip(each, reports, strict=True)
    )
    there = {(one.task, one.fingerprint) for trials in each for one in trials if one.apart is None and not one.missed}
    return len(there) + missing


def _values(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return which value was answered for which, added up: a call that two shards made counts twice here."""
    found: dict[Cell, dict[str, Any]] = {}
    for cell in (cell for one in tasks for cell in one["values"]):
        key = (cell["path"], canonical(cell["original"]), canonical(cell["model"]), cell["verdict"])
        before = found.get(key, {"held_out": 0, "seen": 0})
        found[key] = {**cell, **{side: before[side] + cell[side] for side in ("held_out", "seen")}}
    return [found[key] for key in sorted(found)]


def _hints(reports: Sequence[ReportJson]) -> list[Hint]:
    """Return the hints of all shards, added up."""
    found: dict[tuple[str, str, str], Hint] = {}
    for hint in (known(Hint, one) for report in reports for one in report["hints"]):
        key = (hint.task, hint.path, hint.rule)
        before = found.get(key, replace(hint, vanish=0, differ=0))
        found[key] = replace(hint, vanish=before.vanish + hint.vanish, differ=before.differ + hint.differ)
    return list(found.values())


def _added(counts: Iterable[dict[str, int]]) -> Counter[str]:
    """Return the sum of some counts, zeros kept."""
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return total
