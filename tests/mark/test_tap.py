"""The seam: whoever was installed last is asked, and the one before is in force again afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from pytest_distil import distil
from pytest_distil.mark import tap
from pytest_distil.mark.task import Task


class Named:
    """An interceptor that answers with its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def call(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer."""
        return self.name, args, kwargs

    async def call_async(self, task: Task, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Answer."""
        return self.name, args, kwargs


@distil
def plain(*args: Any, **kwargs: Any) -> Any:
    """Say that nobody stands between."""
    return "original", args, kwargs


@distil
async def awaited(*args: Any, **kwargs: Any) -> Any:
    """Say that nobody stands between."""
    return "original", args, kwargs


def test_a_stack() -> None:
    """A nested run stands above the outer one, and leaves it as it was, also when it fails."""
    told = [plain(1, a=2)[0]]
    with tap.install(Named("outer")):
        told.append(plain(1)[0])
        with suppress(RuntimeError), tap.install(Named("inner")):
            told.append(plain(1)[0])
            raise RuntimeError
        told.append(plain(1)[0])
    told.append(plain(1)[0])

    assert ["original", "outer", "inner", "outer", "original"] == told


def test_ends_in_another_order() -> None:
    """Where the outer run ends first, the inner one stays in force."""
    outer, inner = tap.install(Named("outer")), tap.install(Named("inner"))
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)

    assert "inner" == plain()[0]

    inner.__exit__(None, None, None)

    assert "original" == plain()[0]


@pytest.mark.asyncio
async def test_arguments_are_handed_on() -> None:
    """Arguments reach the original and the interceptor as they were given."""
    assert ("original", (1,), {"a": 2}) == plain(1, a=2) == await awaited(1, a=2)
    with tap.install(Named("it")):
        assert ("it", (1,), {"a": 2}) == plain(1, a=2) == await awaited(1, a=2)
