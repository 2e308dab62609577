"""Attempts become a session, and a journal is worth as much as the run that wrote it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from pytest_distil.core.call import NOT_PASSED, RAISED, LeftOut
from pytest_distil.core.settings import Settings
from pytest_distil.run.collection import Collection, recover
from pytest_distil.store.home import Home
from pytest_distil.store.session import read_examples, read_manifest
from support.briefs import brief_of
from support.events import TRIAGE, event, files_of, row, session_of

EVENTS = [
    event("t::a", row("spam", email="a"), row("ham", email="b", times=3)),
    event("t::b", row("spam", email="a"), vouched=False),
    event("t::c", row("ham", email="b"), row(email="c"), left_out=[[asdict(LeftOut(RAISED, "x", "", "t::c")), 2]]),
]


def test_events_become_a_session(tmp_path: Path) -> None:
    """Vouched rows are examples, the others are counted, and the files say what is in them."""
    session = session_of(tmp_path, EVENTS)
    manifest = read_manifest(session)

    assert {"a": ("t::a",), "b": ("t::a", "t::c"), "c": ("t::c",)} == {
        str(one.arguments["email"]): one.tests for one in read_examples(session)
    }
    assert {NOT_PASSED: 1, RAISED: 2} == manifest.left_out
    assert {"passed": 2, "not_passed": 1} == manifest.tests
    [task] = manifest.tasks
    assert (6, 3, 2) == (task.calls, task.examples, task.tests)
    assert files_of(session).keys() == manifest.files.keys()
    assert (tmp_path / "latest").read_text().strip() == session.name


def test_a_later_attempt_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """On one worker the last of several attempts of a test counts; on another worker it is another test's turn."""
    session = session_of(
        tmp_path,
        [
            event("t::a", row(email="first"), vouched=False),
            event("t::a", row(email="second")),
            event("t::a", row(email="elsewhere"), worker="gw1"),
            event("t::a", row(email="third")),
        ],
    )

    assert {"third", "elsewhere"} == {one.arguments["email"] for one in read_examples(session)}
    assert {NOT_PASSED: 2} == read_manifest(session).left_out


def test_different_briefs_of_one_task(tmp_path: Path) -> None:
    """Which brief stands does not depend on which came first."""
    other = brief_of(str, docstring="Another.")
    one = event("t::a", row(email="a"), briefs=[TRIAGE])
    two = event("t::b", row(email="b"), briefs=[other])

    assert files_of(session_of(tmp_path / "1", [one, two])) == files_of(session_of(tmp_path / "2", [two, one]))


def test_a_run_without_tests_leaves_no_session(tmp_path: Path) -> None:
    """Where no attempt had anything to say, no empty session stays behind."""
    collection = Collection(Settings(), Home(tmp_path))
    collection.start()

    assert collection.finish(partial=False) is None
    assert [] == list((tmp_path / "sessions").iterdir())


def test_recover_gives_the_same_files(tmp_path: Path) -> None:
    """The session of a killed run has the files that the run would have written, and says that it was recovered."""
    whole = session_of(tmp_path / "whole", EVENTS)
    killed = killed_session(tmp_path / "killed")
    manifest = recover(killed)

    assert manifest is not None
    assert files_of(whole) == files_of(killed)
    assert (True, True) == (manifest.recovered, manifest.partial)
    assert read_manifest(whole).commit == manifest.commit


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    """What was being written when the run was killed is lost, and nothing else; also inside a character."""
    killed = killed_session(tmp_path)
    whole = (killed / "journal.jsonl").read_bytes()
    torn = json.dumps(event("t::ü", row(email="d")), ensure_ascii=False).encode()
    (killed / "journal.jsonl").write_bytes(whole + torn[: torn.index("ü".encode()) + 1])
    recover(killed)

    assert {"a", "b", "c"} == {one.arguments["email"] for one in read_examples(killed)}


@pytest.mark.parametrize("kept", [0, 1])
def test_a_journal_without_events(tmp_path: Path, kept: int) -> None:
    """A run that was killed before its first test had ended leaves nothing, and recovering it removes that."""
    killed = killed_session(tmp_path)
    lines = (killed / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (killed / "journal.jsonl").write_bytes(b"".join(lines[:kept]))

    assert recover(killed) is None
    assert not killed.exists()


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    """A test whose path is not UTF-8 loses nothing: its name is escaped in every file."""
    test = "\udcff.py::test"
    killed = killed_session(tmp_path / "1", event(test, row(email="x")))
    recover(killed)

    assert [(test,)] == [one.tests for one in read_examples(killed) if one.arguments["email"] == "x"]


def killed_session(root: Path, *more: object) -> Path:
    """Return the folder of a session whose run ended without writing it."""
    collection = Collection(Settings(), Home(root))
    collection.start()
    for one in (*EVENTS, *more):
        collection.take(one)
    assert collection._journal is not None
    collection._journal.close(remove=False)
    [folder] = (root / "sessions").iterdir()
    return folder
