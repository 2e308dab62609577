from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_distil.cli import main
from support.evaluating import Project
from support.labels import LABELS, THIRTY
from support.tiny_llama import needs_local, write_tiny
from support.tiny_transformer import save_chat

needs_no_extra = pytest.mark.skipif(find_spec("xllamacpp") is not None, reason="the extra is installed")


@needs_no_extra
@pytest.mark.parametrize("command", [["train"], ["serve", "base"]])
def test_without_the_extra(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the extra a command says what to install."""
    status = main([*command, "--dir", str(tmp_path)])

    assert 2 == status
    assert "python -m pip install 'pytest-distil[local]'" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("peft") is None, reason="needs the extra")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--base", "no.gguf"], "'no.gguf' is no GGUF file"),
        (["--base", "{base}", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_trained(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A base that is none and a session that is not there are told from each other."""
    (tmp_path / "b.gguf").touch()
    status = main(["train", *(one.format(base=tmp_path / "b.gguf") for one in options), "--dir", str(tmp_path)])

    assert 2 == status
    assert said in capsys.readouterr().err


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small suite, collected, with a tiny base model in it."""
    project = Project(tmp_path_factory.mktemp("local") / "suite", labels=LABELS, test_labels=THIRTY)
    project.collect()
    write_tiny(project.folder / "tiny.gguf")
    return project.folder


def tool(folder: Path, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Run the command in a folder; return its exit status and what it printed."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return main(list(args)), *capsys.readouterr()
    finally:
        os.chdir(before)


@pytest.mark.slow
class TestTheLoop:
    """Collected, trained, evaluated, listed: on a real model, made on the spot."""

    pytestmark = needs_local

    def test_train(self, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A model that has learned nothing stands beside its base and memory, and is told what it is."""
        status, out, _ = tool(labels, capsys, "train", "--base=tiny.gguf", "--steps=2", "--name=new", "--device=cpu")

        assert 0 == status
        assert "local:new: 2 steps in " in out
        assert "held-out calls:" in out
        for model in ("tiny.gguf", "local:new", "memory:lookup", "memory:nearest", "memory:majority"):
            assert re.search(rf"    .*{model} ", out)
        assert "it has learned nothing that looking up does not give" in out
        assert 2 == len([*(labels / ".distil" / "reports").glob("*-local-*.json")])

    def test_it_is_listed(self, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Its card is among those of all models, with the base that it was trained from."""
        _, out, _ = tool(labels, capsys, "models", "list")

        assert "local:new" in out
        assert "tiny.gguf" in out

    @pytest.mark.parametrize("model", ["local:new", "local:"])
    def test_it_is_evaluated(self, model: str, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """By its name, or as the newest, it can be asked; what it answered before is not asked again."""
        status, out, _ = tool(labels, capsys, "eval", model)

        assert 0 == status
        assert "local:new, judged by session" in out
        assert "0 requests" in out

    def test_a_base_that_transformers_saved(self, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder of safetensors is trained, compared and served like a GGUF file, and asked under its own name."""
        save_chat(labels / "small", "qwen2")
        status, out, _ = tool(labels, capsys, "train", "--base=small", "--steps=2", "--name=two", "--device=cpu")
        assert 0 == status
        for model in (r"local:\./small", "local:two", "memory:lookup"):
            assert re.search(rf"    {model} ", out)
        status, out, _ = tool(labels, capsys, "eval", "local:./small")

        assert 0 == status
        assert "local:./small, judged by session" in out
        assert "0 requests" in out
        assert 1 == len([*(labels / ".distil" / "bases").iterdir()])

    def test_a_device_that_is_not_here(self, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What cannot be computed with is a usage error that names the option."""
        status, _, err = tool(labels, capsys, "train", "--base=tiny.gguf", "--device=abacus")

        assert 2 == status
        assert "--device: 'abacus' is not here" in err
