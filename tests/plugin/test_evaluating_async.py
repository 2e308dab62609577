"""Async functions under evaluation: awaited under asyncio and trio, without blocking the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.evaluating import Project, answering, endings
from support.server import ChatServer, Reply

MODULE = """
    import asyncio
    from pytest_distil import distil

    @distil
    async def double(n: int) -> int:
        "Double a number."
        return 2 * n

    @distil
    async def quadruple(n: int) -> int:
        "Double a number twice."
        return await double(await double(n))
"""

ASYNCIO = """
    import asyncio
    import pytest
    from numbers_ import double, quadruple

    pytestmark = pytest.mark.asyncio

    async def test_two_at_once():
        assert await asyncio.gather(double(1), double(2)) == [2, 4]

    async def test_loop_goes_on():
        ticks = []

        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        assert await double(3) == 6
        ticking.cancel()
        assert len(ticks) > 5

    async def test_disagreed():
        assert await double(13) == 26

    async def test_failed():
        assert await double(113) == 226
        assert 1 == 2

    async def test_nested():
        assert await quadruple(213) == 852

    async def test_disagreed_for_its_patience():
        assert await asyncio.wait_for(double(1000), timeout=0.2) == 2000

    async def test_in_a_task_that_outlives_a_cancelled_one():
        waiting = asyncio.create_task(double(5))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await double(5) == 10
"""

TRIO = """
    import trio
    import anyio
    import pytest
    from numbers_ import double

    @pytest.fixture
    def anyio_backend():
        return "trio"

    async def both():
        found = []

        async def one(n):
            found.append(await double(n))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one, 21)
            nursery.start_soon(one, 22)
        return sorted(found)

    def test_two_at_once():
        assert trio.run(both) == [42, 44]

    @pytest.mark.anyio
    async def test_disagreed():
        assert await double(313) == 626

    @pytest.mark.anyio
    async def test_anyio_limits_time():
        with anyio.move_on_after(0.2) as scope:
            await double(2000)
        assert not scope.cancelled_caught

    def test_without_a_loop():
        coroutine = double(23)
        with pytest.raises(StopIteration) as found:
            coroutine.send(None)
        assert found.value.value == 46
"""


def model(task: str, arguments: dict[str, Any]) -> Any:
    """Double numbers, wrongly those that end in 13, slowly those from 1000."""
    n = arguments["n"]
    if n >= 1000:
        return Reply(content=f'{{"value":{2 * n}}}', delay=1.0)
    factor = 4 if task == "quadruple" else 2
    return factor * n + 1 if n % 100 == 13 and task == "double" else factor * n


@pytest.mark.parametrize(
    ("tests", "plugins", "wanted"),
    [
        pytest.param(
            ASYNCIO,
            ("pytest_asyncio.plugin",),
            {"test_disagreed": "disagreed", "test_failed": "failed", "test_disagreed_for_its_patience": "disagreed"},
            id="asyncio",
        ),
        pytest.param(
            TRIO, ("anyio",), {"test_disagreed": "disagreed", "test_anyio_limits_time": "disagreed"}, id="trio"
        ),
    ],
)
def test_async(tmp_path: Path, tests: str, plugins: tuple[str, ...], wanted: dict[str, str]) -> None:
    """Awaited answers leave the loop free, two calls are in flight at once, nested ones get the original's value."""
    project = Project(tmp_path, numbers_=MODULE, test_async=tests)
    loops = ("-o", "asyncio_default_fixture_loop_scope=function") if "pytest_asyncio.plugin" in plugins else ()
    with ChatServer(answering(model), latency=0.1) as server:
        ran = project.evaluate(server, *loops, plugins=plugins)

    assert wanted == endings(ran.report), ran.out
    assert 2 <= server.most_in_flight
    assert {1} == set(server.tries.values())
    assert 0 == ran.report["totals"]["failed"]
