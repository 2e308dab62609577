from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer, Usage
from pytest_distil.mark.errors import DataError
from pytest_distil.models.recorded import Recorded
from pytest_distil.store.answers import Answers, Question

QUESTION = Question("http://host/v1", "student", "0f" * 32)
ANSWER = Answer(
    message={"content": "7 ä \ud800"},
    finish_reason="stop",
    served_model="student-v2",
    usage=Usage(20, 16, 9, 4),
    seconds=0.25,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be; its folder is not there yet."""
    return tmp_path / "distil" / "answers.sqlite"


def kept(path: Path, *answers: tuple[Question, Answer]) -> None:
    """Make a store that holds these answers."""
    store = Answers(path)
    for question, answer in answers:
        store.put(question, answer)
    store.close()


def found(path: Path, question: Question = QUESTION) -> Answer | None:
    """Return what a store holds, as another run sees it."""
    store = Answers(path)
    try:
        return store.get(question)
    finally:
        store.close()


def test_kept(path: Path) -> None:
    """An answer comes back as it was, and says that it cost nothing this time."""
    kept(path, (QUESTION, Answer(**{**fields(ANSWER), "requests": 3, "retries": 2, "waited_seconds": 1.5})))

    assert Answer(**{**fields(ANSWER), "stored": True}) == found(path)


def fields(answer: Answer) -> dict[str, Any]:
    """Return an answer's fields by name."""
    return {name: getattr(answer, name) for name in answer.__slots__}


def test_invalid_is_kept(path: Path) -> None:
    """An answer that is not usable is one all the same."""
    kept(path, (QUESTION, Answer(invalid="truncated", message={"content": "{"})))

    assert Answer(invalid="truncated", message={"content": "{"}, stored=True) == found(path)


def test_found_before_it_is_written(path: Path) -> None:
    """An answer is there as soon as it was put, and in the file after the next flush."""
    store = Answers(path)
    store.put(QUESTION, ANSWER)
    before, dirty = found(path), store.dirty
    store.flush()

    assert store.get(QUESTION) is not None
    assert (None, True, False) == (before, dirty, store.dirty)
    assert found(path) is not None
    store.close()


@pytest.mark.parametrize(
    "other",
    [
        Question("http://host2/v1", "student", QUESTION.prompt),
        Question("http://host/v1", "student2", QUESTION.prompt),
        Question("http://host/v1", "student", "1f" * 32),
        Question("http://host/v1", "student", QUESTION.prompt, repeat=1),
    ],
)
def test_all_that_determines_an_answer(path: Path, other: Question) -> None:
    """Another server, model, prompt or repeat is another question."""
    kept(path, (QUESTION, ANSWER))

    assert found(path, other) is None


def test_the_newest_counts(path: Path) -> None:
    """An answer that was asked for anew takes the old one's place."""
    kept(path, (QUESTION, ANSWER), (QUESTION, Answer(message={"content": "8"})))
    kept(path, (QUESTION, Answer(message={"content": "9"})))

    assert Answer(message={"content": "9"}, stored=True) == found(path)


def test_export_and_import(path: Path, tmp_path: Path) -> None:
    """What is exported can be imported elsewhere, and is the same when exported again."""
    other = Question("http://host/v1", "student", "1f" * 32, repeat=2)
    kept(path, (QUESTION, ANSWER), (other, Answer(invalid="too long")))
    lines = exported(path)
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    copy = Answers(tmp_path / "copy.sqlite")
    number = copy.import_lines(file)

    assert 2 == number == len(lines)
    assert lines == copy.export()
    assert (found(path), found(path, other)) == (copy.get(QUESTION), copy.get(other))
    copy.close()


def exported(path: Path) -> list[str]:
    """Return a store's lines."""
    store = Answers(path)
    try:
        return store.export()
    finally:
        store.close()


def test_an_export_is_a_recording(path: Path, tmp_path: Path) -> None:
    """What is exported can be named as `recorded:FILE`."""
    kept(path, (QUESTION, ANSWER))
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(exported(path)), encoding="utf-8")

    assert ANSWER.message == Recorded.read(file)._answers[QUESTION.prompt].message


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"v": 2}, "format 2 is not known"),
        ({"model": None}, "not an exported answer"),
        ({"usage": {"tokens": 3}}, "not an exported answer"),
        ({"usage": None}, "not an exported answer"),
    ],
)
def test_import_of_other_files(path: Path, tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    """A file that was not exported is refused as a whole, with the line."""
    kept(path, (QUESTION, ANSWER))
    line = json.loads(exported(path)[0])
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join([json.dumps(line | {"prompt": "2f"}), json.dumps(line | change)]), encoding="utf-8")
    store = Answers(path)

    with pytest.raises(DataError, match=f"answers.jsonl:2: {fault}"):
        store.import_lines(file)

    assert 1 == len(store.export())
    store.close()


def test_prune(path: Path) -> None:
    """Answers can be deleted by age and by model."""
    kept(path, (QUESTION, ANSWER), (Question("http://host/v1", "other", QUESTION.prompt), ANSWER))
    store = Answers(path)
    soon = datetime.now(UTC) + timedelta(days=1)
    before = soon - timedelta(days=2)

    assert 0 == store.prune(before=before)
    assert 0 == store.prune(before=soon, model="nobody")
    assert 1 == store.prune(before=soon, model="other")
    assert 1 == store.prune(model="student")
    assert [] == store.export()
    store.close()


def test_threads(path: Path) -> None:
    """One thread may put while another flushes; nothing is lost."""
    store = Answers(path)
    ended = threading.Event()

    def flush() -> None:
        while not ended.is_set():
            store.flush()

    flushing = threading.Thread(target=flush)
    flushing.start()
    for at in range(500):
        store.put(Question("u", "m", str(at)), ANSWER)
        assert store.get(Question("u", "m", str(at))) is not None
    ended.set()
    flushing.join()
    store.close()

    assert 500 == len(exported(path))


def put_many(path: Path, first: int) -> None:
    """Put and flush answers one by one."""
    store = Answers(path)
    for at in range(first, first + 100):
        store.put(Question("u", "m", str(at)), ANSWER)
        store.flush()
    store.close()


def test_processes(path: Path) -> None:
    """Several runs share one file."""
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=put_many, args=(path, first)) for first in (0, 100, 200)]
    for process in running:
        process.start()
    for process in running:
        process.join()

    assert 300 == len(exported(path))


def damaged(path: Path) -> None:
    """Make a file that is no store any more."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all, but long enough to have a header" * 50)


def test_a_damaged_file_is_set_aside(path: Path) -> None:
    """A file that cannot be read is renamed, a new one begun, and the user told."""
    damaged(path)
    store = Answers(path)
    store.put(QUESTION, ANSWER)
    store.close()
    (message,) = store.messages
    (aside,) = path.parent.glob("answers.damaged-*.sqlite")

    assert f"{path} is damaged (file is not a database); it is now {aside.name}, and a new one was begun" == message
    assert aside.read_bytes().startswith(b"not a database")
    assert found(path) is not None


def test_damage_in_the_middle(path: Path) -> None:
    """Damage that shows only later is no different, and what was put is not lost."""
    kept(path, *((Question("u", "m", str(at)), ANSWER) for at in range(500)))
    store = Answers(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\0" * (len(content) - 4096))
    store.put(QUESTION, ANSWER)

    assert store.get(Question("u", "m", "7")) is None
    assert store.get(QUESTION) is not None
    store.close()
    assert "is damaged" in store.messages[0]
    assert found(path) is not None


def test_a_locked_file_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that somebody else does not let go of stays; what is new goes beside it, and the user is told."""
    monkeypatch.setattr("pytest_distil.store.database._SECONDS_TO_WAIT", 0.05)
    kept(path, (QUESTION, ANSWER))
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    store = Answers(path)
    store.put(QUESTION, Answer(message={"content": "8"}))
    store.close()
    holder.close()
    (message,) = store.messages
    (beside,) = (one for one in path.parent.glob("*.sqlite") if one != path)

    assert f"{path} cannot be used (database is locked); what is new goes to {beside.name}" == message
    assert Answer(message={"content": "8"}, stored=True) == found(beside)
    assert found(path) is not None


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    """Where no file can be, the run goes on without one, and the user is told."""
    (tmp_path / "file").touch()
    store = Answers(tmp_path / "file" / "answers.sqlite")
    store.put(QUESTION, ANSWER)
    store.flush()

    assert store.get(QUESTION) is not None
    assert "what is new is lost at the end of the run" in store.messages[-1]
    store.close()
