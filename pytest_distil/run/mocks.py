"""What stands in for the real thing while tests run: patches, frozen time. Looked at where it is, never imported."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

NAMES = frozenset(
    {
        *("monkeypatch", "mocker", "class_mocker", "module_mocker", "package_mocker", "session_mocker"),
        *("respx_mock", "httpx_mock", "requests_mock", "responses", "aioresponses", "vcr_cassette"),
        *("freezer", "time_machine"),
        *("pytest.mark.vcr", "pytest.mark.freeze_time", "pytest.mark.time_machine"),
    }
)
"""Fixtures and markers whose tests run beside something that is not real. pytest-recording gives every test `vcr`."""

PATCH = "unittest.mock.patch"

_PATCHERS = (("_patch", "__enter__", "__exit__"), ("_patch_dict", "_patch_dict", "_unpatch_dict"))
"""In `unittest.mock` and its backport: each way of patching, with the methods that every use of it goes through."""

_FROZEN = (
    ("freezegun", "freezegun.api", "freeze_factories"),
    ("time_machine", "time_machine", "traveller_stack"),
    ("time_machine", "time_machine", "coordinates_stack"),  # before 3.0
)
"""Name, module, and the list that is not empty while time is frozen."""


class Mocks:
    """Knows what is active. Patches are counted where they begin and end, for they leave nothing to be looked at."""

    def __init__(self) -> None:
        self._patches: set[int] = set()
        """Ids of the patches that are active."""
        self._watched: set[str] = set()
        self._installed = ExitStack()
        self.watch()
        self._patches.clear()  # what plugins patch for themselves is no matter of tests

    def watch(self) -> None:
        """Count from now on the patches of a library that was imported meanwhile, with those that were started."""
        for name in ("unittest.mock", "mock.mock"):
            if name not in self._watched and name in sys.modules:
                self._watched.add(name)
                for patcher, begin, end in _PATCHERS:
                    found = getattr(sys.modules[name], patcher, None)
                    self._patches.update(map(id, getattr(found, "_active_patches", ())))
                    self._count(found, begin, end)

    def close(self) -> None:
        """Count no more."""
        self._installed.close()

    def active(self) -> Iterator[str]:
        """Yield the names of what is active."""
        if self._patches:
            yield PATCH
        for name, module, found in _FROZEN:
            if module in sys.modules and getattr(sys.modules[module], found, None):
                yield name

    def _count(self, patcher: Any, begin: str, end: str) -> None:
        """Count the patches of one way of patching; one that another version of the library lacks is passed over."""
        if hasattr(patcher, begin) and hasattr(patcher, end):
            self._replace(patcher, begin, functools.partial(_after, note=self._patches.add))
            self._replace(patcher, end, functools.partial(_before, note=self._patches.discard))

    def _replace(self, patcher: Any, name: str, change: Callable[[Any], Any]) -> None:
        """Replace a method until we close, if nobody else has replaced it by then."""
        original = getattr(patcher, name)
        ours = change(original)
        setattr(patcher, name, ours)

        def restore() -> None:
            if getattr(patcher, name) is ours:
                setattr(patcher, name, original)

        self._installed.callback(restore)


def _after(method: Any, *, note: Callable[[int], None]) -> Any:
    """Return a method after which the patch is noted; where it raises, nothing was patched."""

    @functools.wraps(method)
    def noted(self: Any, *args: Any) -> Any:
        __tracebackhide__ = True
        result = method(self, *args)
        note(id(self))
        return result

    return noted


def _before(method: Any, *, note: Callable[[int], None]) -> Any:
    """Return a method before which the patch is noted."""

    @functools.wraps(method)
    def noted(self: Any, *args: Any) -> Any:
        __tracebackhide__ = True
        note(id(self))
        return method(self, *args)

    return noted
