"""GGUF files made of what transformers saves, kept so that each is made once."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import TO_TRAIN, needs
from pytest_distil.models.local.device import quieten

_CONFIG = "config.json"
_WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors")

SOURCES = (
    _CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
    *_WEIGHTS,
)
"""The files that a model is made of; what else stands beside them is not fetched, and changes nothing."""

_VERSION = 1
"""Raised where the same files would become another GGUF file."""

_DIGITS = 12
"""Hexadecimal digits of a digest that tell models apart."""


def is_source(folder: Path) -> bool:
    """Tell whether a folder holds a model as transformers saves it."""
    return (folder / _CONFIG).is_file() and any(True for pattern in _WEIGHTS for _ in folder.glob(pattern))


def kept_file(folder: Path, name: str, kept: Path | None) -> Path:
    """Return the GGUF file of a model that transformers saved, made now where it was not made of the same files before.

    Raises `ModelError` where it cannot be made, or where there is no folder to keep it in.
    """
    if kept is None:
        raise ModelError(f"{name!r} has to be made a GGUF file first; `pytest-distil train --base {name}` does that")
    plain = re.sub(r"[^\w.-]+", "-", name)
    file = kept / f"{plain}-{_digest(folder)}.gguf"
    if not file.is_file():
        needs(TO_TRAIN)
        quieten()
        from pytest_distil.models.local.converting import convert

        kept.mkdir(parents=True, exist_ok=True)
        convert(folder, file, name=name)
    return file


def _digest(folder: Path) -> str:
    """Return what changes with any of a model's files."""
    digest = hashlib.sha256(str(_VERSION).encode())
    for path in sorted(one for pattern in SOURCES for one in folder.glob(pattern)):
        with path.open("rb") as file:
            digest.update(f"\0{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return digest.hexdigest()[:_DIGITS]
