from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil import SettingError, distil
from pytest_distil.mark.production import Production
from pytest_distil.mark.task import Task
from pytest_distil.run.call_log import CallLog
from pytest_distil.run.dispatch import Dispatch
from pytest_distil.run.production import interceptor, switched
from support.in_production import Lines, run
from support.other_pythons import IMAGE, python_of
from support.server import ChatServer
from support.watching import watched


def doubled(n: int) -> int:
    """Double a number."""
    return 2 * n


def task(**production: Any) -> Task:
    """Return a task that is declared so."""
    return Task("math.doubled", doubled, "math", production=Production(**production))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", None),
        ("dispatch", "dispatch"),
        ("math.doubled=dispatch", "dispatch"),
        ("math.halved=dispatch", None),
        ("off, math.doubled = dispatch", "dispatch"),
        ("math.doubled=dispatch,off", "dispatch"),
        ("math.halved=dispatch,off", "off"),
        ("math.doubled=", None),
    ],
)
def test_switches(said: str, expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable speaks of one task, of several, or of all; the task's own entry stands first."""
    monkeypatch.setenv("DISTIL_X", said)

    assert expected == switched("DISTIL_X", "math.doubled")


@pytest.mark.parametrize(
    ("declared", "said", "expected"),
    [
        ({}, "", type(None)),
        ({"handlers": (Lines(),)}, "", CallLog),
        ({"mode": "dispatch"}, "", Dispatch),
        ({}, "dispatch", Dispatch),
        ({"mode": "dispatch"}, "distil", type(None)),
        ({"mode": "dispatch", "handlers": (Lines(),)}, "distil", CallLog),
        ({"mode": "dispatch", "handlers": (Lines(),)}, "off", type(None)),
        ({"handlers": (Lines(),)}, "other=off", CallLog),
    ],
)
def test_interceptors(declared: dict[str, Any], said: str, expected: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment is switched on, and back, by its environment."""
    monkeypatch.setenv("DISTIL_MODE", said)

    assert expected is type(interceptor(task(**declared)))


def test_unknown_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mode that is none is an error that names the variable, at the first call; nothing else happens silently."""
    monkeypatch.setenv("DISTIL_MODE", "on")

    @distil(name="switched wrongly")
    def function(n: int) -> int:
        return n

    with pytest.raises(
        SettingError, match="DISTIL_MODE: is 'distil', 'dispatch' or 'off' for switched wrongly, not 'on'"
    ):
        function(1)


def test_the_environment_names_mode_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that is only marked is dispatched to the model that the environment names."""
    with ChatServer(lambda _: '{"value": 7}') as server:
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)
        monkeypatch.setenv("DISTIL_MODE", "switched on=dispatch")
        monkeypatch.setenv("DISTIL_MODEL", "all,switched on=student")

        @distil(name="switched on", model="declared")
        def function(n: int) -> int:
            return n

        assert 7 == function(1)
        assert ["student"] == [body["model"] for body in server.requests]


def test_a_run_outranks_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a collecting run the body runs, even of a task in dispatch mode; afterwards it is production again."""
    with ChatServer(lambda _: '{"value": 7}') as server:
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)

        @distil(name="outranked", mode="dispatch", model="student")
        def function(n: int) -> int:
            return n

        with watched() as seen:
            assert 1 == function(1)
        assert 7 == function(1)

    assert [({"n": 1}, 1)] == seen.calls
    assert 1 == len(server.requests)


OPENING = """
import sys
from pytest_distil import distil

@distil
def bare(n: int) -> int:
    return n

bare(1)
print(*(name for name in sys.modules if name.startswith("pytest_distil.") or name in ("pydantic", "openai", "logging")))
"""


def test_marked_functions_bring_nothing_in(tmp_path: Path) -> None:
    """A marked function that nobody watches loads nothing but the lowest floor, however often it is called."""
    loaded = run(tmp_path, OPENING).split()

    assert [name for name in loaded if not name.startswith("pytest_distil.mark")] == []
    assert "pytest_distil.mark.wrapper" in loaded


WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pytest", "_pytest", "pluggy", "deepdiff", "xdist"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""

PRODUCTION_IMAGE = """
import logging

from pydantic import BaseModel
from pytest_distil import Instructions, distil

class Sum(BaseModel):
    total: int
    parts: list[int]

collected = Instructions(name="sums", log_handlers=[logging.FileHandler("sums.jsonl")])

@collected.distil
def added(a: int, b: int) -> Sum:
    return Sum(total=a + b, parts=[a, b])

@distil(mode="dispatch", model="student", shadow=1)
def answered(a: int, b: int) -> Sum:
    return Sum(total=a + b, parts=[a, b])

if __name__ == "__main__":
    from pathlib import Path
    from pytest_distil.cli import main
    from pytest_distil.run.call_log import WRITER

    print(added(1, 2).total, answered(1, 2).total, answered(2, 2).total)
    WRITER.flush()
    Path("inputs.jsonl").write_text('{"a": 3, "b": 4}')
    main(["import", "sums.jsonl", "--module", "script"])
    main(["label", "script:added", "inputs.jsonl"])
"""

NEITHER_IS_THERE = """
from importlib.util import find_spec

assert not any(map(find_spec, ("pytest", "pluggy", "deepdiff")))
"""


@pytest.mark.parametrize("kind", ["hidden", pytest.param("absent", marks=pytest.mark.slow)])
def test_without_pytest_and_deepdiff(kind: str, tmp_path: Path) -> None:
    """A production image needs neither: log handlers, dispatch, shadow runs, `import` and `label` do without them."""
    python = python_of(IMAGE) if kind == "absent" else None
    script = (NEITHER_IS_THERE if python else WITHOUT) + PRODUCTION_IMAGE
    with ChatServer(lambda _: '{"total": 3, "parts": [1, 2]}') as server:
        printed = run(tmp_path, script, python=python, DISTIL_BASE_URL=server.url)

    [report] = (tmp_path / ".distil" / "reports").iterdir()
    differing = [one for one in json.loads(report.read_text())["trials"] if one["verdict"] == "differ"]
    assert "3 3 3" == printed.splitlines()[0]
    assert 2 == printed.count(": 1 example of 1 task")
    assert 1 == len((tmp_path / "sums.jsonl").read_text().splitlines())
    assert [["parts", "total"]] == [[found["path"] for found in one["differences"]] for one in differing]
