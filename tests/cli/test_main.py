"""The command itself: its help, its errors, its exit status."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pytest_distil import cli
from pytest_distil.cli import COMMANDS, main


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` lists the commands, each with what it does, and imports none of them."""
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    printed = " ".join(capsys.readouterr().out.split())
    assert 0 == stopped.value.code
    for name, (_, what) in COMMANDS.items():
        assert f"{name} {what}" in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of the table is there, and its help says what it does."""
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])

    assert 0 == stopped.value.code
    assert COMMANDS[name][1][1:] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parser_has_its_command(name: str) -> None:
    """What a module offers and what the table says are the same."""
    module = import_module(f"pytest_distil.cli.{COMMANDS[name][0]}")

    assert name in module.PARSERS
    assert all(COMMANDS[other][0] == COMMANDS[name][0] for other in module.PARSERS)


@pytest.mark.parametrize("argv", [[], ["nope"], ["merge"], ["sessions", "--nope"]])
def test_usage_errors(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command line exits with 2 and says what there is."""
    with pytest.raises(SystemExit) as stopped:
        main(argv)

    assert 2 == stopped.value.code
    assert "usage: pytest-distil" in capsys.readouterr().err


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with the data is one line on stderr, without a traceback, and exit status 2."""
    status = main(["export", "nope", "--dir", str(tmp_path)])

    assert 2 == status
    assert "pytest-distil: nope: no session; `pytest-distil sessions` lists them\n" == capsys.readouterr().err


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted command ends quietly with the status that shells give it."""

    def interrupted(_: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", lambda _: argparse.Namespace(run=interrupted))

    assert 130 == main(["sessions"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`pytest-distil ... | head -1` ends without a complaint."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pytest_distil", "sessions", "--dir", str(tmp_path)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)

    assert 141 == done.returncode
    assert "" == done.stderr


def test_listing_loads_nothing_heavy(tmp_path: Path) -> None:
    """A command imports what it needs: listing sessions takes no pydantic, no SDK and no pytest."""
    script = "import sys; from pytest_distil.cli import main; main(['sessions']); print(*sorted(sys.modules))"
    command = [sys.executable, "-c", script]
    # Without variables, because coverage would measure the process, and load sqlite3 for it.
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pydantic", "openai", "deepdiff", "jinja2", "pytest", "sqlite3"}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` is the distribution's."""
    with pytest.raises(SystemExit):
        main(["--version"])

    assert capsys.readouterr().out.startswith("pytest-distil 0.")
