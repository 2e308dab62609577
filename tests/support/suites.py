"""Suites of other people: written into a folder, run by pytest, and what our files then say of them."""

from __future__ import annotations

import itertools
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Here, because a run in this process forgets at its end what it imported, and would import it again each time.
import pytest_distil.plugin.collecting  # noqa: F401

_INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
"""

_WITHOUT = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Plugins that would shuffle, write, or (Hypothesis, in its summary) import for a second."""

_numbers = itertools.count(1)

FIVE = """
    import pytest
    from pytest_distil import distil

    @distil
    def add(a: int, b: int = 0) -> int:
        return a + b

    @distil
    def word(n: int) -> str:
        return "even" if n % 2 == 0 else "odd"

    @pytest.mark.parametrize("n", range(30))
    def test_add(n):
        assert add(n, n) == 2 * n

    @pytest.mark.parametrize("n", range(30))
    def test_word(n):
        assert word(n) in ("even", "odd")
        assert add(1) == 1

    def test_both():
        assert word(add(3)) == "odd"
"""
"""Two tasks, 61 tests that pass, some calls in many of them."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as other programs see it."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """What session.json says."""
        return json.loads((self.folder / "session.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    @property
    def examples(self) -> list[dict[str, Any]]:
        """The lines of calls.jsonl."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    @property
    def calls(self) -> list[tuple[dict[str, Any], Any]]:
        """Arguments and result of each example, sorted."""
        return sorted(((one["arguments"], one["result"]) for one in self.examples), key=repr)

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many calls each reason left out."""
        return self.manifest["left_out"]  # type: ignore[no-any-return]

    def files(self) -> dict[str, bytes]:
        """Every file that must be the same for the same calls: all but the manifest."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.name != "session.json"}


class Suite:
    """A folder with tests."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.home = pytester.path / ".distil"
        pytester.makeini(_INI)

    def write(self, text: str, name: str | None = None) -> str:
        """Write a test file; return its module's name, another one each time because tasks are known by it."""
        module = name or f"test_suite{next(_numbers)}"
        self.pytester.makepyfile(**{module: textwrap.dedent(text)})
        return module

    def run(self, *args: str, subprocess: bool = False) -> pytest.RunResult:
        """Run pytest, in this process unless told otherwise."""
        run = self.pytester.runpytest_subprocess if subprocess else self.pytester.runpytest_inprocess
        return run(*_WITHOUT, *args)

    def collect(self, *args: str, subprocess: bool = False) -> Session:
        """Run a collecting run and return its session."""
        before = set(self.sessions())
        self.run("--distil-collect", *args, subprocess=subprocess)
        [new] = set(self.sessions()) - before
        return Session(new)

    def sessions(self) -> list[Path]:
        """Return the folders of all sessions, oldest first."""
        return sorted((self.home / "sessions").glob("*"))


def collected(pytester: pytest.Pytester, text: str, *args: str, subprocess: bool = False) -> Session:
    """Return the session of a suite of one file."""
    suite = Suite(pytester)
    suite.write(text)
    return suite.collect(*args, subprocess=subprocess)
