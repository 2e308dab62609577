"""A session's files: written whole, read back checked, found by name."""

from __future__ import annotations

import hashlib
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil.mark.errors import DataError
from pytest_distil.store.home import Home
from pytest_distil.store.session import SessionWriter, find_session, find_torn, read_examples, read_manifest
from support.events import event, row, session_of


@pytest.fixture
def few_files() -> Iterator[None]:
    """Let this process open few files, as macOS does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_files")
def test_more_files_than_may_be_open(tmp_path: Path) -> None:
    """Hundreds of datasets are written, interleaved, each line to its file."""
    writer = SessionWriter(tmp_path)
    for n in range(1000):
        writer.line(f"set{n % 500}", "train", f'"{n}"')
    digests = writer.close()

    assert 500 == len(digests)
    assert b'"7"\n"507"\n' == (tmp_path / "set7.train.jsonl").read_bytes()
    assert digests["set7.train.jsonl"] == hashlib.sha256(b'"7"\n"507"\n').hexdigest()


def test_files_say_what_is_in_them(tmp_path: Path) -> None:
    """The manifest names every file with its digest, and reads back as it was written."""
    session = session_of(tmp_path, [event("t::a", row("spam"), row("ham")), event("t::b", row("ham", email="bcd"))])
    manifest = read_manifest(session)

    assert {"calls.jsonl", "conflicts.jsonl", "mail.triage.train.jsonl"} == set(manifest.files)
    assert manifest == type(manifest).from_json(json.loads(json.dumps(manifest.to_json())))
    for name, digest in manifest.files.items():
        assert digest == hashlib.sha256((session / name).read_bytes()).hexdigest()


def test_latest_passes_over_partial_sessions(tmp_path: Path) -> None:
    """`latest` means the newest session of the whole suite, `none` none, a name or a path that one."""
    home = Home(tmp_path)
    assert find_session(home, "latest") is None
    whole = session_of(tmp_path, [event("t::a", row())])
    part = session_of(tmp_path, [event("t::a", row())], partial=True)

    assert whole == find_session(home, "latest")
    assert part == find_session(home, part.name) == find_session(home, str(part))
    assert find_session(home, "none") is None


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    """An unknown name, a killed run and a finished one each get their own advice."""
    home = Home(tmp_path)
    finished = session_of(tmp_path, [event("t::a", row())])
    killed = home.new_session()
    (killed / "journal.jsonl").touch()

    with pytest.raises(DataError, match="no session; `pytest-distil sessions` lists them"):
        find_session(home, "nope")
    with pytest.raises(DataError, match=f"`pytest-distil recover {killed.name}`"):
        find_session(home, killed.name)
    with pytest.raises(DataError, match="nothing to recover: its run ended"):
        find_torn(home, finished.name)
    with pytest.raises(DataError, match="no session"):
        find_torn(home, "nope")
    assert killed == find_torn(home, killed.name)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("session.json", "{}", "not a session manifest of version 1"),
        ("session.json", '{"v": 1}', "incomplete"),
        ("session.json", "{", "not JSON"),
        ("calls.jsonl", '{"v":2}\n', "calls.jsonl:1: not an example of version 1"),
        ("calls.jsonl", "\n[\n", "calls.jsonl:2: not JSON"),
        ("calls.jsonl", '{"v":1,"task":"a"}\n', "an example without 'dataset'"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, text: str, fault: str) -> None:
    """What is wrong is said with its file and line."""
    session = session_of(tmp_path, [event("t::a", row())])
    (session / name).write_text(text)

    with pytest.raises(DataError, match=fault):
        read_whole(session)


def read_whole(session: Path) -> None:
    """Read every file of a session."""
    read_manifest(session)
    list(read_examples(session))
