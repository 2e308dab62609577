"""The journal is there as soon as a test is done, and belongs to its run as long as that lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_distil.mark.errors import DataError
from pytest_distil.store.journal import Journal, is_live, read_journal

HOLDER = """
import os, sys, time
from pathlib import Path
from pytest_distil.store.journal import Journal

journal = Journal(Path(sys.argv[1]), {})
if not os.fork():  # as test suites do: it must not hold what its parent holds
    os.setsid()
    sys.stdin.read()
    os._exit(0)
print("open", flush=True)
time.sleep(600)
"""


def test_events_are_there_at_once(tmp_path: Path) -> None:
    """Each event can be read while the journal is open, in any language."""
    with Journal(tmp_path, {"started": "now"}) as journal:
        journal.append({"text": "größer \\ud800"})
        head, events = read_journal(tmp_path)

        assert "now" == head["started"]
        assert [{"text": "größer \\ud800"}] == list(events)


@pytest.mark.parametrize("text", ["", "{}\n", "[]\n", '{"journal": 99}\n'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """What is no journal of ours is named."""
    (tmp_path / "journal.jsonl").write_text(text)

    with pytest.raises(DataError, match="not a journal of version 1"):
        read_journal(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such lock")
def test_it_is_live_as_long_as_its_process(tmp_path: Path) -> None:
    """Another process sees that the run is going on, and that it is over; a child that outlives it does not matter."""
    assert not is_live(tmp_path), "no journal"
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "open\n" == holder.stdout.readline()
        assert is_live(tmp_path)
        holder.kill()
        holder.wait()

        assert not is_live(tmp_path)
