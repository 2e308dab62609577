"""What conftests and plugins say by our hooks, as plain callables for those who know no pytest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_distil.core.call import Example
from pytest_distil.core.forms import Forms
from pytest_distil.core.hooked import COMPARE_HOOK, EXAMPLE_HOOK, MODEL_HOOK, raised
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import Json
from pytest_distil.plugin.refusing import refuse

if TYPE_CHECKING:  # deepdiff stays out of workers
    from pytest_distil.run.own_compare import Comparer
    from pytest_distil.run.review import Reviewer

_ON_SESSION_SIDE = (EXAMPLE_HOOK, COMPARE_HOOK, MODEL_HOOK)


class OnSessionSide:
    """Refuses conftests whose hooks the session side would not hear under xdist, so that both ways are the same."""

    def __init__(self, config: pytest.Config) -> None:
        """Know who is there before tests are collected."""
        self._config = config
        self._early = config.pluginmanager.get_plugins()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self) -> None:
        """Look for those that came later."""
        for name in _ON_SESSION_SIDE:
            for one in getattr(self._config.hook, name).get_hookimpls():
                path = Path(getattr(one.plugin, "__file__", None) or "")
                if path.name == "conftest.py" and one.plugin not in self._early:
                    refuse(self._config, f"{path}: {name} {_TOO_LATE}")


_IMPORT_PATH = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")

_TOO_LATE = (
    "is called where no test is collected under xdist, so it must stand in a conftest that pytest loads at its start: "
    "the one of its root folder, or of a folder that is named on the command line or in testpaths"
)


def reviewer(config: pytest.Config) -> Reviewer | None:
    """Return what says whether a call becomes an example; None where nobody does."""
    hook = config.hook.pytest_distil_example

    def review(example: Example) -> Any:
        return hook(config=config, example=example)

    return review if hook.get_hookimpls() else None


def comparer(config: pytest.Config) -> Comparer | None:
    """Return what says whether two values agree; None where nobody does."""
    hook = config.hook.pytest_distil_compare

    def compare(task: str, arguments: Mapping[str, Json], original: Json, model: Json) -> Any:
        return hook(config=config, task=task, arguments=arguments, original=original, model=model)

    return compare if hook.get_hookimpls() else None


def forms(config: pytest.Config) -> Forms | None:
    """Return how values are written of types that have no JSON form; None where nobody says so."""
    hook = config.hook
    if not hook.pytest_distil_encode.get_hookimpls():
        return None
    return Forms(
        encode=lambda value: hook.pytest_distil_encode(value=value),
        decode=lambda kind, data: hook.pytest_distil_decode(kind=kind, data=data),
        schema=lambda kind: hook.pytest_distil_schema(kind=kind),
    )


def factories(config: pytest.Config, settings: Settings) -> dict[str, str]:
    """Return the import paths of the models that are the suite's own, by their names; a usage error for a bad one."""
    found = {}
    for name in settings.models.values():
        try:
            path = config.hook.pytest_distil_model(config=config, name=name)
        except Exception as error:
            raise pytest.UsageError(f"--distil-eval={name}: {raised(MODEL_HOOK, error)}") from error
        if path is not None and not _IMPORT_PATH.fullmatch(str(path)):
            raise pytest.UsageError(f"--distil-eval={name}: {MODEL_HOOK} returned {path!r}; return 'module:factory'")
        if path is not None:
            found[name] = path
    return found
