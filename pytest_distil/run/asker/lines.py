"""The models that one run asks, each loaded once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pytest_distil.core.prompt import Model
from pytest_distil.mark.errors import DistilError, ModelError
from pytest_distil.models import ModelSpec, load, parse
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.run.asker.wire import AskerSettings

_SECONDS_TO_CLOSE = 3.0
"""For saying goodbye to servers; some never answer that."""


@dataclass(slots=True, eq=False)
class Line:
    """One model, and whether asking it still makes sense."""

    spec: ModelSpec
    load: Callable[[], Model]
    host: str
    """The base URL without credentials, or what stands in its place."""
    fatal: str | None = None
    """Why no prompt will get an answer."""
    given_up_at: float = 0.0
    _model: Model | None = None

    @property
    def model(self) -> Model:
        """Return the model, loaded when it is first needed: stored answers do without."""
        if self._model is None:
            self._model = self.load()
        return self._model

    async def aclose(self) -> None:
        """Let go of its connections."""
        if self._model is not None:
            await self._model.aclose()

    def give_up(self, reason: str, now: float) -> None:
        """Note that asking is no use, and the first reason for it."""
        if self.fatal is None:
            self.fatal, self.given_up_at = reason, now


class Lines:
    """The way from a MODEL as written to the model."""

    def __init__(self, settings: AskerSettings) -> None:
        self._settings = settings
        self._endpoint = None if settings.base_url is None else Endpoint(settings.base_url, settings.key)
        self._lines: dict[str, Line] = {}
        self._broken: dict[str, str] = {}
        sys.path += [one for one in settings.path if one not in sys.path]
        os.environ.update(settings.variables)

    @property
    def fatal(self) -> str | None:
        """Return why a model was given up, or is none; the first where there are several."""
        reasons = [*self._broken.values(), *(line.fatal for line in self._lines.values() if line.fatal)]
        return reasons[0] if reasons else None

    def of(self, text: str | None) -> Line:
        """Return a model by the way it is written, by default that of the settings; raise `ModelError` for none."""
        text = text or self._settings.model
        if text not in self._lines and text not in self._broken:
            try:
                self._lines[text] = self._load(text)
            except (DistilError, OSError) as error:
                self._broken[text] = str(error)
        if text in self._broken:
            raise ModelError(self._broken[text])
        return self._lines[text]

    async def aclose(self) -> None:
        """Let go of connections."""
        closing = (line.aclose() for line in self._lines.values())
        async with asyncio.timeout(_SECONDS_TO_CLOSE):
            await asyncio.gather(*closing, return_exceptions=True)

    def _load(self, text: str) -> Line:
        settings = self._settings
        spec = parse(text, factories=settings.factories)
        make = partial(
            load,
            spec,
            endpoint=self._endpoint,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            examples=settings.examples,
            local=None if settings.local is None else Path(settings.local),
            bases=None if settings.bases is None else Path(settings.bases),
            constrained=settings.constrained,
        )
        served = spec.kind == "chat" and self._endpoint is not None
        line = Line(spec, make, self._endpoint.shown if served and self._endpoint else text)
        if spec.kind != "chat" or not served:
            line.host = getattr(line.model, "identity", lambda: text)()  # says at once what is wrong with it
        return line
