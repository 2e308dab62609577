"""Dataset files in another format, from a session's files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.formats import FORMATS
from pytest_distil.mark.errors import DataError
from pytest_distil.run.exporting import export
from support.briefs import brief_of
from support.events import TRIAGE, event, files_of, row, session_of

OTHER = brief_of(str, task="mail.other", dataset="mail.other")
EVENTS = [
    event("t::a", *(row(email=f"mail {n}") for n in range(60))),
    event("t::b", row(email="x", task=OTHER.task), briefs=[OTHER]),
]


@pytest.mark.parametrize("format_name", FORMATS)
def test_export_is_what_collecting_would_have_written(tmp_path: Path, format_name: str) -> None:
    """The files are byte-identical to those of a run with that format."""
    exported = export(session_of(tmp_path / "1", EVENTS), tmp_path / "out", format_name=format_name)
    collected = session_of(tmp_path / "2", EVENTS, Settings(format=format_name))
    expected = {name: data for name, data in files_of(collected).items() if name != "calls.jsonl"}

    assert expected == files_of(tmp_path / "out")
    assert {name: data.count(b"\n") for name, data in expected.items()} == exported


def test_without_a_format_it_is_the_session_s(tmp_path: Path) -> None:
    """The tasks keep the formats that the session was collected with."""
    session = session_of(tmp_path / "1", EVENTS, Settings(format="tools"))
    export(session, tmp_path / "out")

    assert files_of(tmp_path / "out").items() <= files_of(session).items()


def test_only_some_tasks(tmp_path: Path) -> None:
    """Tasks are chosen by name; an unknown one is refused with those that there are."""
    session = session_of(tmp_path / "1", EVENTS)
    lines = export(session, tmp_path / "out", tasks=[OTHER.task])

    assert 1 == sum(lines.values())
    with pytest.raises(DataError, match=r"no task 'nope'; it has mail.other, mail.triage"):
        export(session, tmp_path / "out", tasks=["nope", TRIAGE.task])
