"""A model of a suite's own, made by the factory that its conftest names."""

from __future__ import annotations

import inspect
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from operator import attrgetter
from types import ModuleType
from typing import Any

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.mark.errors import ModelError


class OwnModel:
    """Asks what the factory made, and holds it to what a model is."""

    def __init__(self, factory: str, name: str) -> None:
        """Call `module:factory` with the name that the user gave; raise `ModelError` where that makes no model."""
        module, _, qualname = factory.partition(":")
        try:
            self._module = import_module(module)
            self._model: Any = attrgetter(qualname)(self._module)(name)
        except Exception as error:  # the user's own code
            raise ModelError(f"{name!r}: {factory!r} makes no model: {type(error).__name__}: {error}") from error
        if not inspect.iscoroutinefunction(getattr(self._model, "ask", None)):
            raise ModelError(f"{name!r}: what {factory!r} makes has no `async def ask(self, prompt)`")
        self._factory = factory

    def identity(self) -> str:
        """Return what stored answers are kept under: what the model says, or else the text of its module."""
        own = getattr(self._model, "identity", None)
        try:
            return f"{self._factory} {own() if own else _digest(self._module)}"
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise ModelError(f"{self._factory!r}: what its answers are kept under is unknown: {what}") from error

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt."""
        answer = await self._model.ask(prompt)
        if not isinstance(answer, Answer):
            raise TypeError(f"{self._factory!r}: ask() returned a {type(answer).__name__}, not an Answer")
        return replace(answer, requests=answer.requests or 1)

    async def aclose(self) -> None:
        """Let go of what it holds, where it says how."""
        if hasattr(self._model, "aclose"):
            await self._model.aclose()


def _digest(module: ModuleType) -> str:
    """Return a digest of a module's source: changed, it makes another model."""
    return sha256(inspect.getsource(module).encode()).hexdigest()[:16]
