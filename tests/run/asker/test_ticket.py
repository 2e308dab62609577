from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import trio
from freezegun import freeze_time

from pytest_distil.run.asker.ticket import Ticket


def run_asyncio(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine function under asyncio."""
    return asyncio.run(work())


LOOPS = pytest.mark.parametrize("run", [run_asyncio, trio.run], ids=["asyncio", "trio"])


def fill_soon(ticket: Ticket[int]) -> None:
    """Fill a ticket from another thread, when the loop has had time to go to sleep."""
    timer = threading.Timer(0.05, ticket.set_result, [7])
    timer.start()


def test_waiting_in_a_thread() -> None:
    """A thread waits for its ticket."""
    ticket = Ticket[int]()
    fill_soon(ticket)

    assert 7 == ticket.result()


@LOOPS
def test_waiting_in_a_loop(run: Callable[..., Any]) -> None:
    """A task waits for its ticket while others of its loop run."""
    ticket = Ticket[int]()

    async def wait() -> int:
        fill_soon(ticket)
        return await ticket

    assert 7 == run(wait)


def test_the_loop_goes_on_under_asyncio() -> None:
    """Waiting does not block the loop: another task fills the ticket."""
    ticket = Ticket[int]()

    async def fill() -> None:
        ticket.set_result(7)

    async def both() -> int:
        filling = asyncio.create_task(fill())
        answer = await ticket
        await filling
        return answer

    assert 7 == asyncio.run(both())


def test_the_loop_goes_on_under_trio() -> None:
    """The same under trio."""
    ticket = Ticket[int]()

    async def fill() -> None:
        ticket.set_result(7)

    async def both() -> int:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fill)
            return await ticket

    assert 7 == trio.run(both)


@LOOPS
def test_what_is_there_is_not_waited_for(run: Callable[..., Any]) -> None:
    """A ticket that is filled gives its answer at once."""
    ticket = Ticket[int]()
    ticket.set_result(7)

    async def wait() -> int:
        return await ticket

    assert 7 == run(wait)


def test_driven_by_hand() -> None:
    """A coroutine that no loop runs waits like a thread."""
    ticket = Ticket[int]()

    async def wait() -> int:
        return await ticket

    fill_soon(ticket)
    coroutine = wait()
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)

    assert 7 == ended.value.value


def test_a_cancelled_task_cancels_nothing_under_asyncio() -> None:
    """Somebody who gives up waiting leaves the ticket to others."""
    ticket = Ticket[int]()

    async def give_up() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.ensure_future(ticket), 0.01)
        fill_soon(ticket)
        return await ticket

    assert 7 == asyncio.run(give_up())
    assert not ticket.cancel()


def test_a_cancelled_task_cancels_nothing_under_trio() -> None:
    """The same under trio."""
    ticket = Ticket[int]()

    async def give_up() -> int:
        with trio.move_on_after(0.01):
            await ticket
        fill_soon(ticket)
        return await ticket

    assert 7 == trio.run(give_up)


@LOOPS
def test_an_answer_after_the_end(run: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """An answer that comes after the loop has ended disturbs nobody."""
    ticket = Ticket[int]()

    async def give_up() -> None:
        if run is trio.run:
            with trio.move_on_after(0.01):
                await ticket
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.ensure_future(ticket), 0.01)

    run(give_up)
    ticket.set_result(7)

    assert [] == caplog.records
    assert 7 == ticket.result()


@LOOPS
def test_time_stands_still(run: Callable[..., Any]) -> None:
    """Waiting needs no clock: it works while a test has frozen time."""
    ticket = Ticket[int]()

    async def wait() -> int:
        return await ticket

    with freeze_time("2020-01-01"):
        fill_soon(ticket)

        assert 7 == run(wait)
