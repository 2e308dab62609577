"""Listing, exporting, recovering and merging sessions from the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.core.settings import Settings
from pytest_distil.run.collection import Collection
from pytest_distil.store.home import Home
from support.briefs import brief_of
from support.events import event, files_of, row, session_of
from support.suites import FIVE, Session, Suite

EVENTS = [event(f"t.py::test_{n}", row(email=f"mail {n}")) for n in range(30)]


def output(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> str:
    """Run a command and return what it prints."""
    assert status == main(argv)
    return capsys.readouterr().out


def killed_session(root: Path) -> Path:
    """Return the folder of a session whose run was killed after two tests."""
    collection = Collection(Settings(), Home(root))
    collection.start()
    for one in EVENTS[:2]:
        collection.take(one)
    assert collection._journal is not None
    collection._journal.close(remove=False)
    return Home(root).torn_sessions()[-1]


def test_no_sessions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is none, the command that makes one is named; for programs it is an empty list."""
    assert "`pytest --distil-collect` makes one" in output(capsys, "sessions", "--dir", str(tmp_path))
    assert [] == json.loads(output(capsys, "sessions", "--json", "--dir", str(tmp_path)))


def test_sessions_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a line with its numbers and what is special about it, oldest first; names are never cut."""
    whole = session_of(tmp_path, EVENTS)
    part = session_of(tmp_path, EVENTS[:3], partial=True)
    killed = killed_session(tmp_path)
    damaged = session_of(tmp_path, EVENTS)
    (damaged / "session.json").write_text("{}")
    (tmp_path / "latest").write_text(whole.name)
    printed = output(capsys, "sessions", "--dir", str(tmp_path)).splitlines()
    lines = {line.split()[0]: line.split(maxsplit=7) for line in printed}

    assert ["tests", "calls", "examples", "train", "validation", "held", "out"] == lines["session"][1:]
    assert sorted(lines)[:4] == [line.split()[0] for line in printed[1:]]
    assert ["30", "30", "30"] == lines[whole.name][1:4]
    assert "latest" == lines[whole.name][7]
    assert "partial" == lines[part.name][7]
    assert "killed; `pytest-distil recover` saves it" == lines[killed.name][7]
    assert lines[damaged.name][7].startswith("damaged: not a session manifest")


def test_sessions_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON a session says where it is, its state, and the numbers of each task."""
    whole = session_of(tmp_path, EVENTS)
    [found] = json.loads(output(capsys, "sessions", "--json", "--dir", str(tmp_path)))

    assert ("finished", True, str(whole)) == (found["state"], found["latest"], found["path"])
    [task] = found["tasks"]
    assert ("mail.triage", 30) == (task["task"], task["examples"])
    assert 30 == task["train"] + task["validation"] + task["held_out"]


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files and their lines are printed; without `--out` they are in the session's folder."""
    session = session_of(tmp_path, EVENTS)
    printed = output(capsys, "export", "latest", "--format", "tools", "--out", f"{tmp_path}/o", "--dir", str(tmp_path))
    output(capsys, "export", session.name, "--dir", str(tmp_path))

    assert f"{tmp_path}/o/mail.triage.train.jsonl: " in printed
    assert b'"tools":' in (tmp_path / "o" / "mail.triage.train.jsonl").read_bytes()
    assert files_of(session / "export").items() <= files_of_folder(session).items()


def files_of_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that has folders too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_export_some_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--tasks` takes several names; an unknown one is an error that lists those there are."""
    session = session_of(tmp_path, EVENTS)
    args = ("export", session.name, "--dir", str(tmp_path), "--out", f"{tmp_path}/o", "--tasks")

    assert "train" in output(capsys, *args, "mail.triage")
    assert 2 == main([*args, "mail.triage", "nope"])
    assert "no task 'nope'; it has mail.triage" in capsys.readouterr().err


def test_recover_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name every killed run is recovered, and one that cannot be read does not stop the others."""
    session_of(tmp_path, EVENTS)
    broken, good = killed_session(tmp_path), None
    (broken / "journal.jsonl").write_text("{}\n")
    good = next(one for one in (killed_session(tmp_path), *Home(tmp_path).torn_sessions()) if one != broken)
    printed = output(capsys, "recover", "--dir", str(tmp_path), status=2)

    assert (good / "session.json").exists()
    assert not (broken / "session.json").exists()
    assert str(good) in printed
    assert "mail.triage      2      2         2" in printed


def test_recover_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A named one is recovered alone; recovering a finished one is a mistake."""
    finished, killed, other = session_of(tmp_path, EVENTS), killed_session(tmp_path), None
    other = killed_session(tmp_path)
    killed = next(one for one in Home(tmp_path).torn_sessions() if one != other)
    output(capsys, "recover", killed.name, "--dir", str(tmp_path))

    assert (killed / "session.json").exists()
    assert [other] == Home(tmp_path).torn_sessions()
    assert 2 == main(["recover", finished.name, "--dir", str(tmp_path)])
    assert "nothing to recover: its run ended" in capsys.readouterr().err


def test_nothing_to_recover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no run was killed, nothing is wrong; a run without a finished test is cleared away."""
    assert "no run was killed" in output(capsys, "recover", "--dir", str(tmp_path))
    empty = Home(tmp_path).new_session()
    (empty / "journal.jsonl").touch()

    assert f"{empty.name}: no test had ended; removed\n" == output(capsys, "recover", "--dir", str(tmp_path))
    assert not empty.exists()


def test_merge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sessions are named or given as folders (a CI job's artefacts); the result is summed up and is the latest."""
    one = session_of(tmp_path / "here", EVENTS[:20])
    two = session_of(tmp_path / "artefact", EVENTS[10:])
    printed = output(capsys, "merge", one.name, str(two), "--dir", str(tmp_path / "here"))
    merged = Home(tmp_path / "here").latest()

    assert merged is not None
    assert "mail.triage     40     30        30" in printed
    assert merged.name in printed
    assert files_of(session_of(tmp_path / "whole", EVENTS)) == files_of(merged)


def test_merge_says_what_may_be_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a function's body changed between the sessions, that is told; where its prompt did, merging is refused."""
    one = session_of(tmp_path, EVENTS[:2])
    body = session_of(tmp_path, [event("t::b", row(email="b"), briefs=[brief_of(str, source="0123")])])
    words = session_of(tmp_path, [event("t::c", row(email="c"), briefs=[brief_of(str, docstring="New.")])])

    assert "the source text of 'mail.triage' differs" in output(
        capsys, "merge", one.name, body.name, "--dir", str(tmp_path)
    )
    assert 2 == main(["merge", one.name, words.name, "--dir", str(tmp_path)])
    assert "docstring changed" in capsys.readouterr().err


def test_shards_of_a_suite(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
    """Three shards of a real suite, each collected in a folder of its own, merge into the files of the one run."""
    suite = Suite(pytester)
    suite.write(FIVE)
    whole = suite.collect()
    shards = []
    for n, wanted in enumerate(("test_add", "test_word", "test_both")):
        suite.run("--distil-collect", "-k", wanted, f"--distil-dir=shard{n}")
        [shard] = (pytester.path / f"shard{n}" / "sessions").iterdir()
        shards.append(str(shutil.move(shard, pytester.path / f"artefact{n}")))
    output(capsys, "merge", *shards, "--dir", "merged")
    [merged] = (pytester.path / "merged" / "sessions").iterdir()

    assert whole.files() == Session(merged).files()
    assert whole.manifest["tasks"] == Session(merged).manifest["tasks"]


def test_no_user_code_is_needed(pytester: pytest.Pytester) -> None:
    """Exporting and merging work where the code of the tests is gone."""
    suite = Suite(pytester)
    module = suite.write(FIVE)
    names = [suite.collect("-k", wanted).folder.name for wanted in ("add", "word")]
    (pytester.path / f"{module}.py").unlink()
    for command in (["merge", *names], ["export", "latest", "--format", "raw"]):
        subprocess.run([sys.executable, "-m", "pytest_distil", *command], cwd=pytester.path, check=True)
