from __future__ import annotations

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.run import facts


def test_versions_are_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there has no version, and nothing fails: in production there is no pytest."""
    monkeypatch.setattr(facts, "_PACKAGES", ("pydantic", "no-such-package"))

    assert {"python", "pydantic"} == facts.Facts.now(Settings()).versions.keys()
