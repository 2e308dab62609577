from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from pytest_distil.core.prompt import Answer
from pytest_distil.mark.errors import ModelError
from pytest_distil.models import load, parse
from pytest_distil.models.own import OwnModel
from support.asking import prompt

MODULE = """
from pytest_distil import Answer

class Echo:
    closed = False
    def __init__(self, name): self.name = name
    async def ask(self, prompt): return Answer(message={"content": self.name + prompt.arguments["text"]})

class Thorough(Echo):
    def identity(self): return f"version of {self.name}"
    async def ask(self, prompt): return "text"
    async def aclose(self): Echo.closed = True

class Blocking(Echo):
    def ask(self, prompt): return Answer()

class Inner:
    make = Echo

def broken(name): raise OSError("no weights")
"""


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with factories."""
    (tmp_path / "mine.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)


def test_it_answers_by_its_name() -> None:
    """The factory gets the name that was asked for, and an answer counts as a request."""
    spec = parse("my/model", factories={"my/model": "mine:Inner.make"})
    answer = asyncio.run(load(spec).ask(prompt("!")))

    assert ("own", True) == (spec.kind, spec.asks_server)
    assert Answer(message={"content": "my/model!"}, requests=1) == answer


def test_what_it_is_kept_under() -> None:
    """Its own word, or a digest of its module; with the factory, for two of a module are two models."""
    echo, thorough = OwnModel("mine:Echo", "m"), OwnModel("mine:Thorough", "m")

    assert "mine:Thorough version of m" == thorough.identity()
    assert echo.identity() == OwnModel("mine:Echo", "other").identity()
    assert echo.identity() != OwnModel("mine:Inner.make", "m").identity()


def test_it_is_let_go_of() -> None:
    """Where it says how."""

    async def closing() -> None:
        await OwnModel("mine:Echo", "m").aclose()
        await OwnModel("mine:Thorough", "m").aclose()

    asyncio.run(closing())

    assert sys.modules["mine"].Echo.closed


def test_what_is_no_answer_is_refused() -> None:
    """It is said what came."""
    with pytest.raises(TypeError, match=r"'mine:Thorough': ask\(\) returned a str, not an Answer"):
        asyncio.run(OwnModel("mine:Thorough", "m").ask(prompt()))


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("nowhere:make", "'m': 'nowhere:make' makes no model: ModuleNotFoundError: No module named 'nowhere'"),
        ("mine:Ecko", "'m': 'mine:Ecko' makes no model: AttributeError: "),
        ("mine:broken", "'m': 'mine:broken' makes no model: OSError: no weights"),
        ("mine:Blocking", "'m': what 'mine:Blocking' makes has no `async def ask"),
        ("builtins:str", "'m': what 'builtins:str' makes has no `async def ask"),
    ],
)
def test_what_makes_no_model_is_refused(factory: str, said: str) -> None:
    """The error names the model and the factory."""
    with pytest.raises(ModelError) as caught:
        OwnModel(factory, "m")

    assert str(caught.value).startswith(said)
