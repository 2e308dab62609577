"""Modules that do not exist, told from those that nobody imported, without importing anything."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib.util import find_spec
from pkgutil import iter_modules


def why_absent(module: str) -> str | None:
    """Say that a module does not exist, and which are near; None where it may exist and nobody imported it."""
    known = ""
    parts = module.split(".")
    for part in parts:
        name = f"{known}.{part}" if known else part
        if name in sys.modules:
            known = name
            continue
        if known and not hasattr(sys.modules[known], "__path__"):
            return f"there is no module {module!r}: {known!r} is no package"
        return None if _exists(name) else f"there is no module {name!r}{_hint(known, part)}"
    return None


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _hint(package: str, part: str) -> str:
    """Return the names next to a missing one that are near it."""
    path = sys.modules[package].__path__ if package else None
    names = {one.name for one in iter_modules(path)} | {*sys.builtin_module_names}
    near = get_close_matches(part, sorted(names))
    prefix = f"{package}." if package else ""
    return f"; there is {', '.join(repr(prefix + one) for one in near)}" if near else ""
