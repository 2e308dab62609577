"""Knowing when a module was executed, whoever imports it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast


class Finder:
    """Finds no module itself; lets the others find, and has those that are waited for looked at when they are done."""

    def __init__(self, names: frozenset[str], done: Callable[[ModuleType], None]) -> None:
        self._names = names
        self._done = done

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return what the next finder finds, with a loader that tells when a module was executed."""
        if name not in self._names:
            return None
        for spec in _found(name, path, target, besides=self):
            if spec.loader is not None:
                spec.loader = cast("Any", _Loader(spec.loader, self._done))
            return spec
        return None

    def invalidate_caches(self) -> None:
        """Nothing is kept."""


class _Loader:
    """A loader that is gone again once its module was executed, so that nobody finds it."""

    def __init__(self, loader: Any, done: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as it would be made."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then have it looked at."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._done(module)


def _found(name: str, path: Any, target: ModuleType | None, *, besides: object) -> Iterator[ModuleSpec]:
    """Yield what the other finders find."""
    finders: Iterable[Any] = [finder for finder in sys.meta_path if finder is not besides]
    for finder in finders:
        spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
        if spec is not None:
            yield spec
