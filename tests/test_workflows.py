"""The README's workflows for CI, run step by step as a runner would, against a server on loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.numbers import wrong_on
from support.server import ChatServer

README = Path(__file__).parents[1] / "README.md"
HELD_OUT = 76

FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\ndistil_holdout = 0\ndistil_gate_on = held-out\n",
    "double.py": """
from pytest_distil import distil

@distil
def double(number: int) -> int:
    return 2 * number
""",
    "tests/unit/test_known.py": """
import pytest
from double import double

@pytest.mark.parametrize("number", range(100, 120))
def test_known(number):
    assert double(number) > number
""",
    "tests/integration/test_new.py": f"""
import pytest
from double import double

@pytest.mark.distil(held_out=True)
@pytest.mark.parametrize("number", range({HELD_OUT}))
def test_new(number):
    assert double(number) >= number
""",
    ".gitignore": ".distil/\n",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),  # some thirty commands in a row: on a busy machine they took more than five minutes
]


def workflow(kind: str) -> dict[str, Any]:
    """Return a workflow of the README: `GitHub Actions` or `GitLab`."""
    found = re.search(rf"^{kind}:\n\n```yaml\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)

    assert found is not None

    loaded: dict[str, Any] = yaml.safe_load(found[1])
    return loaded


def commands(kind: str, job: str, shard: str = "") -> list[str]:
    """Return what a job runs, but for its installation, with what the runner fills in."""
    loaded = workflow(kind)
    steps = loaded["jobs"][job]["steps"] if kind != "GitLab" else [{"run": one} for one in loaded[job]["script"]]
    found = [step["run"].replace("${{ matrix.shard }}", shard) for step in steps if "run" in step]

    assert not any("${{" in one for one in found), found

    return [one for one in found if "pip install" not in one]


def shards(kind: str) -> list[str]:
    """Return the shards of a workflow."""
    loaded = workflow(kind)
    matrix = loaded["evaluate"]["parallel"]["matrix"][0]["SHARD"] if kind == "GitLab" else None
    return list(matrix or loaded["jobs"]["evaluate"]["strategy"]["matrix"]["shard"])


class Runner:
    """Runs jobs, each in a clone of its own, with the session of the main branch restored."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._origin = folder / "origin.git"
        self._cache = folder / "cache"
        self._artifacts = folder / "artifacts"
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self._origin), cwd=folder)

    def commit(self, files: Mapping[str, str]) -> None:
        """Bring files to the main branch."""
        clone = self._clone("author")
        for name, text in files.items():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_text(text)
        self._git("add", "--all", cwd=clone)
        self._git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "work", cwd=clone)
        self._git("push", "--quiet", "origin", "HEAD:main", cwd=clone)

    def push(self, model: str, *, url: str) -> subprocess.CompletedProcess[str]:
        """Run what a push to the main branch runs; its session is kept."""
        clone = self._clone("promote")
        done = self._run(commands(self._kind, "promote"), clone, model=model, url=url, key="key")
        shutil.copytree(clone / ".distil" / "sessions", self._cache, dirs_exist_ok=True)
        return done

    def pull_request(
        self, model: str, *, url: str, key: str = "key", files: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run what a pull request runs: all shards, then the gate; return how the gate ended."""
        shutil.rmtree(self._artifacts, ignore_errors=True)
        self._artifacts.mkdir()
        for shard in shards(self._kind):
            clone = self._clone(f"evaluate-{shard}", files)
            shutil.copytree(self._cache, clone / ".distil" / "sessions")
            done = self._run(commands(self._kind, "evaluate", shard), clone, model=model, url=url, key=key, SHARD=shard)
            for report in clone.glob("distil-shard-*.json"):
                shutil.copy(report, self._artifacts)

            assert not key or not done.returncode, done.stdout + done.stderr

        clone = self._clone("gate", files)
        shutil.copytree(self._artifacts, clone, dirs_exist_ok=True)
        return self._run(commands(self._kind, "gate"), clone, model=model, url=url, key=key)

    def _clone(self, name: str, files: Mapping[str, str] | None = None) -> Path:
        """Return a new clone of the main branch, with what a pull request changes."""
        clone = self._folder / name
        shutil.rmtree(clone, ignore_errors=True)
        self._git("clone", "--quiet", str(self._origin), str(clone), cwd=self._folder)
        for changed, text in (files or {}).items():
            (clone / changed).write_text(text)
        return clone

    def _run(
        self, lines: Iterable[str], folder: Path, *, model: str, url: str, key: str, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the steps of a job until one fails, each in a shell of its own; return how the last one ended."""
        known = {"MODEL": model, "DISTIL_BASE_URL": url, "DISTIL_API_KEY": key, "CI": "true", **more}
        known |= {"PUSH_URL": str(self._origin), "CI_DEFAULT_BRANCH": "main"}
        known["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for line in lines:
            done = subprocess.run(
                ["bash", "-e", "-c", line],
                cwd=folder,
                env={**os.environ, **known},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                break
        return done

    def _git(self, *args: str, cwd: Path) -> None:
        subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["GitHub Actions", "GitLab"])
def test_the_workflow(tmp_path: Path, kind: str) -> None:
    """What is merged becomes the baseline; a better and an equal model pass, one that lost three calls of 76 does not.

    With 5 points allowed it does, and is told how little the data can show. A fork replays what was committed.
    """
    runner = Runner(tmp_path, kind)
    runner.commit(FILES)
    with ChatServer(wrong_on(1)) as server:
        first = runner.push("model", url=server.url)
        equal = runner.pull_request("model", url=server.url)
    fork = runner.pull_request("model", url=server.url, key="")
    with ChatServer(wrong_on()) as server:
        better = runner.pull_request("better", url=server.url)
    with ChatServer(wrong_on(1, 10, 20, 30)) as server:
        worse = runner.pull_request("worse", url=server.url)
        unanswered = runner.pull_request("worse", url=server.url, key="")
        allowed = {"pytest.ini": FILES["pytest.ini"] + "distil_allowed_drop = 5\n"}
        lenient = runner.pull_request("worse", url=server.url, files=allowed)
        refused = runner.push("worse", url=server.url)

    assert [0] * 5 == [one.returncode for one in (first, equal, fork, better, lenient)], better.stdout
    assert "98.7 % agreement on 76 held-out calls" in equal.stdout
    assert equal.stdout.splitlines()[-1] == fork.stdout.splitlines()[-1]
    assert "100 % agreement on 76 held-out calls" in better.stdout
    assert 1 == worse.returncode
    assert "agreement fell 3.9 points below the baseline on 76 held-out calls (3 newly wrong, 0 newly" in worse.stdout
    assert "more than the allowed 2 points" in worse.stdout
    assert "the smallest drop that 76 held-out calls could have shown beyond noise is 6.6 points" in lenient.stdout
    assert 1 == unanswered.returncode
    assert "answers failed" in unanswered.stdout
    assert 2 == refused.returncode
    assert "not lowered" in refused.stderr


def test_workflows_name_what_is_there() -> None:
    """Both workflows know the variables that they use, and judge alike."""
    actions, gitlab = workflow("GitHub Actions"), workflow("GitLab")

    assert {"MODEL", "DISTIL_BASE_URL"} <= actions["env"].keys() & gitlab["variables"].keys()
    assert commands("GitHub Actions", "gate") == commands("GitLab", "gate")
    assert shards("GitHub Actions") == shards("GitLab")
