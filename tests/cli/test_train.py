from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_distil.cli import main

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
