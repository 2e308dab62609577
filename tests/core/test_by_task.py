from typing import Any

import pytest

from pytest_distil.core.by_task import targets_of
from pytest_distil.core.evidence import Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.trial import Difference, Trial
from pytest_distil.core.wants import Wants
from support.reports import receipt, sample, triage

TASKS = ["shop.mail.triage", "shop.receipts.parse_receipt"]


def both(mail: int, mail_wrong: int, receipts: int, receipts_wrong: int) -> list[Trial]:
    """Return held-out trials of two tasks, each with so many right and so many wrong."""
    found = [triage(n, held_out="input", wrong="label" if n >= mail else None) for n in range(mail + mail_wrong)]
    numbers = range(receipts + receipts_wrong)
    return [
        *found,
        *[receipt(n, held_out="input", group=None, wrong=None if n < receipts else "total") for n in numbers],
    ]


def rule(trials: list[Trial], **more: Any) -> dict[str, Any]:
    """Return the ruling on some trials of a whole run."""
    return judge(sample(trials), wants=Wants(**more))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop.mail.triage", ("shop.mail.triage", None)),
        ("triage", ("shop.mail.triage", None)),
        ("mail.triage", ("shop.mail.triage", None)),
        ("triage.label", ("shop.mail.triage", "label")),
        ("parse_receipt.items[*].price", ("shop.receipts.parse_receipt", "items[*].price")),
        ('parse_receipt.$["a.b"]', ("shop.receipts.parse_receipt", '$["a.b"]')),
        ("shop.receipts.parse_receipt.$", ("shop.receipts.parse_receipt", "$")),
    ],
)
def test_names(name: str, expected: tuple[str, str | None]) -> None:
    """A threshold names a task by its name or its last parts, and a field of it after a dot."""
    task, field = expected

    assert ({task: {field: 0.9}}, []) == targets_of({name: 0.9}, tasks=TASKS)


def test_a_name_of_two_tasks_is_none() -> None:
    """A short name that two tasks share names neither; the full name does."""
    tasks = ["a.f", "b.f"]

    assert ({}, ["f"]) == targets_of({"f": 0.9}, tasks=tasks)
    assert ({"a.f": {None: 0.9}}, []) == targets_of({"a.f": 0.9}, tasks=tasks)


def test_each_task_has_its_threshold() -> None:
    """A task below its own threshold fails, though the overall rate is good."""
    ruling = rule(both(95, 5, 9, 1), fail_under=0.9, thresholds={"parse_receipt": 0.95, "triage": 0.95})

    assert ruling["passed"] is False
    assert ["90 % agreement on 10 held-out calls of shop.receipts.parse_receipt is below 95 %"] == [
        reason.partition(";")[0] for reason in ruling["reasons"]
    ]
    assert (True, False) == tuple(ruling["tasks"][task]["passed"] for task in TASKS)


def test_a_task_that_fails_wholly_is_not_hidden() -> None:
    """99 % over all calls do not hide a task of which nothing agrees."""
    ruling = rule(both(198, 0, 0, 2), fail_under=0.95)

    assert ruling["counts"]["agreement"] == pytest.approx(0.99)
    assert ruling["passed"] is False
    assert "clearly below 95 %, whatever the other tasks reach" in ruling["reasons"][0]


def test_a_task_that_is_clearly_worse_is_not_hidden() -> None:
    """95 % over all calls do not hide a task at half of that."""
    assert rule(both(400, 0, 20, 20), fail_under=0.9)["passed"] is False


def test_a_task_alone_is_what_all_calls_are() -> None:
    """Where there is one task, its rate is the overall one, and failing is said once."""
    assert 1 == len(rule(both(10, 30, 0, 0), fail_under=0.95)["reasons"])


def test_a_task_that_may_be_unlucky_does_not_fail_alone() -> None:
    """Two wrong of twelve are no proof that a task is below 95 %; the overall rate decides."""
    ruling = rule(both(300, 0, 10, 2), fail_under=0.95)

    assert ruling["passed"] is True
    assert ruling["tasks"]["shop.receipts.parse_receipt"]["passed"] is None


def test_a_threshold_for_nothing_fails() -> None:
    """A misspelt threshold judges nothing, so it fails a whole run; a part of the suite may lack the task."""
    stray = {"triarge": 0.9}
    partial = sample(both(20, 0, 1, 0), selection=Selection(partial=True))

    assert "'triarge' names no task of this run" in rule(both(20, 0, 1, 0), thresholds=stray)["reasons"][0]
    assert judge(partial, wants=Wants(thresholds=stray))["passed"] is True


def test_a_task_without_judged_calls_fails_its_threshold() -> None:
    """A task that was not called does not pass its threshold."""
    trials = [*both(20, 0, 0, 0), receipt(1, held_out=False)]
    ruling = rule(trials, thresholds={"parse_receipt": 0.1})

    assert "0 held-out calls of shop.receipts.parse_receipt compared" in ruling["reasons"][0]


def test_fields() -> None:
    """A field is judged by the calls that have it right; an invalid answer has it wrong."""
    wrong = (Difference("items[0].price", "value", "1", "2"),)
    trials = [receipt(n, held_out="input", group=None) for n in range(18)]
    trials += [receipt(18, held_out="input", wrong="total", differences=wrong)]
    trials += [receipt(19, held_out="input", wrong="invalid")]
    limits = {"items": 0.95, "items[*].price": 0.9, "total": 0.95, "shop": 0.91}
    ruling = rule(trials, thresholds={f"parse_receipt.{field}": limit for field, limit in limits.items()})
    fields = ruling["tasks"]["shop.receipts.parse_receipt"]["fields"]

    assert {"items": 0.9, "items[*].price": 0.9, "total": 0.95, "shop": 0.95} == {
        name: one["counts"]["agreement"] for name, one in fields.items()
    }
    assert {"items": False, "items[*].price": True, "total": True, "shop": True} == {
        name: one["passed"] for name, one in fields.items()
    }


def test_a_field_is_wrong_with_what_it_lies_in() -> None:
    """An item too many makes the items, their parts and the whole wrong, and no other field."""
    longer = (Difference("items[3]", "added"),)
    trials = [receipt(1, held_out="input", wrong="total", differences=longer), receipt(2, held_out="input")]
    names = ["items", "items[*].price", "$", "shop"]
    ruling = rule(trials, thresholds={f"parse_receipt.{name}": 0.5 for name in names})
    fields = ruling["tasks"]["shop.receipts.parse_receipt"]["fields"]

    assert [0.5, 0.5, 0.5, 1.0] == [fields[name]["counts"]["agreement"] for name in names]


def test_a_field_that_is_not_there_fails() -> None:
    """A misspelt field judges nothing, so it fails, and the real names are said."""
    reason = rule(both(0, 0, 20, 0), thresholds={"parse_receipt.totl": 0.5})["reasons"][0]

    assert "has a field 'totl'; there are 'date', 'items[*].name', 'items[*].price' and 2 more" in reason
