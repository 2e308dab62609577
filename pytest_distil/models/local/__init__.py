"""One trained model on this machine: trained by transformers and peft, kept as GGUF, served by llama.cpp."""

from __future__ import annotations

import os
from importlib.util import find_spec

from pytest_distil.mark.errors import ModelError

GGUF_FILE = "model.gguf"
"""The merged model, in the folder that training makes."""

TO_SERVE = ("gguf", "xllamacpp")
TO_TRAIN = ("torch", "transformers", "peft", "gguf", "xllamacpp")

_THREADS = "DISTIL_THREADS"
_MOST_SEATS = 8
"""Servers of one model; each takes memory."""


def needs(libraries: tuple[str, ...]) -> None:
    """Raise `ModelError`, which says what to install, where a library is missing."""
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise ModelError(f"{', '.join(missing)} missing; install it: python -m pip install 'pytest-distil[local]'")


def threads(*, default: int = 1) -> int:
    """Return how many threads compute answers."""
    given = os.environ.get(_THREADS, str(default))
    if not given.isdecimal() or int(given) < 1:
        raise ModelError(f"{_THREADS} is a number of threads, not {given!r}")
    return int(given)


def seats() -> int:
    """Return how many questions are answered at once: one by each processor that this process may use."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return threads(default=min(here, _MOST_SEATS))
