"""The summary of a collecting run says what the suite gave, what is missing, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_distil.core.call import ARGUMENT, CONFLICT, NO_SCHEMA, NOT_PASSED, RAISED, LeftOut
from pytest_distil.core.manifest import Manifest, TaskNumbers
from pytest_distil.reports.collected import TO_GATE, collected, not_written, nothing
from pytest_distil.reports.layout import Line
from pytest_distil.reports.words import columns
from support.briefs import brief_of

FIRST = LeftOut(RAISED, "mail.triage", "ValueError", "test_mail.py::test_empty")


def numbers(task: str = "mail.triage", **changes: Any) -> TaskNumbers:
    """Return the numbers of a task with 40 examples, 8 held out."""
    brief = brief_of(str, task=task, dataset=task)
    values: dict[str, Any] = {
        "brief": brief.to_json(),
        "digests": brief.digests(),
        "format": "json_schema",
        "calls": 55,
        "tests": 30,
        "train": 28,
        "validation": 4,
        "held_out": 8,
        "patterns": 0,
        "most_common": ('"spam"', 9),
        "widest_test": ("test_mail.py::test_all", 12),
    }
    return TaskNumbers(**values | changes)


def manifest(*tasks: TaskNumbers, **changes: Any) -> Manifest:
    """Return the manifest of a session with these tasks."""
    values: dict[str, Any] = {
        "id": "20260101T000000Z-abcdef",
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 1.0,
        "versions": {},
        "commit": None,
        "settings": {},
        "partial": False,
        "recovered": False,
        "merged": (),
        "tests": {"passed": 30, "not_passed": 0},
        "left_out": {},
        "left_out_examples": {},
        "tasks": tasks,
        "files": {"calls.jsonl": "", "mail.triage.train.jsonl": "", "mail.triage.held_out.jsonl": ""},
    }
    return Manifest(**values | changes)


def text(found: Manifest, **how: Any) -> str:
    """Return the summary on one endless line for each of its lines."""
    return "\n".join(line.text for line in collected(found, ".distil/x", **{"width": 1000, **how}))


def test_the_whole() -> None:
    """Numbers, what they are enough for, where the files are, and the next command."""
    assert [
        "task         calls  tests  examples  train  validation  held out",
        "mail.triage     55     30        40     28           4         8",
        f"mail.triage: 40 calls, 8 held out: enough to try, not to gate ({TO_GATE} held out at least)",
        "in .distil/x",
        "  calls.jsonl",
        "  mail.triage.train.jsonl (to upload)",
        "  mail.triage.held_out.jsonl (never to be uploaded)",
        "next: pytest --distil-eval=memory:nearest",
    ] == text(manifest(numbers()), command="pytest --distil-eval=memory:nearest").splitlines()


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_it_fits(width: int) -> None:
    """No line is wider than the terminal, except where a single word is."""
    found = manifest(
        numbers("package_with_a_long_name.module_with_a_long_name.Class.method_with_a_long_name"),
        numbers("größe.日本語"),
        left_out={RAISED: 12_345, NO_SCHEMA: 1},
        left_out_examples={RAISED: FIRST, NO_SCHEMA: replace(FIRST, reason=NO_SCHEMA)},
    )
    command = "pytest --distil-eval=memory:nearest"
    *lines, last = [line.text for line in collected(found, ".distil/x", width=width, command=command)]

    assert f"next: {command}" == last, "in one piece, so that it can be copied"
    wide = [line for line in lines if columns(line) > width]
    table_needs = 72
    assert not [line for line in wide if len(line.split()) > 1 and width >= table_needs], wide


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"train": 9}, "not enough to train on (10 training lines at least)"),
        ({"train": 0, "validation": 0, "held_out": 5}, "not enough to train on (10 training lines at least)"),
        ({"held_out": 0}, "enough to train on, but nothing is held out to judge a model by"),
        ({"held_out": TO_GATE - 1}, "enough to try, not to gate"),
        ({"held_out": TO_GATE}, "enough to try and to gate"),
        ({"held_out": 100, "patterns": 30}, "100 held out, 30 of them in new patterns: enough to try and to gate"),
    ],
)
def test_what_it_is_enough_for(changes: dict[str, Any], verdict: str) -> None:
    """Training takes lines, a gate takes held-out calls."""
    assert verdict in text(manifest(numbers(**changes)))


def test_the_gate_s_number() -> None:
    """It is the smallest from which agreement of all puts the rate above 95 % with 95 % confidence."""
    assert 0.95**TO_GATE < 0.05 <= 0.95 ** (TO_GATE - 1)


def test_tasks_that_are_alike_share_a_line() -> None:
    """Many tasks do not make many lines."""
    found = text(manifest(*(numbers(f"m.task{n}") for n in range(7)), numbers("m.big", held_out=100)))

    assert "'m.task0', 'm.task1', 'm.task2', 'm.task3', 'm.task4' and 2 more: enough to try, not to gate" in found
    assert "m.big: 132 calls, 100 held out: enough to try and to gate" in found


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"most_common": ('"spam"', 21)}, '21 of 40 examples have the same result, "spam"'),
        ({"widest_test": ("t.py::test_x", 21)}, "21 of 40 examples come from one test, t.py::test_x"),
    ],
)
def test_lopsided_data_is_told(changes: dict[str, Any], warning: str) -> None:
    """One label or one test that makes most of the data is named; half of it is not most."""
    assert warning in text(manifest(numbers(**changes)))
    half: dict[str, Any] = {name: (value, 20) for name, (value, _) in changes.items()}
    assert warning.partition("examples ")[2] not in text(manifest(numbers(**half)))


def test_a_result_is_shown_short_and_harmless() -> None:
    """A long result is cut, and what a terminal obeys is escaped."""
    found = text(manifest(numbers(most_common=("\x1b[31m" + "x" * 500, 40))))

    assert "\\x1b[31mxxx" in found
    assert max(map(len, found.splitlines())) < 200


def test_self_that_is_no_part_of_a_call_is_said_once() -> None:
    """It is said that no model can know what a method reads from it; of `cls` and excluded clients nothing."""
    brief = brief_of(str, excluded=("self", "client")).to_json()
    found = text(manifest(numbers(brief=brief)))

    assert 1 == found.count("'self' is no part of a call")
    assert "is no part" not in text(manifest(numbers(brief=brief_of(str, excluded=("cls", "client")).to_json())))


def test_mocks_are_told() -> None:
    """It is said how many examples have nothing but mocks behind them, and which test gives one result for all."""
    mocked = text(manifest(numbers(mocked=7, mocks={"mocker": 2, "monkeypatch": 6}, one_result=("t.py::test_x", 10))))
    plain = text(manifest(numbers(one_result=("t.py::test_x", 9))))

    assert "7 of 40 examples come only from tests with mocks (monkeypatch 6, mocker 2)" in mocked
    assert "one test, 10 inputs, one result: t.py::test_x" in mocked
    assert "mock" not in plain
    assert "one result" not in plain


def test_secrets_are_told() -> None:
    """An argument that looks like a secret is named with its task, and how to keep it out."""
    found = text(manifest(numbers(secrets=("api_key",))))

    assert "mail.triage: 'api_key' looks like a secret" in found
    assert "exclude='api_key', or redact it: distil_redact = $.api_key" in found


LEFT_OUT = [
    (replace(FIRST, reason=reason, test=f"t.py::t{n:02}"), n + 1) for reason in (ARGUMENT, RAISED) for n in range(25)
]


def test_what_was_left_out() -> None:
    """Reasons come with their first call, most frequent first."""
    found = manifest(
        numbers(),
        left_out={ARGUMENT: 3, RAISED: 1200},
        left_out_examples={ARGUMENT: replace(FIRST, reason=ARGUMENT), RAISED: FIRST},
    )

    assert [
        "left out: 1,203 calls",
        "  1,200  the original raised",
        "         mail.triage in test_mail.py::test_empty: ValueError",
        "      3  an argument cannot be recorded",
        "         mail.triage in test_mail.py::test_empty: ValueError",
    ] == text(found).splitlines()[3:8]


@pytest.mark.parametrize(("verbosity", "shown"), [(0, 2), (1, 40), (2, 50)])
def test_left_out_calls_are_listed(verbosity: int, shown: int) -> None:
    """Without `-v` the first of each reason, with it some, with `-vv` all."""
    found = manifest(numbers(), left_out={ARGUMENT: 325, RAISED: 325})
    lines = text(found, verbosity=verbosity, left_out=LEFT_OUT)

    assert shown == lines.count(" in t.py::t")
    assert (verbosity == 1) == ("and 5 others; -vv lists all" in lines)


def test_every_type_without_schema_is_told() -> None:
    """What cannot be a schema is a line for each task, because each has to be changed."""
    calls = [(LeftOut(NO_SCHEMA, task, "use a model", f"t::{n}"), 1) for n in range(2) for task in ("m.a", "m.b")]
    found = text(manifest(numbers(), left_out={NO_SCHEMA: 4}), left_out=sorted(calls))

    assert "m.a in t::0: use a model" in found
    assert "m.b in t::0: use a model" in found
    assert "t::1" not in found


def test_conflicts_name_their_file() -> None:
    """Where there are conflicts, the file that lists them is named."""
    found = manifest(numbers(), left_out={CONFLICT: 1}, left_out_examples={CONFLICT: replace(FIRST, reason=CONFLICT)})

    assert "conflicts.jsonl has the results of each conflict" in text(found)
    assert "conflicts.jsonl" not in text(manifest(numbers()))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tests": {"passed": 0, "not_passed": 1}}, "the one test that ran did not pass"),
        ({"tests": {"passed": 0, "not_passed": 3}, "left_out": {NOT_PASSED: 3}}, "none of the 3 tests passed"),
        ({"tests": {"passed": 4, "not_passed": 0}}, "4 tests passed, and none of them called a marked function"),
        ({"left_out": {NOT_PASSED: 3, RAISED: 1}}, "3 of 4 calls were left out, because the test did not pass"),
        ({"left_out": {RAISED: 1}}, "the one call was left out, because the original raised"),
    ],
)
def test_no_examples_are_said_loudly(changes: dict[str, Any], reason: str) -> None:
    """Zero examples stand first, in red, with the likely reason, and nothing is to be typed next."""
    found = manifest(**changes)
    first = collected(found, ".distil/x", width=1000, command="pytest")[0]

    assert first.text.startswith(f"NO EXAMPLES: {reason}")
    assert first.style["red"]
    assert "next: " not in text(found, command="pytest")
    assert f"no examples: {reason}" in collected(found, ".distil/x", width=80, verbosity=-1)[0].text


def test_no_rows_at_all() -> None:
    """Where nothing arrived, no test ran, or tests ran where the plugin is not."""
    assert [Line("NO EXAMPLES: no test ran", {"red": True, "bold": True})] == nothing(0, width=80)
    assert "3 tests ran where pytest-distil is not" in nothing(3, width=200)[0].text


def test_a_session_that_was_not_written() -> None:
    """The way to save it is named."""
    [line] = not_written("no space left on device", ".distil", width=200)

    assert "no space left on device" in line.text
    assert "`pytest-distil recover --dir .distil`" in line.text


def test_partial_sessions_say_how_to_use_them() -> None:
    """The next command names the session, because `latest` passes over it."""
    found = text(manifest(numbers(), partial=True), command="pytest --distil-eval=memory:nearest")

    assert "partial: only some of the tests ran" in found
    assert "next: pytest --distil-eval=memory:nearest --distil-session=20260101T000000Z-abcdef" in found
    assert "of a run that was killed" in text(manifest(numbers(), partial=True, recovered=True))


def test_quiet_is_one_line() -> None:
    """With `-q` everything stands in a line."""
    found = manifest(numbers(), numbers("m.b"), left_out={RAISED: 2}, left_out_examples={RAISED: FIRST})

    assert [
        Line("distil: 80 examples of 2 tasks (56 train, 8 validation, 16 held out), 2 calls left out: .distil/x")
    ] == collected(found, ".distil/x", width=80, verbosity=-1)
