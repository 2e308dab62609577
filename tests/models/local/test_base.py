"""Which file a base model is: a path, a folder, a package, a model of the hub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.base import base_file
from support.hub import MODEL, hub
from support.tiny_llama import needs_local
from support.tiny_transformer import save_chat

FETCH = """
import sys
from pathlib import Path
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.base import base_file
try:
    file = base_file(sys.argv[1], kept=Path(sys.argv[2]))
    print(file.name if file.parent == Path(sys.argv[2]) else file.read_text())
except ModelError as error:
    print(error)
"""


def fetched(base: str, endpoint: str, cache: Path) -> str:
    """Return what a base of the hub is found to hold, or why there is none, in a process that knows another hub."""
    variables = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-W", "ignore", "-c", FETCH, base, str(cache / "bases")]
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

    with pytest.raises(ModelError, match=f"^--base: .* holds {', '.join(files) or 'no GGUF file'}[,;]"):
        base_file(str(tmp_path))


@pytest.mark.parametrize("base", ["models/base.gguf", "small", "a/b/c", "ann/small:model.bin"])
def test_what_is_no_model(base: str) -> None:
    """What is neither a file nor a name of the hub is refused."""
    with pytest.raises(ModelError, match=r"^--base: .* is no GGUF file and no folder of a model; give the path of one"):
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


@pytest.mark.slow
class TestSavedByTransformers:
    """A model as transformers saves it, in a folder or on the hub."""

    pytestmark = needs_local

    def test_beside_a_gguf_file(self, tmp_path: Path) -> None:
        """What transformers saved stands before a GGUF file beside it, which may be rounded, unless that is named."""
        folder = save_chat(tmp_path / "small")
        (folder / "q4.gguf").touch()
        kept = tmp_path / "bases"
        file = base_file(str(folder), kept=kept)

        assert kept == file.parent
        assert re.fullmatch(r"small-[0-9a-f]{12}\.gguf", file.name)
        assert folder / "q4.gguf" == base_file(f"{folder}/q4.gguf", kept=kept)

    def test_of_the_hub(self, tmp_path: Path) -> None:
        """Of the hub what is needed is fetched, and made a GGUF file once; without a network it is there again."""
        saved = {one.name: one.read_bytes() for one in save_chat(tmp_path / "small").iterdir()}
        others = {"q4.gguf": b"rounded", "original/consolidated.safetensors": b"twice", "pytorch_model.bin": b"pickle"}
        with hub({**saved, **others}) as endpoint:
            name = fetched(MODEL, endpoint, tmp_path)
            fetched_files = {one.name for one in tmp_path.glob("hub/*/snapshots/*/*")}

            assert "rounded" == fetched(f"{MODEL}:q4.gguf", endpoint, tmp_path)
        assert re.fullmatch(r"ann-small-GGUF-[0-9a-f]{12}\.gguf", name)
        assert set(saved) == fetched_files
        assert name == fetched(MODEL, "http://127.0.0.1:9", tmp_path)

    def test_without_a_place_to_keep_it(self, tmp_path: Path) -> None:
        """Where nothing is kept, it says what makes the file."""
        folder = save_chat(tmp_path / "small")

        with pytest.raises(ModelError, match=r"has to be made a GGUF file first; `pytest-distil train --base"):
            base_file(str(folder))
