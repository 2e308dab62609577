"""What a submitted prompt returns at once, and waiting for it under any event loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class Ticket(Future[_T]):
    """What will come back: `result()` waits in any thread, `await` in asyncio and trio without blocking the loop.

    Nothing cancels it: a cancelled waiter leaves the flight to the others that wait for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()

    def __await__(self) -> Generator[Any, Any, _T]:
        return _wait(self).__await__()


async def _wait(ticket: Ticket[_T]) -> _T:
    """Wait in the event loop that runs here; without one, in a coroutine driven by hand, block."""
    if not ticket.done():
        trio = sys.modules.get("trio")
        asyncio = sys.modules.get("asyncio")
        if trio is not None and _inside(trio.lowlevel.current_task):
            await _wait_in_trio(ticket, trio)
        elif asyncio is not None and _inside(asyncio.get_running_loop):
            await _wait_in_asyncio(ticket, asyncio)
    return ticket.result()


def _inside(what_runs: Callable[[], Any]) -> bool:
    """Tell whether a loop's own question is answered here."""
    try:
        what_runs()
    except RuntimeError:
        return False
    return True


async def _wait_in_asyncio(ticket: Ticket[_T], asyncio: Any) -> None:
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def wake(_: Future[_T]) -> None:
        try:
            loop.call_soon_threadsafe(event.set)
        except RuntimeError:  # the loop was closed: nobody waits any more
            return

    ticket.add_done_callback(wake)
    await event.wait()


async def _wait_in_trio(ticket: Ticket[_T], trio: Any) -> None:
    token = trio.lowlevel.current_trio_token()
    event = trio.Event()

    def wake(_: Future[_T]) -> None:
        try:
            token.run_sync_soon(event.set)
        except trio.RunFinishedError:  # the same
            return

    ticket.add_done_callback(wake)
    await event.wait()
