"""A pytest plugin that counts, by the interpreter's profile, the outermost calls of some functions."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

_FILE, *_TARGETS = json.loads(os.environ["DISTIL_PROFILED"])
_WANTED = {tuple(target.split(":")) for target in _TARGETS}

counts: Counter[str] = Counter()
early: Counter[str] = Counter()
"""Those that a module makes of its own functions while it is executed: a mark follows when that is done."""
_depths: Counter[tuple[int, str]] = Counter()


def profile(frame: FrameType, event: str, _: Any) -> None:
    """Count a call that is not made inside another one of the same function."""
    if event not in ("call", "return"):
        return
    code = frame.f_code
    key = (str(frame.f_globals.get("__name__")), code.co_qualname)
    if key not in _WANTED:
        return
    here = (threading.get_ident(), ":".join(key))
    if event == "return":
        _depths[here] -= 1
        return
    if not _depths[here]:
        (early if _is_in_its_module(frame) else counts)[here[1]] += 1
    _depths[here] += 1


def _is_in_its_module(frame: FrameType) -> bool:
    """Return whether a call comes out of the execution of its function's own module."""
    caller = frame.f_back
    while caller is not None:
        if caller.f_code.co_name == "<module>" and caller.f_globals is frame.f_globals:
            return True
        caller = caller.f_back
    return False


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Begin where a collecting run begins."""
    threading.setprofile(profile)
    sys.setprofile(profile)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin anew where a test ran into the recursion limit, at which the interpreter drops a profile that raises."""
    if sys.getprofile() is None:
        _depths.clear()
        sys.setprofile(profile)


def pytest_sessionfinish() -> None:
    """Write the counts."""
    sys.setprofile(None)
    threading.setprofile(None)
    Path(_FILE).write_text(json.dumps({"calls": counts, "early": early}))
