from __future__ import annotations

import asyncio
import contextvars
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from pydantic import BaseModel

from pytest_distil import Compare, distil, ignored
from pytest_distil.core.report import ReportJson
from pytest_distil.core.report_file import read_report
from pytest_distil.run import background, drift, shadow
from pytest_distil.run.drift import DRIFT
from pytest_distil.store.home import Home
from support.in_production import run
from support.server import ChatServer, Reply, error


class Item(BaseModel):
    name: str
    price: float


class Receipt(BaseModel):
    items: list[Item]
    total: float
    note: str = ""


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a report of its own, and end the background after it."""
    DRIFT.flush()
    DRIFT.begin()
    monkeypatch.setattr(DRIFT, "home", Home(tmp_path / ".distil"))
    yield
    background.close()


def settle(most: int = shadow._MOST_AT_ONCE) -> None:
    """Wait for the originals that run beside models."""
    for _ in range(most):
        assert shadow._room.acquire(timeout=10)
    for _ in range(most):
        shadow._room.release()
    DRIFT.flush()


def report() -> ReportJson:
    """Return the report, once it is complete."""
    settle()
    [path] = DRIFT.home.reports.iterdir()
    return read_report(path)


def argument(body: dict[str, Any], name: str = "n") -> Any:
    """Return an argument of the call that a request asks about."""
    return json.loads(body["messages"][-1]["content"])[name]


def value(found: Any) -> str:
    """Return the reply that gives a value which is no object."""
    return json.dumps({"value": found})


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ChatServer]]:
    """Start servers at which models are asked."""
    servers: list[ChatServer] = []

    def start(answer: Callable[[dict[str, Any]], str | Reply], **options: Any) -> ChatServer:
        server = ChatServer(answer, **options)
        servers.append(server.__enter__())
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)
        return server

    yield start
    background.close()
    for one in servers:
        one.__exit__(None, None, None)


def test_drift_is_a_report(serve: Callable[..., ChatServer]) -> None:
    """Callers get the model's values; the pairs become a report like any other, with the same words."""

    def answer(body: dict[str, Any]) -> str | Reply:
        n = argument(body)
        if n == 8:
            return Reply(content="nonsense", model="student-v2")
        if n == 9:
            return error(400, "no")
        return Reply(content=value(2 * n if n < 6 else 0), model="student-v2")

    serve(answer)

    @distil(name="doubled beside", dataset="math", mode="dispatch", model="student", shadow=1)
    def doubled(n: int) -> int:
        return 2 * n

    results = [doubled(n) for n in [*range(1, 10), 1, 1]]
    found = report()

    assert [2, 4, 6, 8, 10, 0, 0, 16, 18, 2, 2] == results
    assert {"agree": 5, "differ": 2, "invalid": 1, "failed": 1, "unscored": 0} == {
        key: found["totals"][key] for key in ("agree", "differ", "invalid", "failed", "unscored")
    }
    assert ("student", "student-v2", "dispatch") == (found["model"], found["served_model"], found["settings"]["mode"])
    assert [("doubled beside", "math", 11)] == [
        (one["task"], one["dataset"], one["usage"]["requests"]) for one in found["tasks"]
    ]
    assert {(12, 0), (14, 0)} == {
        (one["original"], one["answer"]) for one in found["trials"] if one["verdict"] == "differ"
    }
    assert 1.0 == found["selection"]["sample"]
    assert {} == found["left_out"]


def test_rules_and_fields(serve: Callable[..., ChatServer]) -> None:
    """Pairs are compared by the task's own rules, field by field."""
    serve(lambda _: '{"items": [{"name": "tea", "price": 2.0}], "total": 2.5, "note": "model"}')

    @distil(
        name="parsed beside",
        mode="dispatch",
        model="student",
        shadow=1,
        compare=Compare({"note": ignored("free text")}),
    )
    def parsed(text: str) -> Receipt:
        return Receipt(items=[Item(name="tea", price=2.5)], total=2.5, note="original")

    parsed("tea 2.50")
    [trial] = report()["trials"]

    assert "differ" == trial["verdict"]
    assert [("items[0].price", 2.5, 2.0)] == [
        (one["path"], one["original"], one["model"]) for one in trial["differences"]
    ]
    assert [{"path": "note", "reason": "free text"}] == trial["ignored"]


def test_the_share(serve: Callable[..., ChatServer], monkeypatch: pytest.MonkeyPatch) -> None:
    """The original runs for a share of the calls, and for none of the others."""
    serve(lambda _: value(7))
    chances = iter([0.04, 0.05, 0.9, 0.0499])
    monkeypatch.setattr("random.SystemRandom.random", lambda _: next(chances))
    ran: list[int] = []

    @distil(name="sampled beside", mode="dispatch", model="student", shadow=0.05)
    def original(n: int) -> int:
        ran.append(n)
        return 7

    results = [original(n) for n in range(4)]
    found = report()

    assert [7] * 4 == results
    assert [0, 3] == sorted(ran)
    assert 0.05 == found["selection"]["sample"]


def test_off_the_callers_path(serve: Callable[..., ChatServer]) -> None:
    """The caller has the model's value while the original is still running, in a context like its own."""
    serve(lambda _: value(7))
    gate, context = threading.Event(), contextvars.ContextVar("context", default="other")
    seen: list[tuple[str, bool]] = []

    @distil(name="slow beside", mode="dispatch", model="student", shadow=1)
    def slow(n: int) -> int:
        assert gate.wait(30)
        seen.append((context.get(), threading.current_thread() is threading.main_thread()))
        return 7

    context.set("callers")
    assert 7 == slow(1)
    assert [] == seen
    gate.set()

    assert 1 == report()["totals"]["agree"]
    assert [("callers", False)] == seen


def test_arguments_of_its_own(serve: Callable[..., ChatServer]) -> None:
    """What the caller does to its arguments after the call, and the original to its own, is nobody else's business."""
    serve(lambda _: value(3))
    gate = threading.Event()

    class Till:
        """No part of a call: it has no fields."""

        def __init__(self) -> None:
            self.lock = threading.Lock()

        @distil(name="summed beside", mode="dispatch", model="student", shadow=1, exclude="client")
        def summed(self, numbers: list[int], client: Any = None) -> int:
            assert gate.wait(30)
            with self.lock, client:
                total = sum(numbers)
                numbers.clear()
                return total

    numbers = [1, 2]
    assert 3 == Till().summed(numbers, client=threading.Lock())
    numbers.append(10)
    gate.set()

    assert 1 == report()["totals"]["agree"]
    assert [1, 2, 10] == numbers


def test_fallback_runs_it_once(serve: Callable[..., ChatServer]) -> None:
    """A call that fell back to the original is a pair already: the original does not run again."""
    serve(lambda _: "nonsense")
    ran: list[int] = []

    @distil(name="fallback beside", mode="dispatch", model="student", shadow=1)
    def original(n: int) -> int:
        ran.append(n)
        return n

    assert 1 == original(1)
    assert 1 == report()["totals"]["invalid"]
    assert [1] == ran


def test_strict_calls_are_compared_too(serve: Callable[..., ChatServer]) -> None:
    """A caller that gets an error takes part in the share like all others."""
    serve(lambda _: "nonsense")

    @distil(name="strict beside", mode="dispatch", model="student", shadow=1, fallback="raise")
    def original(n: int) -> int:
        return n

    with pytest.raises(Exception, match="strict beside is invalid"):
        original(1)

    [trial] = report()["trials"]
    assert ("invalid", 1) == (trial["verdict"], trial["original"])


def test_originals_that_raise(serve: Callable[..., ChatServer]) -> None:
    """An original that raises beside the model is counted, and the caller does not notice."""
    serve(lambda _: value(7))

    @distil(name="raising beside", mode="dispatch", model="student", shadow=1)
    def original(n: int) -> int:
        if n:
            raise KeyError(n)
        return 7

    assert [7, 7] == [original(n) for n in range(2)]
    assert {"the original raised": 1} == report()["left_out"]


def test_originals_that_are_too_slow(serve: Callable[..., ChatServer], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many originals run already, calls go on without one and are counted."""
    serve(lambda _: value(7))
    gate = threading.Event()
    monkeypatch.setattr(shadow, "_room", threading.BoundedSemaphore(2))

    @distil(name="crowded beside", mode="dispatch", model="student", shadow=1)
    def original(n: int) -> int:
        assert gate.wait(30)
        return 7

    assert [7] * 5 == [original(n) for n in range(5)]
    gate.set()
    settle(2)
    [path] = DRIFT.home.reports.iterdir()

    assert {shadow.TOO_MANY: 3} == read_report(path)["left_out"]


def test_values_that_cannot_be_copied(serve: Callable[..., ChatServer]) -> None:
    """A call whose arguments cannot be copied has no original beside it; the model answers all the same."""
    serve(lambda _: value(7))

    class Single(BaseModel):
        n: int

        def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Single:
            raise TypeError("there is only one")

    @distil(name="uncopied beside", mode="dispatch", model="student", shadow=1)
    def original(one: Single, n: int = 0) -> int:
        return one.n

    @distil(name="copied beside", mode="dispatch", model="student", shadow=1)
    def other(n: int) -> int:
        return n

    assert [7, 7] == [original(Single(n=1)), other(7)]
    assert {shadow.NO_COPY: 1} == report()["left_out"]


def test_coroutines(serve: Callable[..., ChatServer]) -> None:
    """A coroutine function runs beside the model in its caller's loop, and leaves no task behind."""
    serve(lambda body: value(argument(body)))
    loops: set[int] = set()

    @distil(name="awaited beside", mode="dispatch", model="student", shadow=1)
    async def original(n: int) -> int:
        loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0.01)
        return n

    async def main() -> tuple[list[int], int, int]:
        results = await asyncio.gather(*(original(n) for n in range(5)))
        await asyncio.gather(*shadow._tasks)
        return results, len(asyncio.all_tasks()), id(asyncio.get_running_loop())

    results, tasks, loop = asyncio.run(main())

    assert list(range(5)) == results
    assert 1 == tasks
    assert {loop} == loops
    assert 5 == report()["totals"]["agree"]


def test_loops_that_end(serve: Callable[..., ChatServer]) -> None:
    """A loop that ends before its originals do ends as it should, and there is room for the next ones."""
    serve(lambda body: value(argument(body)))

    @distil(name="ended beside", mode="dispatch", model="student", shadow=1)
    async def original(n: int) -> int:
        if n:
            await asyncio.sleep(60)
        return n

    assert 1 == asyncio.run(original(1))
    assert 0 == asyncio.run(_twice(original))
    assert 1 == report()["totals"]["agree"]


async def _twice(original: Callable[[int], Any]) -> int:
    """Call a function and give its original a moment."""
    found: int = await original(0)
    await asyncio.sleep(0.05)
    return found


def test_trio(serve: Callable[..., ChatServer]) -> None:
    """It does so under trio, too."""
    serve(lambda body: value(argument(body)))

    @distil(name="trio beside", mode="dispatch", model="student", shadow=1)
    async def original(n: int) -> int:
        await trio.sleep(0.01)
        return n

    async def main() -> int:
        found: int = await original(3)
        await trio.sleep(0.1)
        return found

    assert 3 == trio.run(main)
    assert 1 == report()["totals"]["agree"]


def test_reports_have_an_end(serve: Callable[..., ChatServer], monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that is full is followed by another."""
    serve(lambda body: value(argument(body)))
    monkeypatch.setattr(drift, "_MOST_TRIALS", 2)

    @distil(name="many beside", mode="dispatch", model="student", shadow=1)
    def original(n: int) -> int:
        return n

    for n in range(5):
        original(n)
    settle()

    assert [1, 2, 2] == sorted(len(read_report(path)["trials"]) for path in DRIFT.home.reports.iterdir())


def test_a_disk_that_is_full(
    serve: Callable[..., ChatServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A report that cannot be written is warned about once, and no trouble of the program's."""
    serve(lambda body: value(argument(body)))
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(DRIFT, "home", Home(tmp_path / "file" / ".distil"))
    monkeypatch.setattr(DRIFT, "_is_told", False)
    monkeypatch.setattr(drift, "_SECONDS_BETWEEN", 0.0)

    @distil(name="unwritten beside", mode="dispatch", model="student", shadow=1)
    def original(n: int) -> int:
        return n

    assert [0, 1, 2] == [original(n) for n in range(3)]
    settle()

    [warning] = caplog.messages
    assert "the report on production could not be written" in warning


AT_EXIT = """
import time
from pytest_distil import distil

@distil(mode="dispatch", model="student", shadow=1)
def original(n: int) -> int:
    time.sleep(0.2)
    return n

print(original(3))
"""


def test_at_exit(tmp_path: Path) -> None:
    """A process that ends waits for the originals and writes its report where the environment says."""
    with ChatServer(lambda _: value(4)) as server:
        run(tmp_path, AT_EXIT, DISTIL_BASE_URL=server.url, DISTIL_DIR="kept")
    [path] = (tmp_path / "kept" / "reports").iterdir()
    shown = run(
        tmp_path, "import sys; from pytest_distil.cli import main; sys.exit(main(sys.argv[1:]))", "report", str(path)
    )

    assert 1 == read_report(path)["totals"]["differ"]
    assert "0 % agreement on 1 call" in shown
