"""The layout of `.distil/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_distil.store.home import Home, dataset_file, file_name


def test_it_ignores_itself_once(tmp_path: Path) -> None:
    """What keeps it out of a repository is written when it is made, and the user's own change to it stays."""
    home = Home(tmp_path / "a" / "b")
    home.make()
    assert "*\n" == (home.root / ".gitignore").read_text()
    (home.root / ".gitignore").write_text("!sessions\n")
    home.make()

    assert "!sessions\n" == (home.root / ".gitignore").read_text()


def test_sessions_are_never_shared(tmp_path: Path) -> None:
    """Two that start in the same second have folders of their own."""
    home = Home(tmp_path)

    assert 10 == len({home.new_session() for _ in range(10)})


@pytest.mark.parametrize("text", ["triage", "a.b_c-1", "größe"])
def test_good_names_stay(text: str) -> None:
    """A dataset whose name is a file's name has files of that name."""
    assert f"{text}.train.jsonl" == dataset_file(text, "train")


def test_no_two_datasets_share_a_file() -> None:
    """Names that would be written alike, or that are cut, stay apart; none leaves its folder."""
    names = [
        "a/b",
        "a-b",
        "a:b",
        "../a",
        "a",
        "",
        "x" * 300,
        "x" * 301,
        "ü" * 200,
        "test_a.<locals>.f",
        "test_a.-locals-.f",
    ]
    files = {dataset_file(name, "train") for name in names}

    assert len(names) == len(files)
    assert not any("/" in name or name.startswith(".") for name in files)
    assert max(len(name.encode()) for name in files) < 200


def test_a_name_without_letters() -> None:
    """There is always a name."""
    assert "unnamed" == file_name("///")
