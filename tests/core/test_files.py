"""Files are there whole or not at all, and what is wrong in one is said with its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil import DataError
from pytest_distil.core.files import read_json, read_lines, write_json, write_lines
from pytest_distil.core.text import compact


def test_lines(tmp_path: Path) -> None:
    """Lines end with a newline, in UTF-8, in a folder that is made where it was not."""
    path = tmp_path / "new" / "calls.jsonl"
    write_lines(path, ['{"a":"ä"}', "[1]"])

    assert b'{"a":"\xc3\xa4"}\n[1]\n' == path.read_bytes()
    assert [(1, {"a": "ä"}), (2, [1])] == [*read_lines(path)]


def test_all_or_nothing(tmp_path: Path) -> None:
    """Where writing fails the file is as it was before, and nothing lies beside it."""
    path = tmp_path / "calls.jsonl"
    write_lines(path, ["1"])

    def failing() -> Iterator[str]:
        yield "2"
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        write_lines(path, failing())

    assert "1\n" == path.read_text()
    assert [path] == [*tmp_path.iterdir()]


def test_lone_surrogates(tmp_path: Path) -> None:
    """Text that is not UTF-8, as in a path, is written as JSON's own escape."""
    path = tmp_path / "calls.jsonl"
    write_lines(path, [compact(["\udcff", "ä"])])

    assert [(1, ["\udcff", "ä"])] == [*read_lines(path)]


def test_documents(tmp_path: Path) -> None:
    """A document is indented, for people too."""
    path = tmp_path / "session.json"
    write_json(path, {"b": ["ä"], "a": 1})

    assert '{\n "b": [\n  "ä"\n ],\n "a": 1\n}\n' == path.read_text(encoding="utf-8")
    assert {"b": ["ä"], "a": 1} == read_json(path)


def test_empty_lines(tmp_path: Path) -> None:
    """Empty lines are passed over, and counted; only a newline ends a line."""
    path = tmp_path / "calls.jsonl"
    path.write_text('1\n\n  \n"a\u2028b"', encoding="utf-8")

    assert [(1, 1), (4, "a\u2028b")] == [*read_lines(path)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1\n{nope}\n", r"calls.jsonl:2: not JSON: Expecting property name"),
        (b'1\n2\n"\xff"\n', r"calls.jsonl:3: 'utf-8' codec can't decode"),
        (b"NaN\n", r"calls.jsonl:1: not JSON: NaN"),
        (b"[" * 100_000 + b"\n", r"calls.jsonl:1: .*recursion"),
        (b"1" * 5000 + b"\n", r"calls.jsonl:1: .*4300"),
    ],
    ids=["torn", "encoding", "nan", "deep", "long"],
)
def test_bad_lines(tmp_path: Path, content: bytes, message: str) -> None:
    """A line that is no JSON is named by file and number, whatever is wrong with it."""
    path = tmp_path / "calls.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        [*read_lines(path)]


@pytest.mark.parametrize("end", [b'{"a":', b'"\xc3', b"2"])
def test_torn_ends(tmp_path: Path, end: bytes) -> None:
    """Of a file whose writer was killed the last line may be cut off, in the middle of a letter too."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'"\xc3\xa4"\n' + end)

    assert [(1, "ä")] == [*read_lines(path, torn_end=True)]


def test_torn_ends_only(tmp_path: Path) -> None:
    """A broken line that is not the last one is an error all the same."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"a":\n1\n')
    with pytest.raises(DataError, match=r"journal.jsonl:1: not JSON"):
        [*read_lines(path, torn_end=True)]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are said in a line."""
    with pytest.raises(DataError, match=r"session.json: no such file or directory$"):
        read_json(tmp_path / "session.json")
    with pytest.raises(DataError, match=r"calls.jsonl: no such file or directory$"):
        [*read_lines(tmp_path / "calls.jsonl")]
    with pytest.raises(DataError, match=r": is a directory$"):
        read_json(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"", b"[" * 100_000])
def test_bad_documents(tmp_path: Path, content: bytes) -> None:
    """A document that is none is named."""
    path = tmp_path / "session.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"session.json: "):
        read_json(path)
