from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_distil.core.hooked import raised


def pytest_distil_mine() -> None:
    """Raise through a function that the hook calls."""
    helper()


def helper() -> None:
    """Raise."""
    raise ValueError("first\nsecond")


@pytest.mark.parametrize(
    ("hook", "call", "said"),
    [
        ("pytest_distil_mine", pytest_distil_mine, "ValueError: first (test_hooked.py:13)"),
        ("pytest_distil_mine", helper, "ValueError: first"),
        ("pytest_distil_other", lambda: {}["x"], "KeyError: 'x'"),  # type: ignore[index]
    ],
    ids=["below the hook", "elsewhere", "no such function"],
)
def test_raised(hook: str, call: Callable[[], Any], said: str) -> None:
    """One line says which hook, what, and the line of the hook, however deep below it was raised."""
    with pytest.raises((ValueError, KeyError)) as caught:
        call()

    assert f"{hook} raised {said}" == raised(hook, caught.value)
