"""The blocks of a report beside its rates: fields, reasons, tests, memory, repeats, noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

from pytest_distil.core.evidence import Outcome
from pytest_distil.core.tally import counts, trust
from pytest_distil.core.trial import Trial, covers, field_of

MEMORIES = ("lookup", "nearest", "majority")


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


def reasons(trials: list[Trial]) -> dict[str, dict[str, int]]:
    """Return why answers were invalid, failed or unscored, most frequent first."""
    found: dict[str, Counter[str]] = {"invalid": Counter(), "failed": Counter(), "unscored": Counter()}
    for one in trials:
        if one.verdict in found:
            found[one.verdict][one.reason or "no reason given"] += 1
    return {name: dict(sorted(each.items(), key=lambda item: (-item[1], item[0]))) for name, each in found.items()}


def endings(outcomes: list[Outcome]) -> dict[str, Any]:
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


def beside(trials: list[Trial]) -> dict[str, Any]:
    """Return what stands beside the model's rates: memory models, repeated answers, the original's own noise."""
    return {"memory": memory(trials), "repeats": repeats(trials), "noise": noise(trials)}


def memory(trials: list[Trial]) -> dict[str, Any] | None:
    """Return the COUNTS of the memory models on the held-out calls; None where they were not asked."""
    asked = [one for one in trials if one.memory is not None and one.held_out and one.apart is None]
    if not asked:
        return None
    return {
        name: counts(replace(one, verdict=one.memory[name], repeats=None) for one in asked if one.memory)
        for name in MEMORIES
    }


def repeats(trials: list[Trial]) -> dict[str, Any] | None:
    """Return the agreement of each round of asking, and how many calls were answered in more than one way.

    None where no call was asked twice.
    """
    asked = [one for one in trials if one.repeats and one.scored and one.apart is None]
    if not asked:
        return None
    rounds: dict[int, list[bool]] = {}
    for one in asked:
        for number, answer in enumerate(one.repeats or ()):
            rounds.setdefault(number, []).append(answer.verdict == "agree")
    agreement = [sum(each) / len(each) for _, each in sorted(rounds.items())]
    return {"calls": len(asked), "unstable": sum(one.unstable for one in asked), "agreement": agreement}


def noise(trials: list[Trial]) -> dict[str, Any] | None:
    """Return how far the original agrees with itself, over the calls that it was run twice for; None without any."""
    twice = [one for one in trials if one.again is not None and one.scored and one.apart is None]
    if not twice:
        return None
    found = Counter(field for one in twice for field in {field_of(path) for path in one.again or ()})
    differ = sum(bool(one.again) for one in twice)
    shares = ((one.cluster, Fraction(not one.again)) for one in twice)
    return {
        "agree": len(twice) - differ,
        "differ": differ,
        "invalid": 0,
        "failed": 0,
        "unscored": 0,
        **trust(shares),
        "model": counts(twice),
        "fields": [{"path": path, "differ": n} for path, n in sorted(found.items())],
    }
