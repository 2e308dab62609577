from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_distil.mark.errors import ModelError, SettingError
from pytest_distil.models import ModelSpec, load, parse
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.memory import MemoryModel
from pytest_distil.models.recorded import Recorded


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("gpt-4.1-mini", "chat", "gpt-4.1-mini"),
        ("ft:gpt-4o-mini-2024-07-18:acme::AbC", "chat", "ft:gpt-4o-mini-2024-07-18:acme::AbC"),
        ("llama3.2:3b", "chat", "llama3.2:3b"),
        ("org/model", "chat", "org/model"),
        ("id:memory:lookup", "chat", "memory:lookup"),
        ("id:tests", "chat", "tests"),
        ("memory:lookup", "memory", "lookup"),
        ("memory:nearest", "memory", "nearest"),
        ("memory:majority", "memory", "majority"),
        ("local:triage", "local", "triage"),
    ],
)
def test_parse(text: str, kind: str, name: str) -> None:
    """A MODEL is read by its prefix; what has none of ours is an id, colons and all."""
    spec = parse(text)

    assert (kind, name, text) == (spec.kind, spec.name, spec.text)


def test_parse_recorded(tmp_path: Path) -> None:
    """A recording is named by its file."""
    file = tmp_path / "answers.jsonl"
    file.touch()

    assert ModelSpec("recorded", str(file), f"recorded:{file}") == parse(f"recorded:{file}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "names no model"),
        ("  ", "names no model"),
        ("id:", "names nothing"),
        ("recorded:", "names nothing"),
        ("recorded:nowhere.jsonl", "no file 'nowhere.jsonl'"),
        ("memory:best", "none of memory:lookup, memory:nearest, memory:majority"),
    ],
)
def test_parse_refuses(text: str, fault: str) -> None:
    """What names no model is refused, with the option's name."""
    with pytest.raises(SettingError, match=fault) as refusal:
        parse(text)

    assert "--distil-eval" == refusal.value.name


def test_parse_refuses_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that the option swallowed is refused, and the message says how a model of that name is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()

    with pytest.raises(SettingError, match=r"'tests' is a path.*id:tests"):
        parse("tests")


def test_only_what_is_served_asks_a_server() -> None:
    """Answers that cost a request are told from those that do not."""
    assert {"gpt": True, "local:x": True, "memory:lookup": False} == {
        text: parse(text).asks_server for text in ("gpt", "local:x", "memory:lookup")
    }


def test_load(tmp_path: Path) -> None:
    """Each kind has its leaf."""
    file = tmp_path / "answers.jsonl"
    file.touch()

    assert isinstance(load(parse("memory:nearest")), MemoryModel)
    assert isinstance(load(parse(f"recorded:{file}")), Recorded)
    assert "Chat" == type(load(parse("m"), endpoint=Endpoint("http://localhost/v1"))).__name__


def test_load_without_a_server() -> None:
    """A model behind a server needs one."""
    with pytest.raises(ModelError, match="no base URL"):
        load(parse("m"))


def test_load_local() -> None:
    """A local model says which extra brings it, or where it is asked."""
    with pytest.raises(ModelError, match=r"pytest-distil\[local\]|is asked in test runs"):
        load(parse("local:x"))


LOADS = """
import sys
from pathlib import Path
from pytest_distil.models import load, parse
load(parse("memory:lookup"))
load(parse("recorded:" + sys.argv[1]))
print("openai" in sys.modules)
"""


def test_only_the_chosen_leaf_is_imported(tmp_path: Path) -> None:
    """Models that need no server do not import the SDK."""
    file = tmp_path / "answers.jsonl"
    file.touch()
    done = subprocess.run([sys.executable, "-c", LOADS, str(file)], capture_output=True, text=True, check=True)

    assert "False" == done.stdout.strip()
