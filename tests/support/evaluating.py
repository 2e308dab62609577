"""Suites evaluated by pytest in a process of its own, answered by a model under control."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.server import ChatServer, Reply

_MODEL = "student"

_SECONDS = 120.0
"""After which a run under test has hung."""


def arguments_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the call that a request asks about."""
    return json.loads(body["messages"][-1]["content"])  # type: ignore[no-any-return]


def task_of(body: Mapping[str, Any]) -> str:
    """Return the name of the function that a request asks about."""
    found = re.search(r"def (\w+)\(", body["messages"][0]["content"])
    assert found is not None
    return found[1]


def answering(answer: Callable[[str, dict[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Reply]:
    """Return a model that answers each call by its function's name and arguments; a `Reply` is sent as it is."""

    def reply(body: Mapping[str, Any]) -> Reply:
        value = answer(task_of(body), arguments_of(body))
        if isinstance(value, Reply):
            return value
        return Reply(content=json.dumps(value if isinstance(value, dict) else {"value": value}))

    return reply


def command(*args: str, plugins: tuple[str, ...] = ()) -> list[str]:
    """Return the command line of pytest with these plugins and no others."""
    own = [sys.executable, "-m", "pytest", "-p", "pytest_distil.plugin"]
    return [*own, *(part for plugin in plugins for part in ("-p", plugin)), *args]


def environment(**variables: str) -> dict[str, str]:
    """Return the environment that goes with it."""
    return {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "120", **variables}


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of pytest, ended."""

    folder: Path
    status: int
    out: str
    err: str
    written: Path | None
    """The report that the run wrote; None where it wrote none."""

    @property
    def report(self) -> dict[str, Any]:
        """What the report says."""
        assert self.written, f"{self.out}\n{self.err}"
        report: dict[str, Any] = json.loads(self.written.read_text(encoding="utf-8"))
        return report

    @property
    def counts(self) -> dict[str, int]:
        """What pytest's closing line counts: `{"passed": 3, "disagreed": 1}`."""
        closing = re.findall(r"^=* ?(.*) in [\d.]+s", self.out, flags=re.MULTILINE)[-1]
        found = re.findall(r"(\d+) ([a-z]+)", closing)
        return {what: int(n) for n, what in found}

    def trial(self, **arguments: Any) -> dict[str, Any]:
        """Return the trial of a call that is not agreed on, by (some of) its arguments."""
        trials = [one for one in self.report["trials"] if arguments.items() <= one.get("arguments", {}).items()]
        [found] = trials
        return dict(found)


class Project:
    """A folder with a suite."""

    def __init__(self, folder: Path, **files: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write(**files)

    def write(self, **files: str) -> None:
        """Write Python files, by module."""
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")

    def copy(self, folder: Path) -> Project:
        """Return the same suite elsewhere, with its sessions and without stored answers."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("answers.sqlite*", "reports", "*.log"))
        return Project(folder)

    def run(self, *args: str, plugins: tuple[str, ...] = (), **variables: str) -> Ran:
        """Run pytest with these plugins and no others, where a Ctrl-C for all its processes reaches no others."""
        before = self._reports()
        done = subprocess.run(
            command(*args, plugins=plugins),
            cwd=self.folder,
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        written = next(iter(self._reports() - before), None)
        return Ran(self.folder, done.returncode, done.stdout, done.stderr, written)

    def _reports(self) -> set[Path]:
        return {*(self.folder / ".distil" / "reports").glob("*.json")}

    def run_script(self, name: str) -> str:
        """Run a file of the suite as a script, and return what it prints."""
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, f"{name}.py"]
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        return done.stdout + done.stderr

    def collect(self, *args: str, **more: Any) -> Ran:
        """Make a session."""
        return self.run("--distil-collect", "-q", *args, **more)

    def evaluate(self, server: ChatServer | str, *args: str, **more: Any) -> Ran:
        """Evaluate the model behind a server (or a URL)."""
        url = server if isinstance(server, str) else server.url
        return self.run(f"--distil-eval={_MODEL}", "-o", f"distil_base_url={url}", *args, **more)

    def answers(self) -> str:
        """Return the answers that are stored, as `pytest-distil answers export` writes them."""
        exported = self.folder / "exported.jsonl"
        command = [sys.executable, "-m", "pytest_distil", "answers", "export", exported.name]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=_SECONDS)
        return exported.read_text(encoding="utf-8")

    def lines(self, name: str) -> list[str]:
        """Return the lines of a log that the suite keeps; none where there is none."""
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def junit(self, name: str = "junit.xml") -> dict[str, ET.Element]:
        """Return the test cases of a JUnit file by name."""
        cases = ET.parse(self.folder / name).getroot().iter("testcase")  # noqa: S314 - written by pytest just now
        return {case.get("name", ""): case for case in cases}

    def junit_properties(self, name: str = "junit.xml") -> list[tuple[str | None, str | None]]:
        """Return name and value of the properties of a JUnit file's suite."""
        found = ET.parse(self.folder / name).getroot().iterfind("testsuite/properties/property")  # noqa: S314 - the same
        return [(one.get("name"), one.get("value")) for one in found]


def endings(report: Mapping[str, Any]) -> dict[str, str]:
    """Return how the tests that did not pass have ended, by the name of their function."""
    return {one["test"].rpartition("::")[2]: one["ending"] for one in report["tests"]["listed"]}


def verdicts(report: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, Any]]:
    """Return verdict and apart of every trial by task and fingerprint."""
    return {(one["task"], one["fingerprint"]): (one["verdict"], one["apart"]) for one in report["trials"]}
