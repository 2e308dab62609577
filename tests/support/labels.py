"""A small suite: one function, thirty calls, a model that is wrong where it is told to be.

Most of the calls give "even", so that `memory:majority` is wrong about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

LABELS = '''
    from typing import Literal

    from pytest_distil import distil

    @distil
    def parity(n: int) -> Literal["even", "odd"]:
        """Say whether a number is even or odd."""
        return "even" if n % 2 == 0 else "odd"
'''

NUMBERS = [*range(0, 52, 2), 1, 3, 5, 7]

THIRTY = """
    import pytest
    from labels import parity

    @pytest.mark.parametrize("n", [*range(0, 52, 2), 1, 3, 5, 7])
    def test_each(n):
        assert parity(n) == ("even" if n % 2 == 0 else "odd")
"""


def parity(n: int) -> str:
    """Return what the original gives."""
    return "even" if n % 2 == 0 else "odd"


def wrong_for(wrong: Container[int], **more: Any) -> Callable[[str, dict[str, Any]], Any]:
    """Return a model that is wrong about these numbers and right about all others."""

    def model(_: str, arguments: dict[str, Any]) -> str:
        return parity(arguments["n"] + (arguments["n"] in wrong))

    return model
