"""While an original runs: what it raises, calls, awaits and starts goes on as ever, and each call counts once."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trio

from pytest_distil import distil
from pytest_distil.core import call as reasons
from pytest_distil.mark import tap
from pytest_distil.run.attempt import Attempt
from pytest_distil.run.recorder import Recorder
from support.watching import watched


@distil
def same(value: Any) -> Any:
    """Return what is given."""
    return value


@distil
def fails(error: str) -> int:
    """Raise what is asked for."""
    raise {"value": ValueError, "stop": StopIteration, "exit": GeneratorExit, "ctrl-c": KeyboardInterrupt}[error](error)


@distil
async def slow(a: int) -> int:
    """Wait a moment."""
    await asyncio.sleep(0)
    return a + 1


@pytest.mark.parametrize("name", ["value", "stop", "exit", "ctrl-c"])
def test_originals_that_raise(name: str) -> None:
    """Whatever the original raises goes on as it is; the call is counted once."""
    with watched() as seen, pytest.raises(BaseException, match=name) as caught:
        fails(name)

    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert {reasons.RAISED: 1} == seen.left_out
    assert ["fails"] == frames[-1:]
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("barred", [reasons.TEARDOWN, reasons.WIDE_FIXTURE, reasons.MARKED])
def test_calls_that_do_not_count(barred: str) -> None:
    """In a scope that no test vouches for calls work, and each is counted once, whether it returns or raises."""
    with watched() as seen:
        assert seen.recorder.attempt is not None
        seen.recorder.attempt.barred = barred
        assert 1 == same(1)
        with pytest.raises(ValueError, match="value"):
            fails("value")

    assert {barred: 2} == seen.left_out


def test_calls_outside_of_tests() -> None:
    """A call between tests works, and is told with the next attempt, once."""
    recorder = Recorder()
    with tap.install(recorder):
        assert 1 == same(1)
        with pytest.raises(ValueError, match="value"):
            fails("value")
    first, second = recorder.payload(Attempt("t.py::one")), recorder.payload(Attempt("t.py::two"))

    assert {(reasons.OUTSIDE, 1)} == {(one["reason"], times) for one, times in first["left_out"]}
    assert 2 == len(first["left_out"])
    assert [] == second["left_out"]


def test_recursion() -> None:
    """Of a task that calls itself the outermost call is recorded, of other tasks each."""

    @distil
    def halved(n: int) -> int:
        return 0 if n == 0 else 1 + odd(n // 2)

    @distil
    def odd(n: int) -> int:
        return halved(n)

    with watched() as seen:
        assert 3 == halved(5)
        assert 3 == halved(5)

    assert [({"n": 2}, 2), ({"n": 5}, 3)] == seen.calls
    assert [2, 2] == [*seen.times.values()]


def test_after_an_error_inside() -> None:
    """A recursion that raised is over: the next call is an outermost one again."""

    @distil
    def down(n: int) -> int:
        if n == 0:
            raise ValueError("bottom")
        return down(n - 1)

    with watched() as seen:
        for _ in range(2):
            with pytest.raises(ValueError, match="bottom"):
                down(3)

    assert {reasons.RAISED: 2} == seen.left_out


def test_deep_recursion() -> None:
    """A function may call itself hundreds of times deep while it is recorded."""

    @distil
    def deep(n: int) -> int:
        return 0 if n == 0 else 1 + deep(n - 1)

    with watched() as seen:
        assert 200 == deep(200)

    assert [({"n": 200}, 200)] == seen.calls


@pytest.mark.asyncio
async def test_tasks_side_by_side() -> None:
    """Calls that wait beside each other are each recorded, also of the same function."""
    with watched() as seen:
        assert [2, 3, 4] == list(await asyncio.gather(slow(1), slow(2), slow(3)))

    assert [({"a": 1}, 2), ({"a": 2}, 3), ({"a": 3}, 4)] == seen.calls


def test_trio() -> None:
    """Under another event loop the same is recorded."""

    @distil
    async def waits(a: int) -> int:
        await trio.lowlevel.checkpoint()
        return a + 1

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits, 1)
            nursery.start_soon(waits, 2)

    with watched() as seen:
        trio.run(main)

    assert [1, 2] == sorted(one["a"] for one, _ in seen.calls)


@pytest.mark.asyncio
async def test_cancelling() -> None:
    """A call that is cancelled stays cancelled, and is counted as one that raised."""

    @distil
    async def forever() -> int:
        await asyncio.Event().wait()
        return 1

    with watched() as seen:
        task = asyncio.ensure_future(forever())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert task.cancelled()
    assert {reasons.RAISED: 1} == seen.left_out


def test_coroutines_that_are_closed() -> None:
    """A coroutine that nobody finishes is counted, and leaves nothing behind in the context."""
    with watched() as seen:
        made = slow(1)
        made.send(None)
        made.close()

        assert 2 == asyncio.run(slow(1))

    assert {reasons.RAISED: 1} == seen.left_out
    assert [({"a": 1}, 2)] == seen.calls


@pytest.mark.asyncio
async def test_coroutines_in_one_context() -> None:
    """Tasks that share a context may end in any order, and later calls are recorded."""
    gates = {name: asyncio.Event() for name in "ab"}

    @distil
    async def first(name: str) -> str:
        await gates[name].wait()
        return name

    @distil
    async def second(name: str) -> str:
        await gates[name].wait()
        return name

    with watched() as seen:
        loop, shared = asyncio.get_running_loop(), contextvars.copy_context()
        tasks = [loop.create_task(one, context=shared) for one in (first("a"), second("b"))]
        await asyncio.sleep(0)
        gates["a"].set()
        await tasks[0]
        gates["b"].set()
        await tasks[1]
        await loop.create_task(first("a"), context=shared)
        await loop.create_task(second("b"), context=shared)

    assert [2, 2] == [*seen.times.values()]


def test_context_variables() -> None:
    """The original runs in the caller's own context: what it sets there stays."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="before")

    @distil
    def sets(value: str) -> str:
        found = variable.get()
        variable.set(value)
        return found

    with watched():
        assert ["before", "a"] == [sets("a"), sets("b")]

    assert "b" == variable.get()


def test_threads_of_a_test() -> None:
    """Calls that a test makes in threads of its own are counted to the last one."""
    with watched() as seen, ThreadPoolExecutor(8) as pool:
        assert [n % 3 for n in range(3000)] == [*pool.map(same, (n % 3 for n in range(3000)))]

    assert [3000] == [*seen.times.values()]
    assert {} == seen.left_out


def test_threads_from_before() -> None:
    """What a thread calls that was there before the test is not the test's: counted, not recorded."""
    go, done = threading.Event(), threading.Event()
    results: list[int] = []

    def work() -> None:
        go.wait(10)
        results.append(same(1))
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with watched() as seen:
        go.set()
        done.wait(10)
        thread.join(10)
        same(2)

    assert [1] == results
    assert [({"value": 2}, 2)] == seen.calls
    assert {reasons.OUTSIDE: 1} == seen.left_out


def test_threads_that_are_handed_the_context() -> None:
    """A kept thread that the test lends its context, as trio does, works for the test; without it it does not."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with watched() as seen:
            pool.submit(contextvars.copy_context().run, same, 1).result()
            pool.submit(same, 2).result()

    assert [({"value": 1}, 1)] == seen.calls
    assert {reasons.OUTSIDE: 1} == seen.left_out


def test_threads_that_outlive_their_test() -> None:
    """A call that returns or raises after its attempt has ended is counted with the next one."""
    going, go = threading.Barrier(3), threading.Event()

    @distil
    def late(error: bool) -> int:  # noqa: FBT001 - an argument like others
        going.wait(10)
        go.wait(10)
        if error:
            raise ValueError("late")
        return 1

    def work(*, error: bool) -> None:
        with pytest.raises(ValueError, match="late") if error else warnings.catch_warnings():
            late(error)

    with watched() as seen:
        threads = [threading.Thread(target=work, kwargs={"error": error}) for error in (False, True)]
        for thread in threads:
            thread.start()
        going.wait(10)
        assert [] == seen.payload["rows"]
        seen.recorder.attempt = Attempt("t.py::next")
        go.set()
        for thread in threads:
            thread.join(10)
        following = seen.recorder.payload(seen.recorder.attempt)

    assert [] == following["rows"]
    assert {(reasons.OUTSIDE, ""), (reasons.RAISED, "t.py::test")} == {
        (one["reason"], one["test"]) for one, _ in following["left_out"]
    }
