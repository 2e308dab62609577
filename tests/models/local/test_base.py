"""Which file a base model is: a path, a folder, a package, a model of the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.base import base_file
from support.hub import MODEL, hub

FETCH = """
import sys
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.base import base_file
try:
    print(base_file(sys.argv[1]).read_text())
except ModelError as error:
    print(error)
"""


def fetched(base: str, endpoint: str, cache: Path) -> str:
    """Return what a base of the hub is found to hold, or why there is none, in a process that knows another hub."""
    variables = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-W", "ignore", "-c", FETCH, base]
    done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True, timeout=100)
    return done.stdout.strip()


def test_a_file_and_its_folder(tmp_path: Path) -> None:
    """A file is itself, and a folder is the one file in it."""
    file = tmp_path / "base.gguf"
    file.touch()

    assert file == base_file(str(file)) == base_file(str(tmp_path))


@pytest.mark.parametrize("files", [(), ("a.gguf", "b.gguf")])
def test_a_folder_of_none_or_several(tmp_path: Path, files: tuple[str, ...]) -> None:
    """A folder that does not say which file is meant is refused, with the files that it has."""
    for name in files:
        (tmp_path / name).touch()

    with pytest.raises(ModelError, match=f"^--base: .* holds {', '.join(files) or 'no GGUF file'};"):
        base_file(str(tmp_path))


@pytest.mark.parametrize("base", ["models/base.gguf", "small", "a/b/c", "ann/small:model.bin"])
def test_what_is_no_model(base: str) -> None:
    """What is neither a file nor a name of the hub is refused."""
    with pytest.raises(ModelError, match=r"^--base: .* is no GGUF file; give the path of one, such as"):
        base_file(base)


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is missing (extra `local`)")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "found"),
    [
        (f"{MODEL}:q8/two.gguf", "two"),
        (MODEL, f"--base: '{MODEL}' holds one.gguf, q8/two.gguf; name one as {MODEL}:FILE.gguf"),
        ("ann/none", "--base: 'ann/none' cannot be had from the Hugging Face hub: "),
    ],
)
def test_a_model_of_the_hub(tmp_path: Path, base: str, found: str) -> None:
    """A model of the hub is fetched by its id; several files want a name, and what is not there is said."""
    with hub({"one.gguf": b"one", "q8/two.gguf": b"two", "README.md": b"#"}) as endpoint:
        assert fetched(base, endpoint, tmp_path).startswith(found)


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is missing (extra `local`)")
@pytest.mark.slow
def test_no_network(tmp_path: Path) -> None:
    """A hub that cannot be reached is a sentence; a model that was fetched before is there all the same."""
    with hub({"one.gguf": b"one"}) as endpoint:
        assert "one" == fetched(MODEL, endpoint, tmp_path)
    nobody = "http://127.0.0.1:9"

    assert fetched(MODEL, nobody, tmp_path / "other").startswith(f"--base: '{MODEL}' cannot be had from the Hugging")
    assert "one" == fetched(f"{MODEL}:one.gguf", nobody, tmp_path)
