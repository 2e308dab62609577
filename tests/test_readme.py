"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sybil.document import Document
from sybil.example import Example
from sybil.parsers.markdown import CodeBlockParser

from pytest_distil.plugin.options import OPTIONS, Option

README = Path(__file__).parents[1] / "README.md"
ELSEWHERE = ("pip install", "tox")
"""Commands that other checks run: the demo and the tests of a fresh installation."""


def test_the_commands_do_what_is_shown(tmp_path: Path) -> None:
    """Copied in order into an empty folder, files and commands give the output that stands below them."""
    runner = _Runner(tmp_path)
    parsers = [CodeBlockParser("python", runner.write), CodeBlockParser("console", runner.run)]
    examples = list(Document.parse(str(README), *parsers).examples())
    for example in examples:
        example.evaluate()

    assert len(runner.commands) >= 3


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_listed(option: Option) -> None:
    """Each option and each setting stands in the README's table."""
    listed = re.search(r"<!-- options -->(.*)<!-- /options -->", README.read_text(), re.DOTALL)

    assert listed is not None

    names = re.findall(r"^\| `(--[\w-]+|\w+)", listed[1], re.MULTILINE)
    name = f"--distil-{option.name}" if option.cli else f"distil_{option.name.replace('-', '_')}"

    assert name in names


@pytest.mark.parametrize("name", ["pydantic", "openai"])
def test_the_line_for_an_image_is_that_of_the_package(name: str) -> None:
    """An image gets what the package asks for, in the README and where CI tries it."""
    own = tomllib.loads((README.parent / "pyproject.toml").read_text())["project"]["dependencies"]
    bound = next(line for line in own if line.startswith(f"{name}>")).removesuffix(".0")

    assert f'"{bound}"' in README.read_text()
    assert f" {bound}" in (README.parent / "tox.ini").read_text()


class _Runner:
    """Writes the README's files and runs its commands, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.commands: list[str] = []

    def write(self, example: Example) -> None:
        """Write a block under the name in its first line."""
        first, _, _ = str(example.parsed).partition("\n")
        (self._folder / first.removeprefix("# ")).write_text(example.parsed)

    def run(self, example: Example) -> None:
        """Run the command of a block, and compare what it prints; `...` stands for anything."""
        shown, _, expected = str(example.parsed).partition("\n")
        command = shown.removeprefix("$ ")
        if any(word in command for word in ELSEWHERE):
            return
        self.commands.append(command)
        printed = self._printed(command)
        pattern = re.escape(expected.strip()).replace(r"\.\.\.", ".*")

        assert re.search(pattern, printed, re.DOTALL), printed

    def _printed(self, command: str) -> str:
        name, *args = shlex.split(command)
        script = [sys.executable, "-m", name.replace("-", "_"), *args]
        environment = {**os.environ, "COLUMNS": "80"}
        done = subprocess.run(script, cwd=self._folder, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr
