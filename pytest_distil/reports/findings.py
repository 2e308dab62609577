"""What is worth telling of a report, picked out of it once for every way of telling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_distil.core.text import Json
from pytest_distil.core.trial import field_of

Side = str
"""`held_out` or `seen`."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """A field in which answers differ, with one of them."""

    task: str
    path: str
    compared: int
    differ: int
    example: Mapping[str, Any] | None
    """One difference: `path`, `kind`, `original`, `model`."""
    test: str | None
    """The test that the example is from."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a field that has a closed set of them, and what was answered for it."""

    value: Json
    agree: int
    compared: int
    others: tuple[tuple[Json, str, int], ...]
    """What came in its place: the model's value, the verdict (`differ`, `invalid`, `failed`), how often."""


def short_names(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the shortest ends of the tasks' names that tell them apart: `triage` for `shop.mail.triage`."""
    names = [task["task"] for task in report["tasks"]]
    return {name: _shortest(name, names) for name in names}


def wrong_fields(report: Mapping[str, Any]) -> list[WrongField]:
    """Return the fields that differ, the most frequent first."""
    examples = _examples(report)
    found = [
        WrongField(
            task["task"],
            one["path"],
            one["compared"],
            one["differ"],
            *examples.get((task["task"], one["path"]), (None, None)),
        )
        for task in report["tasks"]
        for one in task["fields"]
        if one["differ"]
    ]
    return sorted(found, key=lambda one: (-one.differ, one.task, one.path))


def values(task: Mapping[str, Any]) -> tuple[Side, dict[str, list[Value]]]:
    """Return for each closed field of a task what was answered for each value, the worst values first.

    Counted on the held-out calls, or on the seen ones where none is held out; which of them is returned with it.
    """
    side = "held_out" if any(cell["held_out"] for cell in task["values"]) else "seen"
    fields: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for cell in task["values"]:
        if cell[side]:
            fields.setdefault(cell["path"], {}).setdefault(repr(cell["original"]), []).append(cell)
    return side, {
        path: sorted(
            (_value(cells, side) for cells in each.values()),
            key=lambda one: (one.agree - one.compared, repr(one.value)),
        )
        for path, each in fields.items()
    }


def reasons(report: Mapping[str, Any], verdict: str) -> list[tuple[str, int]]:
    """Return why answers were invalid, failed or unscored, over all tasks, the most frequent first."""
    found = Counter[str]()
    for task in report["tasks"]:
        found.update(task["reasons"][verdict])
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def ended(report: Mapping[str, Any], ending: str) -> list[str]:
    """Return the names of the tests that ended so, of those that a report lists."""
    return [one["test"] for one in report["tests"]["listed"] if one["ending"] == ending]


def wrong_trials(report: Mapping[str, Any], *, limit: int | None = None) -> list[Mapping[str, Any]]:
    """Return the trials that do not agree: pinned first, then newly wrong, held-out before seen, unscored last."""
    verdicts, newly = {"differ", "invalid", "failed", "unscored"}, newly_wrong(report)
    found = [one for one in report["trials"] if one["verdict"] in verdicts or unstable(one)]

    def rank(trial: Mapping[str, Any]) -> tuple[bool, ...]:
        key = (trial["task"], trial["fingerprint"])
        return not trial["pinned"], trial["verdict"] == "unscored", key not in newly, not trial["held_out"]

    return sorted(found, key=rank)[:limit]


def unstable(trial: Mapping[str, Any]) -> bool:
    """Say whether a call that was asked repeatedly got answers of several kinds."""
    return len({(one["verdict"], repr(one["answer"])) for one in trial["repeats"] or ()}) > 1


def newly_wrong(report: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return task and fingerprint of the calls that the baseline had right, where there is one."""
    baseline = (report["ruling"] or {}).get("baseline") or {}
    return frozenset((one["task"], one["fingerprint"]) for one in baseline.get("calls", {}).get("newly_wrong", ()))


def standing(trial: Mapping[str, Any], *, newly: frozenset[tuple[str, str]]) -> str:
    """Return where a trial counts, in words, and whether it is among those that are newly wrong."""
    if trial["apart"]:
        return {"unrecorded": "in no session", "fixture": "of a wide fixture"}[str(trial["apart"])]
    side = {"input": "held out, new input", "pattern": "held out, new pattern"}.get(trial["held_out"], "seen")
    return f"{side}, newly wrong" if (trial["task"], trial["fingerprint"]) in newly else side


def _shortest(name: str, names: list[str]) -> str:
    """Return the shortest end of a dotted name that no other name ends with."""
    parts = name.split(".")
    ends = (".".join(parts[-n:]) for n in range(1, len(parts)))
    return next((end for end in ends if sum(f".{one}".endswith(f".{end}") for one in names) == 1), name)


def _examples(report: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Mapping[str, Any], str | None]]:
    """Return one difference for each task and field, from a held-out call where there is one."""
    found: dict[tuple[str, str], tuple[Mapping[str, Any], str | None]] = {}
    for task, difference, test in _differences(report):
        found.setdefault((task, field_of(difference["path"])), (difference, test))
    return found


def _differences(report: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str | None]]:
    """Yield all differences with task and test, held-out ones first."""
    for trial in sorted(report["trials"], key=lambda one: not one["held_out"]):
        for difference in trial["differences"]:
            yield trial["task"], difference, next(iter(trial["tests"]), None)


def _value(cells: list[Mapping[str, Any]], side: Side) -> Value:
    """Return what was answered for one value."""
    others = [(one["model"], one["verdict"], one[side]) for one in cells if one["verdict"] != "agree"]
    agree = sum(one[side] for one in cells if one["verdict"] == "agree")
    others.sort(key=lambda one: -one[2])
    return Value(cells[0]["original"], agree, agree + sum(n for *_, n in others), tuple(others))
