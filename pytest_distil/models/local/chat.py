"""A model of this machine, asked through a llama.cpp server of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import GGUF_FILE, TO_SERVE, needs, seats
from pytest_distil.models.local.base import base_file
from pytest_distil.models.local.completing import Completer

_BASE = "base"
_FILE = ".gguf"
_IN_A_PATH = "/"
"""No trained model's name has one; a folder is written as `./folder`."""

_COMPACT = {"x-guidance": {"whitespace_flexible": False}}
"""Told to llguidance, which makes grammars of schemas: JSON without white space, as in every training line."""


def model_file(name: str, folder: Path | None, bases: Path | None) -> Path:
    """Return the file of a model by what stands after `local:`: `base`, a name in the folder, or a base as for `train`.

    `bases` is where GGUF files are kept that are made of what transformers saves.
    """
    if name == _BASE:
        return base_file(None, kept=bases)
    is_trained = folder is not None and name and (folder / name / GGUF_FILE).is_file()
    if not is_trained and (name.endswith(_FILE) or _IN_A_PATH in name):
        return base_file(name, kept=bases)
    if folder is None:
        raise ModelError(f"'local:{name}' is asked in test runs; `pytest-distil serve {name}` gives it an address")
    if not is_trained:
        raise ModelError(
            f"'local:{name}' is not in {folder}; `pytest-distil train` makes one, `models list` names them"
        )
    return folder / name / GGUF_FILE


def local_name(base: str | None) -> str:
    """Return the MODEL that is a base as `train` takes it."""
    is_clear = base is None or base.endswith(_FILE) or _IN_A_PATH in base
    return f"local:{'' if is_clear else './'}{base or _BASE}"


class LocalModel:
    """One model, on as many servers of one thread as there are questions at once and processors for them.

    Two threads that compute one answer wait for each other, on a busy machine longer than one alone takes.
    """

    def __init__(
        self, name: str, *, folder: Path | None, bases: Path | None = None, constrained: bool, timeout: float
    ) -> None:
        """Find the model; raise `ModelError` where it, or what serves it, is missing."""
        needs(TO_SERVE)
        self._file = model_file(name, folder, bases)
        self._name = name
        self._constrained = constrained
        self._timeout = timeout
        self._seats = asyncio.Semaphore(seats())
        self._free: list[Completer] = []
        self._all: list[Completer] = []

    def identity(self) -> str:
        """Return what stored answers are kept under: trained anew under the same name, a model is another one."""
        with self._file.open("rb") as file:
            digits = hashlib.file_digest(file, "sha256").hexdigest()
        return f"local:{digits}{' constrained' if self._constrained else ''}"

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt; raise `ModelError` for a format that is not asked here."""
        if prompt.body.keys() & {"tools", "functions"}:
            raise ModelError(f"local:{self._name} is asked in the format json_schema only")
        schema = _schema(prompt.body) if self._constrained else None
        async with self._seats:
            completer = self._free.pop() if self._free else await asyncio.to_thread(self._another)
            try:
                return await asyncio.to_thread(completer.complete, prompt.body, schema=schema, seconds=self._timeout)
            finally:
                self._free.append(completer)

    async def aclose(self) -> None:
        """End the servers."""
        for one in self._all:
            await asyncio.to_thread(one.close)

    def _another(self) -> Completer:
        completer = Completer(self._file, alias=self._name)
        self._all.append(completer)
        return completer


def _schema(body: Mapping[str, Any]) -> Any:
    """Return the schema that a request's replies are held to, any object where it names none, written as trained."""
    named = body.get("response_format", {}).get("json_schema", {})
    return {**named.get("schema", {"type": "object"}), **_COMPACT}
