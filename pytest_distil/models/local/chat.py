"""A model of this machine, asked through a llama.cpp server of its own."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.chat import Chat
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.local import GGUF_FILE, TO_SERVE, base_file, needs
from pytest_distil.models.local.server import LlamaServer

_BASE = "base"
_GRAMMAR = "response_format"
"""The part of a request that llama.cpp makes a grammar of."""


def model_file(name: str, folder: Path | None) -> Path:
    """Return the file of a model by what stands after `local:`: `base`, a GGUF file, or a name in the folder."""
    if name == _BASE:
        return base_file(None)
    if name.endswith(".gguf"):
        return base_file(name)
    if folder is None:
        raise ModelError(f"'local:{name}' is asked in test runs; `pytest-distil serve {name}` gives it an address")
    file = folder / name / GGUF_FILE
    if not name or not file.is_file():
        raise ModelError(
            f"'local:{name}' is not in {folder}; `pytest-distil train` makes one, `models list` names them"
        )
    return file


class LocalModel:
    """One model; its server starts with the first question."""

    def __init__(self, name: str, *, folder: Path | None, constrained: bool, timeout: float) -> None:
        """Find the model; raise `ModelError` where it, or what serves it, is missing."""
        needs(TO_SERVE)
        self._file = model_file(name, folder)
        self._name = name
        self._constrained = constrained
        self._timeout = timeout
        # One at a time, so that the time of a request is the model's and not the queue's.
        self._turn = asyncio.Lock()
        self._server: LlamaServer | None = None
        self._chat: Chat | None = None

    def identity(self) -> str:
        """Return what stored answers are kept under: trained anew under the same name, a model is another one."""
        with self._file.open("rb") as file:
            digits = hashlib.file_digest(file, "sha256").hexdigest()
        return f"local:{digits}{' constrained' if self._constrained else ''}"

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt."""
        body = {key: one for key, one in prompt.body.items() if self._constrained or key != _GRAMMAR}
        async with self._turn:
            chat = await self._started()
            return await chat.ask(replace(prompt, body=body))

    async def aclose(self) -> None:
        """End the server."""
        if self._chat is not None:
            await self._chat.aclose()
        if self._server is not None:
            await asyncio.to_thread(self._server.close)

    async def _started(self) -> Chat:
        if self._chat is None:
            self._server = await asyncio.to_thread(LlamaServer, self._file, alias=self._name)
            endpoint = Endpoint(f"{self._server.url}/v1")
            self._chat = Chat.at(endpoint, self._name, concurrency=1, timeout=self._timeout)
        return self._chat
