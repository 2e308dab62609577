"""Reports as real runs make them: a triage task and a receipts task, evaluated; every part can be replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_distil.core.evidence import Hint, Outcome, Selection, TaskFacts, Traffic
from pytest_distil.core.prompt import Usage
from pytest_distil.core.report import ReportJson, build
from pytest_distil.core.trial import Difference, Ignored, Repeat, Trial, Verdict, fields_of

LABELS = ("billing", "bug", "feature", "other", "refund")

TICKET = {
    "type": "object",
    "properties": {
        "label": {"$ref": "#/$defs/Label"},
        "priority": {"enum": ["low", "high"], "type": "string"},
        "order": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "urgent": {"type": "boolean"},
    },
    "$defs": {"Label": {"enum": list(LABELS), "type": "string"}},
}

MODEL = "ft:gpt-4.1-nano-2025-04-14:acme::B1x2y3"


def ticket(number: int) -> dict[str, Any]:
    """Return the original's result for an e-mail."""
    label = LABELS[number // 5 % len(LABELS)]
    order = f"A-{1000 + number}" if number % 3 else None
    return {"label": label, "priority": "high" if number % 3 == 0 else "low", "order": order, "urgent": number % 7 == 0}


def triage(number: int, *, wrong: str | None = None, **more: Any) -> Trial:
    """Return a trial of the triage task; `wrong` is a verdict, or the field in which the model differs."""
    original = ticket(number)
    given: dict[str, Any] = {
        "task": "shop.mail.triage",
        "fingerprint": f"{number:032x}",
        "verdict": "agree",
        "held_out": _side(number),
        "tests": (f"tests/test_mail.py::test_triage[case{number}]",),
        "arguments": {"email": f"Dear team, my order A-{1000 + number} | has <b>not</b> arrived.", "now": "2025-11-22"},
        "original": original,
        "answer": original,
        "fields": fields_of(original),
        "seconds": 0.2 + number % 7 / 50,
        "memory": _memory(number) if _side(number) else None,
    }
    return Trial(**{**given, **_wrong(original, wrong), **more})


def receipt(number: int, *, wrong: str | None = None, **more: Any) -> Trial:
    """Return a trial of the receipts task: nested, with lists."""
    items = [{"name": f"item {one}", "price": f"{number % 9}.{one}0"} for one in range(1 + number % 3)]
    original = {
        "shop": "Corner Store",
        "date": f"2025-10-{1 + number % 28:02}",
        "items": items,
        "total": f"{number}.50",
    }
    given: dict[str, Any] = {
        "task": "shop.receipts.parse_receipt",
        "fingerprint": f"{(1 << 64) + number:032x}",
        "verdict": "agree",
        "held_out": _side(number),
        "group": f'"shop {number % 11}"',
        "tests": (f"tests/test_receipts.py::test_receipt[{number}]",),
        "arguments": {"text": f"CORNER STORE\n{number}.50 EUR"},
        "original": original,
        "answer": original,
        "fields": fields_of(original),
        "seconds": 0.4,
        "memory": _memory(number) if _side(number) else None,
    }
    return Trial(**{**given, **_wrong(original, wrong), **more})


def trials(n: int = 200, *, wrong: Mapping[int, str] | None = None) -> list[Trial]:
    """Return trials of the triage task: one in five is held out, one in twenty is a new pattern; some are wrong."""
    found = (
        {17: "label", 5: "label", 10: "priority", 45: "order", 60: "invalid", 81: "label"} if wrong is None else wrong
    )
    return [triage(number, wrong=found.get(number)) for number in range(n)]


def receipts(n: int = 60, *, wrong: Mapping[int, str] | None = None) -> list[Trial]:
    """Return trials of the receipts task."""
    found = {15: "items[0].price", 20: "total", 33: "total"} if wrong is None else wrong
    return [receipt(number, wrong=found.get(number)) for number in range(n)]


def facts(task: str, **more: Any) -> TaskFacts:
    """Return what a run knows of a task."""
    digests = {"signature": "1" * 16, "docstring": "2" * 16, "instructions": "3" * 16, "schema": "4" * 16}
    given: dict[str, Any] = {
        "task": task,
        "dataset": task,
        "model": MODEL,
        "served": (MODEL,),
        "brief": digests,
        "source_digest": "5" * 16,
        "schema": TICKET if task.endswith("triage") else None,
        "usage": Traffic(200, 12, 3, 1.5, Usage(41_200, 10_240, 5_130, 0)),
    }
    return TaskFacts(**{**given, **more})


def outcomes(listed: Iterable[Trial]) -> list[Outcome]:
    """Return how the tests of some trials ended: one in two tests notices a wrong value."""
    return [_outcome(one, noticed=number % 2 == 0) for number, one in enumerate(listed)]


def sample(listed: Sequence[Trial] | None = None, **more: Any) -> ReportJson:
    """Return a report of some trials; without any, of both tasks."""
    own = [*trials(), *receipts()] if listed is None else list(listed)
    given: dict[str, Any] = {
        "trials": own,
        "tests": outcomes(own),
        "tasks": [facts(task) for task in sorted({one.task for one in own})],
        "settings": {"eval": [MODEL], "return": "model"},
        "started": "2025-11-22T21:30:00Z",
        "seconds": 14.2,
        "session": "20251122T202000Z-3f2a91",
        "selection": Selection(),
        "left_out": {"made in a fixture wider than a function": 2},
        "hints": [Hint("shop.mail.triage", "order", "ignore_case", 1, 1)] if listed is None else [],
    }
    return build(**{**given, **more})


def _side(number: int) -> Any:
    """Return the side of a numbered call."""
    return "pattern" if number % 20 == 0 else "input" if number % 5 == 0 else False


def _memory(number: int) -> dict[str, Verdict]:
    """Return what the memory models would have got."""
    return {"lookup": "differ", "nearest": "agree" if number % 3 else "differ", "majority": "differ"}


def _wrong(original: dict[str, Any], wrong: str | None) -> dict[str, Any]:
    """Return what makes a trial one that does not agree."""
    if wrong is None:
        return {}
    if wrong in ("invalid", "failed", "unscored"):
        reasons = {"invalid": "no JSON", "failed": "timeout", "unscored": "the original raised"}
        return {"verdict": wrong, "reason": reasons[wrong], "answer": "I'm sorry" if wrong == "invalid" else None}
    if wrong == "ignored":
        return {"ignored": (Ignored("order", "free text"),)}
    name = wrong.partition("[")[0]
    value = {"label": "other", "priority": "high", "order": "a-1", "urgent": True, "total": "35.0"}.get(name, [])
    there = original[name]
    difference = Difference(wrong, "value", there[0]["price"] if name == "items" else there, value or "9.99")
    return {"verdict": "differ", "answer": original | {name: value}, "differences": (difference,)}


def _outcome(trial: Trial, *, noticed: bool) -> Outcome:
    """Return how the test of one trial ended."""
    different = trial.verdict in ("differ", "invalid")
    ending: Any = "disagreed" if different and noticed else "passed"
    return Outcome(test=trial.tests[0], ending=ending, different=different if ending == "passed" else True)


def repeated(trial: Trial, *verdicts: Verdict) -> Trial:
    """Return a trial that was answered several times."""
    answers = tuple(Repeat(one, None, None if one == "agree" else {"label": one}, 0.1) for one in verdicts)
    given = {name: getattr(trial, name) for name in trial.__dataclass_fields__}
    return Trial(**{**given, "verdict": verdicts[0], "repeats": answers})
