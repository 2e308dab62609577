"""Merging the shards of a suite gives the session of the whole suite; what cannot be merged is refused by name."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_distil.core.call import CONFLICT
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DataError
from pytest_distil.run.merging import changed_sources, merge
from pytest_distil.store.home import Home
from pytest_distil.store.session import read_examples, read_manifest
from support.briefs import brief_of
from support.events import TRIAGE, event, files_of, row, session_of

ROWS = st.builds(
    row,
    st.sampled_from(["spam", "ham", {"p": 1, "q": [2.0, "ü"]}, {"q": [2.0, "ü"], "p": 1}]),
    email=st.sampled_from([f"mail {n}" for n in range(8)] + [{"x": 1, "y": 1e16}, {"y": 1e16, "x": 1}]),
    urgent=st.booleans(),
    times=st.integers(1, 3),
)
ATTEMPTS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(ROWS, max_size=5), st.booleans(), st.booleans()), min_size=2, max_size=12
)
MOCKS: list[list[str]] = [[], ["monkeypatch"], ["mocker", "unittest.mock.patch"]]
RULES = st.builds(
    Settings,
    holdout=st.sampled_from([0.0, 0.2, 0.5]),
    holdout_by=st.sampled_from(["call", "test"]),
    validation=st.sampled_from([0.0, 0.3]),
    conflicts=st.sampled_from(["drop", "majority"]),
    max_per_test=st.sampled_from([None, 1, 2]),
)


@settings(deadline=None, max_examples=50)
@given(attempts=ATTEMPTS, rules=RULES, group=st.sampled_from([None, "urgent"]))
def test_shards_make_the_whole(attempts: list[Any], rules: Settings, group: str | None) -> None:
    """Merged shards have the files of the one run over everything, byte for byte, and its numbers."""
    brief = brief_of(str, defaults={"urgent": False}, group=group)
    events = [
        event(f"t.py::test_{n % 5}[{n}]", *rows, vouched=vouched, held_out=marked, briefs=[brief], mocks=MOCKS[n % 3])
        for n, (_, rows, vouched, marked) in enumerate(attempts)
    ]
    shards = [[one for one, (shard, *_) in zip(events, attempts, strict=True) if shard == n] for n in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        whole = session_of(root / "whole", events, rules)
        parts = [session_of(root / f"{n}", shard, rules, partial=True) for n, shard in enumerate(shards) if shard]
        if len(parts) == 1:
            return
        merged, manifest = merge(parts, Home(root / "merged"))
        expected = read_manifest(whole)

        assert files_of(whole) == files_of(merged)
        assert (expected.tasks, expected.mocks, expected.tests, expected.left_out) == (
            manifest.tasks,
            manifest.mocks,
            manifest.tests,
            manifest.left_out,
        )
        assert not manifest.partial


def test_a_conflict_inside_a_shard_stays_one(tmp_path: Path) -> None:
    """A shard that dropped a conflict is not outvoted by one that saw a single result."""
    one = session_of(tmp_path / "1", [event("t::a", row("spam")), event("t::b", row("ham"))])
    two = session_of(tmp_path / "2", [event("t::c", row("spam"))])
    merged, manifest = merge([one, two], Home(tmp_path / "merged"))

    assert [] == list(read_examples(merged))
    assert {CONFLICT: 1} == manifest.left_out


def test_what_is_held_out_stays_held_out(tmp_path: Path) -> None:
    """The newest settings hold, but no call that any session held out comes back to training."""
    emails = [row(email=f"mail {n}") for n in range(40)]
    old = session_of(tmp_path / "old", [event("t::a", *emails)], Settings(holdout=0.5))
    new = session_of(tmp_path / "new", [event("t::b", *emails)], Settings(holdout=0.0))
    merged, _ = merge([old, new], Home(tmp_path / "merged"))
    held_out = [one.fingerprint for one in read_examples(old) if one.held_out]

    assert held_out
    assert held_out == [one.fingerprint for one in read_examples(merged) if one.held_out]


def test_merged_session_becomes_the_latest(tmp_path: Path) -> None:
    """It says which sessions it is made of, and an evaluation finds it."""
    home = Home(tmp_path)
    parts = [session_of(tmp_path, [event(f"t::{n}", row(email=n))], partial=True) for n in "ab"]
    merged, manifest = merge(parts, home)

    assert {part.name for part in parts} == set(manifest.merged)
    assert merged == home.latest()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"docstring": "Another."}, "docstring changed"),
        ({"signature": "f()", "instructions": "Be short."}, "signature and instructions"),
        ({"redaction": ("$.email",)}, "redaction changed"),
    ],
)
def test_other_briefs_are_refused(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    """Sessions that know a task by different briefs are refused, and what differs is named."""
    one = session_of(tmp_path, [event("t::a", row(email="a"))])
    two = session_of(tmp_path, [event("t::b", row(email="b"), briefs=[brief_of(str, **changes)])])

    with pytest.raises(DataError, match=f"task 'mail.triage' is another one .*: .*{named}"):
        merge([one, two], Home(tmp_path / "merged"))
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize("times", [1, 2])
def test_one_session_is_not_merged(tmp_path: Path, times: int) -> None:
    """Merging a session with nothing, or with itself, is a mistake."""
    one = session_of(tmp_path, [event("t::a", row(email="a"))])

    with pytest.raises(DataError, match="two sessions or more"):
        merge([one] * times, Home(tmp_path))


def test_changed_sources_are_told(tmp_path: Path) -> None:
    """Where only the function's body differs, sessions merge, and the task is named."""
    one = session_of(tmp_path, [event("t::a", row(email="a"))])
    two = session_of(tmp_path, [event("t::b", row(email="b"), briefs=[brief_of(str, source="0123")])])

    assert [TRIAGE.task] == changed_sources([one, two])
    assert [] == changed_sources([one, session_of(tmp_path, [event("t::c", row(email="c"))])])
