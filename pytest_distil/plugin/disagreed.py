"""`--distil-disagreed`: run only the tests that disagreed last time."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from pytest_distil.core.phrases import plural
from pytest_distil.plugin import rows

OPTION = "--distil-disagreed"

_KEY = "distil/disagreed"
"""Where pytest's cache keeps their names."""


class OnlyDisagreed:
    """Leaves all other tests out, in every process of a run."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the names; raise `pytest.UsageError` where there is nothing to read."""
        if getattr(config, "cache", None) is None:
            raise pytest.UsageError(f"{OPTION} needs pytest's cache, which is switched off")
        known = config.cache.get(_KEY, None)
        if known is None:
            raise pytest.UsageError(f"{OPTION}: no evaluation has noted yet which tests disagree; run without it first")
        self._names = frozenset(known)

    def pytest_report_header(self) -> str:
        """Say what is about to be run."""
        if not self._names:
            return f"distil: {OPTION}: no test disagreed last time, so there is none to run"
        return f"distil: {OPTION}: {plural(len(self._names), 'test')} disagreed last time"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the others."""
        chosen = {item for item in items if rows.plain(item.nodeid, config) in self._names}
        others = [item for item in items if item not in chosen]
        if others:
            items[:] = [item for item in items if item in chosen]
            config.hook.pytest_deselected(items=others)


def remember(config: pytest.Config, disagreed: Collection[str], *, ran: Collection[str], is_partial: bool) -> None:
    """Keep the names for the next run; those of tests that a part of the suite left out stay as they are."""
    cache = getattr(config, "cache", None)  # absent under -p no:cacheprovider
    if cache is None or not ran:
        return
    known = cache.get(_KEY, None) or [] if is_partial else []
    cache.set(_KEY, sorted({*known} - {*ran} | {*disagreed}))
