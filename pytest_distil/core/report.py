"""All trials of one run, with what is needed to judge them again, as plain JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from pytest_distil.core import stats
from pytest_distil.core.confusion import cells
from pytest_distil.core.evidence import Hint, Outcome, Selection, TaskFacts, Traffic
from pytest_distil.core.trial import VERDICTS, Trial, covers, field_of

FORMAT_VERSION = 1
"""Version of the report's JSON.

1: the first.
"""

ReportJson = dict[str, Any]

MEMORIES = ("lookup", "nearest", "majority")


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts, counted; tallies add up."""

    agree: int = 0
    differ: int = 0
    invalid: int = 0
    failed: int = 0
    unscored: int = 0
    shift: Fraction = Fraction(0)
    """What repeated answers add to `agree`: the sum of their shares, less the calls whose first answer agrees."""

    @classmethod
    def of(cls, trial: Trial) -> Tally:
        """Return the tally of one trial."""
        if not trial.scored:
            return cls(unscored=1)
        once: dict[str, Any] = {trial.verdict: 1}
        return cls(**once, shift=trial.share - (trial.verdict == "agree"))

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in (*VERDICTS, "shift")))

    def __radd__(self, other: int) -> Tally:
        return self

    @property
    def compared(self) -> int:
        """Return the number of calls that count."""
        return self.agree + self.differ + self.invalid + self.failed

    @property
    def agreement(self) -> float | None:
        """Return agree / (agree + differ + invalid + failed), the mean over repeats; None where nothing compared."""
        return float((self.agree + self.shift) / self.compared) if self.compared else None


def counts(trials: Iterable[Trial]) -> dict[str, Any]:
    """Return the COUNTS of some trials: verdicts, agreement, and how far it can be trusted."""
    listed = list(trials)
    tally = sum(map(Tally.of, listed), Tally())
    verdicts = {name: getattr(tally, name) for name in VERDICTS}
    return verdicts | trust((one.cluster, one.share) for one in listed if one.scored)


def trust(shares: Iterable[tuple[str, Fraction]]) -> dict[str, Any]:
    """Return the agreement of compared calls, each given by its cluster and the share of its answers that agree.

    `clusters` are the groups or tests that the calls come from, `effective` the number of independent calls that they
    are worth, `interval` the 95 % interval; the last two are None with too few clusters.
    """
    clusters = stats.clusters(shares)
    n = sum(size for size, _ in clusters)
    rate = float(sum(agree for _, agree in clusters) / n) if n else None
    effective = stats.effective(clusters)
    interval = None if rate is None or effective is None else list(stats.wilson(rate, effective))
    return {"agreement": rate, "interval": interval, "clusters": len(clusters), "effective": effective}


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
        "tests": _tests(list(tests)),
        "usage": sum((one.usage for one in facts), Traffic(unused=unused)).to_json(),
        "left_out": dict(sorted((left_out or {}).items())),
        "memory": _memory(ordered),
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
        "fields": fields(judged),
        "values": cells(judged, schema=facts.schema),
        "reasons": _reasons(trials),
        "usage": facts.usage.to_json(),
    }


def fields(trials: Iterable[Trial]) -> list[dict[str, Any]]:
    """Return for each field in how many calls it was compared, differed, was ignored, or got no valid answer.

    Sorted by path. A field differs with what it lies in: with an item too many, the items and all their parts differ.
    """
    listed = [one for one in trials if one.scored]
    found = [{field_of(one.path) for one in trial.differences} for trial in listed]
    skipped = [{field_of(one.path) for one in trial.ignored} for trial in listed]
    parents = set[str]().union(*found, *skipped) - {name for one in listed for name in one.fields}
    totals = {key: Counter[str]() for key in ("compared", "differ", "ignored", "missing")}
    for trial, differ, ignored in zip(listed, found, skipped, strict=True):
        own = {*trial.fields, *differ, *ignored, *_parents(trial.fields, parents)}
        if trial.verdict in ("agree", "differ"):
            totals["compared"].update(own)
            totals["differ"].update(name for name in own if any(covers(one, name) for one in differ))
            totals["ignored"].update(ignored)
        else:
            totals["missing"].update(own)
    paths = sorted(totals["compared"] | totals["missing"])
    return [{"path": path, **{key: each[path] for key, each in totals.items()}} for path in paths]


def _parents(fields: Iterable[str], among: set[str]) -> set[str]:
    """Return those of some lists and objects that hold one of the fields."""
    return {name for name in among if any(covers(name, one) for one in fields)}


def _reasons(trials: list[Trial]) -> dict[str, dict[str, int]]:
    """Return why answers were invalid, failed or unscored, most frequent first."""
    found: dict[str, Counter[str]] = {"invalid": Counter(), "failed": Counter(), "unscored": Counter()}
    for one in trials:
        if one.verdict in found:
            found[one.verdict][one.reason or "no reason given"] += 1
    return {name: dict(sorted(each.items(), key=lambda item: (-item[1], item[0]))) for name, each in found.items()}


def _tests(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return how tests ended, and by name those that did not pass."""
    endings = Counter(one.ending for one in outcomes)
    passed = Counter(one.different for one in outcomes if one.ending == "passed")
    return {
        "passed": endings["passed"],
        "disagreed": endings["disagreed"],
        "failed": endings["failed"],
        "errors": endings["error"],
        "skipped": endings["skipped"],
        "same_pass": passed[False],
        "different_pass": passed[True],
        "different_fail": endings["disagreed"],
        "listed": [
            asdict(one)
            for one in sorted(outcomes, key=lambda one: one.test)
            if one.ending in ("disagreed", "failed", "error") or one.must_pass
        ],
    }


def _memory(trials: list[Trial]) -> dict[str, Any] | None:
    """Return the COUNTS of the memory models on the held-out calls; None where they were not asked."""
    asked = [one for one in trials if one.memory is not None and one.held_out and one.apart is None]
    if not asked:
        return None
    return {
        name: counts(replace(one, verdict=one.memory[name], repeats=None) for one in asked if one.memory)
        for name in MEMORIES
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
