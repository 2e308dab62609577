"""What the asker is told: joined from settings, the session and the environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import ModelError
from pytest_distil.models import ModelSpec, parse
from pytest_distil.models.endpoint import endpoint
from pytest_distil.models.local import seats
from pytest_distil.run.asker.process import STEERING
from pytest_distil.run.asker.wire import AskerSettings
from pytest_distil.run.recorded import Recorded
from pytest_distil.store.home import CALLS, Home


def asker_settings(
    settings: Settings, home: Home, recorded: Recorded | None, variables: Mapping[str, str]
) -> AskerSettings:
    """Return what the asker is told; `variables` are the environment's.

    Raises `ModelError` where a model cannot be asked: no server is known, or no examples are there to remember.
    """
    specs = [parse(model, factories=settings.factories) for model in settings.models.values()]
    if recorded is None and any(spec.kind == "memory" for spec in specs):
        raise ModelError(f"memory models answer from {_NO_EXAMPLES}")
    if recorded is None and settings.shots:
        raise ModelError(f"--distil-shots shows {_NO_EXAMPLES}")
    server = endpoint(variables, base_url=settings.base_url, needed=not settings.offline) if _asks(specs) else None
    home.make()
    return AskerSettings(
        model=settings.models.get("", next(iter(settings.models.values()))),
        base_url=server.base_url if server else None,
        key=server.key if server else None,
        concurrency=_at_once(settings, specs),
        timeout=settings.timeout,
        max_requests=settings.max_requests,
        offline=settings.offline,
        refresh=settings.refresh,
        store=str(home.answers) if any(spec.asks_server for spec in specs) else None,
        examples=(str(recorded.folder / CALLS),) if recorded else (),
        local=str(home.models),
        bases=str(home.bases),
        constrained=settings.constrained,
        **(_surroundings(settings, variables) if settings.factories else {}),
    )


def _surroundings(settings: Settings, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return what models of the suite's own find as it is here: modules, and keys that a conftest may have loaded."""
    return {
        "factories": settings.factories,
        "path": tuple(str(Path(one).resolve()) for one in sys.path),
        "variables": {name: value for name, value in variables.items() if not name.startswith(STEERING)},
    }


def _at_once(settings: Settings, specs: list[ModelSpec]) -> int:
    """Return how many requests are in flight: before a model of this machine no queue is to use up their time."""
    only_local = {spec.kind for spec in specs} == {"local"}
    return min(settings.concurrency, seats()) if only_local else settings.concurrency


def _asks(specs: list[ModelSpec]) -> bool:
    return any(spec.kind == "chat" for spec in specs)


_NO_EXAMPLES = (
    "training examples of a session, and there is none; "
    "run `pytest --distil-collect` first, or name one with --distil-session=PATH"
)
