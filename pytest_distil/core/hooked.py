"""What is said of code that a user gave by a hook, where it raised or returned what it cannot mean."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb

EXAMPLE_HOOK = "pytest_distil_example"
COMPARE_HOOK = "pytest_distil_compare"
MODEL_HOOK = "pytest_distil_model"
ENCODE_HOOK = "pytest_distil_encode"
DECODE_HOOK = "pytest_distil_decode"
SCHEMA_HOOK = "pytest_distil_schema"


def raised(hook: str, error: Exception) -> str:
    """Say which hook raised what, and where."""
    message, *_ = str(error).split("\n")
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.name == hook]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{hook} raised {type(error).__name__}: {message}{place}"
