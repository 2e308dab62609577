"""Collect the calls that tests vouch for, fine-tune a model on them, and test the model with the same tests.

PYTEST_DONT_REWRITE: imported before `pytest.main()`, this package must not make pytest warn that it comes too late.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_distil.core.call import Example
    from pytest_distil.core.prompt import Answer, Prompt, Unanswered, Usage
    from pytest_distil.mark.decorator import distil
    from pytest_distil.mark.errors import (
        DataError,
        DeclarationError,
        DistilError,
        EncodingError,
        InvalidAnswer,
        ModelError,
        SettingError,
    )
    from pytest_distil.mark.instructions import FinetuneFormat, Instructions
    from pytest_distil.mark.task import Compare, close, ignore_case, ignored, similar, unordered

_ROOMS = {
    "pytest_distil.core.call": ("Example",),
    "pytest_distil.core.prompt": ("Answer", "Prompt", "Unanswered", "Usage"),
    "pytest_distil.mark.decorator": ("distil",),
    "pytest_distil.mark.errors": (
        "DataError",
        "DeclarationError",
        "DistilError",
        "EncodingError",
        "InvalidAnswer",
        "ModelError",
        "SettingError",
    ),
    "pytest_distil.mark.instructions": ("FinetuneFormat", "Instructions"),
    "pytest_distil.mark.task": ("Compare", "close", "ignore_case", "ignored", "similar", "unordered"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Answer",
    "Compare",
    "DataError",
    "DeclarationError",
    "DistilError",
    "EncodingError",
    "Example",
    "FinetuneFormat",
    "Instructions",
    "InvalidAnswer",
    "ModelError",
    "Prompt",
    "SettingError",
    "Unanswered",
    "Usage",
    "close",
    "distil",
    "ignore_case",
    "ignored",
    "similar",
    "unordered",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
