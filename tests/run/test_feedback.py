from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.call import Example
from pytest_distil.core.dataset import Rules, part_of
from pytest_distil.formats.providers import GENERIC
from pytest_distil.mark.errors import DataError
from pytest_distil.run.feedback import HELD_OUT, NO_ANSWER, OTHER_TASK, VALIDATION, Feedback
from pytest_distil.run.feeding import feedback_of
from pytest_distil.store.session import read_examples, read_manifest
from support.tuning_report import write_report
from support.tuning_session import arguments, make_session, result, triage

SPLIT = Rules()
WRONG = {"topic": "other", "urgent": None}


def numbers(folder: Path, part: str) -> list[int]:
    """Return the numbers of the calls that stand in one of the session's files."""
    emails = {one.arguments["email"] for one in read_examples(folder) if part_of(triage(), one, SPLIT) == part}
    return [number for number in range(200) if arguments(number)["email"] in emails]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a session."""
    return make_session(tmp_path / ".distil", calls=100)


def pairs(feedback: Feedback) -> list[Any]:
    """Return the pairs that a feedback makes."""
    return [json.loads(line) for line in feedback.pairs(GENERIC)]


def report(folder: Path, wrong: Any, **options: Any) -> Feedback:
    """Return the feedback of a report in which these calls went wrong."""
    return feedback_of(write_report(folder.parent / "report.json", folder, wrong, **options), folder)


def test_a_wrong_answer_becomes_a_pair(folder: Path) -> None:
    """The original's result is preferred, the model's is not, both worded as the model replies."""
    number = numbers(folder, "train")[0]
    (made,) = pairs(report(folder, {number: ("differ", {"topic": "bug", "urgent": True})}))
    better, worse = (json.loads(made[side][0]["content"]) for side in ("preferred_output", "non_preferred_output"))

    assert (result(number), {"topic": "bug", "urgent": True}) == (better, worse)
    assert arguments(number)["email"] in made["input"]["messages"][1]["content"]


def test_an_invalid_answer_becomes_a_pair_as_it_was_sent(folder: Path) -> None:
    """Text that is no value at all is what is not preferred, word for word."""
    number = numbers(folder, "train")[0]
    (made,) = pairs(report(folder, {number: ("invalid", "I am sorry, {")}))

    assert "I am sorry, {" == made["non_preferred_output"][0]["content"]


def test_each_different_wrong_answer_is_a_pair(folder: Path) -> None:
    """Where a call was asked several times, each different wrong answer is avoided, and right ones are not."""
    number = numbers(folder, "train")[0]
    answers = [("differ", WRONG), ("agree", None), ("differ", WRONG), ("invalid", "{"), ("failed", None)]

    assert 2 == len(pairs(report(folder, {number: answers})))


@pytest.mark.parametrize(("part", "reason"), [("held_out", HELD_OUT), ("validation", VALIDATION)])
def test_nothing_is_learned_from_what_is_kept_from_training(folder: Path, part: str, reason: str) -> None:
    """Held-out calls and those that only watch the training make no pairs and no lines, and are counted."""
    kept = numbers(folder, part)
    feedback = report(folder, dict.fromkeys(kept, ("differ", WRONG)))

    assert [] == pairs(feedback)
    assert {reason: len(kept)} == dict(feedback.skipped)
    assert len(numbers(folder, "train")) == len(list(feedback.hard(dataset="mail.triage", times=2)))


def test_pinned_calls_stay_held_out(tmp_path: Path) -> None:
    """A call that its test holds out is kept, also where the hash would train on it and the report lost the mark."""
    free = make_session(tmp_path / "free", calls=100)
    number = numbers(free, "train")[0]
    pinned = make_session(tmp_path / "pinned", calls=100, pinned=[number])
    path = write_report(tmp_path / "report.json", free, {number: ("differ", WRONG)})
    feedback = feedback_of(path, pinned)

    assert [] == pairs(feedback)
    assert {HELD_OUT: 1} == dict(feedback.skipped)


def test_calls_that_no_session_recorded_are_split_by_the_hash(folder: Path) -> None:
    """An unrecorded call is learned from only where the split would train on it."""
    feedback = report(folder, dict.fromkeys(range(100, 200), ("differ", WRONG)))
    learned = {one.example.arguments["email"] for one in feedback.wrong()}
    trained = {
        arguments(number)["email"]
        for number in range(100, 200)
        if part_of(triage(), example(number), SPLIT) == "train" and not held_out(number)
    }

    assert trained == learned
    assert {HELD_OUT, VALIDATION} == set(feedback.skipped)


def example(number: int) -> Example:
    """Return a call as an example whose side nobody looked at."""
    digits, tests = "", (f"test_mail.py::test_{number}",)
    return Example("mail.triage", "mail.triage", digits, arguments(number), result(number), False, None, tests)


def held_out(number: int) -> bool:
    """Tell whether the split keeps a call from training."""
    from pytest_distil.core.dataset import held_out_side

    return bool(held_out_side(triage(), arguments(number), (), SPLIT))


def test_what_was_not_answered_teaches_nothing(folder: Path) -> None:
    """Answers that failed are no mistakes of the model; an invalid one without a text is counted."""
    first, second = numbers(folder, "train")[:2]
    feedback = report(folder, {first: ("failed", None), second: ("invalid", None)})

    assert [] == pairs(feedback)
    assert {NO_ANSWER: 1} == dict(feedback.skipped)


def test_mistakes_are_repeated_and_added(folder: Path) -> None:
    """A hard file holds all training lines, and those that went wrong so many times more."""
    first, second = numbers(folder, "train")[:2]
    feedback = report(folder, {first: ("differ", WRONG), second: ("invalid", "{")})
    emails = [one.arguments["email"] for one in feedback.hard(dataset="mail.triage", times=3)]
    counts = {number: emails.count(arguments(number)["email"]) for number in numbers(folder, "train")}

    assert {first: 4, second: 4} == {number: count for number, count in counts.items() if count != 1}


def test_a_report_with_other_prompts_is_refused(folder: Path) -> None:
    """Answers to another prompt than the session's are no pairs of it, and the part that changed is named."""
    with pytest.raises(DataError, match=r"had another docstring when it was asked than session .* has"):
        report(folder, {}, brief=triage(docstring="Other."))


def test_tasks_that_the_session_does_not_have_are_counted(folder: Path) -> None:
    """A wrong answer of a task that was not collected is left out."""
    feedback = report(folder, {1: ("differ", WRONG)}, brief=triage(task="mail.sort"))

    assert [] == pairs(feedback)
    assert {OTHER_TASK: 1} == dict(feedback.skipped)


def test_what_is_no_report_is_refused(folder: Path) -> None:
    """A JSON file of another kind is named."""
    path = folder / "session.json"

    with pytest.raises(DataError, match="is not the JSON report of an evaluation"):
        Feedback(path, folder, read_manifest(folder))
