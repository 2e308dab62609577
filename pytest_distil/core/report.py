"""All trials of one run, with what is needed to judge them again, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pytest_distil.core import blocks
from pytest_distil.core.confusion import cells
from pytest_distil.core.evidence import Hint, Outcome, Selection, TaskFacts, Traffic
from pytest_distil.core.tally import counts
from pytest_distil.core.trial import Trial

FORMAT_VERSION = 1
"""Version of the report's JSON.

1: the first.
"""

ReportJson = dict[str, Any]


def build(  # noqa: PLR0913 - the blocks of a report
    *,
    trials: Iterable[Trial],
    tests: Iterable[Outcome],
    tasks: Iterable[TaskFacts],
    settings: Mapping[str, Any],
    started: str,
    seconds: float,
    session: str | None = None,
    selection: Selection | None = None,
    left_out: Mapping[str, int] | None = None,
    hints: Iterable[Hint] = (),
    unused: int = 0,
) -> ReportJson:
    """Return a report that is not judged yet (`ruling` is None), the same for any order of what it is built from.

    `started` is ISO 8601 in UTC, `session` the name of the session judged by, `unused` the answers that were fetched
    ahead and that no test used.
    """
    ordered = sorted(trials, key=lambda one: (one.task, one.fingerprint))
    facts = sorted(tasks, key=lambda one: one.task)
    return {
        "v": FORMAT_VERSION,
        "model": _joined(one.model for one in facts),
        "served_model": _joined(name for one in facts for name in one.served) or None,
        "started": started,
        "seconds": seconds,
        "settings": dict(settings),
        "session": session,
        "selection": (selection or Selection()).to_json(),
        **_sides(ordered),
        "tasks": [_task(one, [trial for trial in ordered if trial.task == one.task]) for one in facts],
        "tests": blocks.endings(list(tests)),
        "usage": sum((one.usage for one in facts), Traffic(unused=unused)).to_json(),
        "left_out": dict(sorted((left_out or {}).items())),
        **blocks.beside(ordered),
        "hints": [asdict(one) for one in sorted(hints, key=lambda one: (one.task, one.path, one.rule))],
        "ruling": None,
        "trials": [one.to_json() for one in ordered],
    }


def _sides(trials: list[Trial]) -> dict[str, Any]:
    """Return COUNTS of all calls and of each side; what is scored apart is in none of the others."""
    judged = [one for one in trials if one.apart is None]
    held_out = [one for one in judged if one.held_out]
    return {
        "totals": counts(judged),
        "held_out": counts(held_out),
        "new_inputs": counts(one for one in held_out if one.held_out == "input"),
        "new_patterns": counts(one for one in held_out if one.held_out == "pattern"),
        "seen": counts(one for one in judged if not one.held_out),
        "unrecorded": counts(one for one in trials if one.apart == "unrecorded"),
        "fixtures": counts(one for one in trials if one.apart == "fixture"),
    }


def _task(facts: TaskFacts, trials: list[Trial]) -> dict[str, Any]:
    """Return the block of one task."""
    judged = [one for one in trials if one.apart is None]
    return {
        "task": facts.task,
        "dataset": facts.dataset,
        "model": facts.model,
        "served_models": sorted(facts.served),
        "brief": dict(facts.brief),
        "card": None if facts.card is None else dict(facts.card),
        "source_digest": facts.source_digest,
        "recorded_source_digest": facts.recorded_source_digest,
        **_sides(trials),
        "fields": blocks.fields(judged),
        "values": cells(judged, schema=facts.schema),
        "reasons": blocks.reasons(trials),
        "usage": facts.usage.to_json(),
    }


def _joined(names: Iterable[str]) -> str:
    """Return distinct names in one line."""
    return ", ".join(dict.fromkeys(names))


def comparable(report: ReportJson) -> ReportJson:
    """Return what "the same report" means: a report without settings, times, requests, retries and what was stored."""
    rest = {key: value for key, value in report.items() if key not in ("started", "seconds", "settings")}
    tasks = [{**one, "usage": _tokens(one["usage"])} for one in report["tasks"]]
    trials = [_timeless(one) for one in report["trials"]]
    return {**rest, "usage": _tokens(report["usage"]), "tasks": tasks, "trials": trials}


def _tokens(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a USAGE that does not depend on how answers came."""
    return {key: value for key, value in usage.items() if key.endswith("_tokens")}


def _timeless(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial without its times."""
    repeats = trial["repeats"] and [{**one, "seconds": None} for one in trial["repeats"]]
    return {**trial, "seconds": None, "repeats": repeats}
