from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.run.asker import process as module
from pytest_distil.run.asker.client import connect
from pytest_distil.run.asker.process import start
from pytest_distil.run.asker.wire import Address


def environment_of(pid: int) -> dict[str, str]:
    """Return the environment that a process was started with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asker inherits proxies and certificates, and nothing that steers tests, Python or the SDK."""
    dropped = ["PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "COV_CORE_SOURCE", "OPENAI_API_KEY", "DISTIL_API_KEY"]
    for name in [*dropped, "PYTHONWARNINGS", "PYTHONASYNCIODEBUG"]:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    asker = start(concurrency=None)
    assert asker.address
    environment = environment_of(asker.pid)
    asker.close()

    assert "localhost" == environment["NO_PROXY"]
    assert not {*dropped, "PYTHONWARNINGS", "PYTHONASYNCIODEBUG"} & set(environment)


def test_no_key_is_seen_from_outside() -> None:
    """What lets one in is not on the command line, where every user of the machine can read it."""
    asker = start(concurrency=None)
    authkey = Address.from_text(asker.address).authkey
    command = Path(f"/proc/{asker.pid}/cmdline").read_bytes()
    asker.close()

    assert authkey.hex().encode() not in command
    assert b"pytest_distil.run.asker.server" in command


def test_not_stopped_with_the_terminal() -> None:
    """Ctrl-C in the terminal does not reach the asker: it stands in a session of its own."""
    asker = start(concurrency=None)
    assert asker.address
    session = os.getsid(asker.pid)
    asker.close()

    assert session != os.getsid(0)


def test_a_long_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the usual folder's path is too long for a socket, a shorter one is found."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    asker = start(concurrency=None)
    connect(asker.address).close()
    asker.close()

    assert [] == list(long.iterdir())


def test_started_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the user's folder that are named like modules are not taken for them."""
    (tmp_path / "json.py").write_text("raise RuntimeError", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asker = start(concurrency=None)
    connect(asker.address).close()
    asker.close()


def test_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An asker that does not start shows what it said."""
    monkeypatch.setattr(module, "_BOOT", "raise SystemExit('no such thing')")
    asker = start(concurrency=None)
    with pytest.raises(ModelError, match=r"(?s)did not start.*no such thing"):
        _ = asker.address
    asker.close()


def test_its_output_is_at_hand() -> None:
    """What the asker writes, dying, can be shown."""
    asker = start(concurrency=None)
    assert asker.address
    alive = asker.died()
    os.kill(asker.pid, signal.SIGKILL)
    asker._process.wait()
    asker._log.write_text("\n".join(["early", *["line"] * 18, "Traceback"]), encoding="utf-8")

    assert (False, True) == (alive, asker.died())
    assert asker.log().startswith("early\nline")
    assert asker.log().endswith("Traceback")
    asker.close()
    assert "" == asker.log()


def test_one_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An asker that does not end by itself is ended."""
    monkeypatch.setattr(module, "_SECONDS_TO_END", 0.1)
    asker = start(concurrency=None)
    assert asker.address
    os.kill(asker.pid, signal.SIGSTOP)
    asker.close()

    assert asker.died()
