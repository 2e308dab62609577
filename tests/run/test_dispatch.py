from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from pytest_distil import EncodingError, Instructions, InvalidAnswer, ModelError, distil
from pytest_distil.core.prompt import Prompt
from pytest_distil.formats import load
from pytest_distil.formats.lines import training_line
from pytest_distil.mark.task import find
from pytest_distil.mark.wrapper import wrapped
from pytest_distil.run import background, outage
from pytest_distil.run.typed import TypedTask
from support.in_production import NEXT_STEPS, Lines, call_of, ours, run
from support.server import ChatServer, Reply, error


class Product(BaseModel):
    a: int
    b: int
    result: int


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """End the background after each test."""
    yield
    background.close()


def serving(monkeypatch: pytest.MonkeyPatch, server: ChatServer) -> None:
    """Make a server the one that models are asked at."""
    monkeypatch.setenv("DISTIL_BASE_URL", server.url)


def argument(body: dict[str, Any], name: str = "n") -> Any:
    """Return an argument of the call that a request asks about."""
    return json.loads(body["messages"][-1]["content"])[name]


def value(found: Any) -> str:
    """Return the reply that gives a value which is no object."""
    return json.dumps({"value": found})


def named(task: str, **options: Any) -> Callable[[int], int]:
    """Return a dispatched function, whose original gives -1 and whose model should give the double."""

    @distil(name=task, mode="dispatch", model="student", **options)
    def doubled(n: int) -> int:
        return -1

    return doubled


NEXT_STEPS_RUN = """
answer = fn(133, b=539)
print(type(answer).__name__, answer)
"""


def test_next_steps(tmp_path: Path) -> None:
    """The article's second example runs with only the import changed: the model's typed `Multiply`, not the body's."""
    call = {"name": "Multiply", "arguments": '{"a":133,"b":539,"result":71687}'}
    with ChatServer(lambda _: {"content": None, "function_call": call}, key="sk-1") as server:
        printed = run(tmp_path, ours(NEXT_STEPS) + NEXT_STEPS_RUN, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-1")

    assert "Multiply a=133 b=539 result=71687" == printed.strip()
    assert ["gpt-4.1-mini:finetuned-123"] == [body["model"] for body in server.requests]
    assert "Return `fn(a=133, b=539)`" == server.requests[0]["messages"][-1]["content"]


@pytest.mark.parametrize("shape", ["json_schema", "tools", "functions"])
def test_the_prompt_is_the_training_prompt(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the model is sent equals the training line without its last turn, byte for byte."""

    @distil(name=f"skewless {shape}", format=shape, mode="dispatch", model="student")
    def times(a: int, b: int = 2, *, note: str = "ü") -> Product:
        """Multiply."""
        return Product(a=a, b=b, result=a * b)

    task = find(f"skewless {shape}")
    assert task is not None
    brief = TypedTask(task).brief
    result = {"a": 3, "b": 2, "result": 6}
    with ChatServer(lambda _: load(shape).reply(brief, result)) as server:
        serving(monkeypatch, server)
        answer = times(3)

    line = json.loads(training_line(shape, brief, {"a": 3, "b": 2, "note": "ü"}, result))
    [body] = server.requests
    messages = line.pop("messages")
    assert Product(**result) == answer
    assert json.dumps(messages[:-1]) == json.dumps(body["messages"])
    assert json.dumps(line) == json.dumps({key: body[key] for key in line})
    assert ("student", 0, 1024) == (body["model"], body["temperature"], body["max_tokens"])


def test_coroutines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coroutine functions await the model without blocking their loop."""

    @distil(name="awaited", mode="dispatch", model="student")
    async def doubled(n: int) -> int:
        return -1

    async def main() -> list[int]:
        return await asyncio.gather(*(doubled(n) for n in range(8)))

    with ChatServer(lambda body: value(2 * argument(body)), latency=0.05) as server:
        serving(monkeypatch, server)

        assert [2 * n for n in range(8)] == asyncio.run(main())
        assert server.most_in_flight > 1


def test_trio(monkeypatch: pytest.MonkeyPatch) -> None:
    """They do under trio, too."""

    @distil(name="under trio", mode="dispatch", model="student")
    async def doubled(n: int) -> int:
        return -1

    found: list[int] = []

    async def one(n: int) -> None:
        found.append(await doubled(n))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for n in range(8):
                nursery.start_soon(one, n)

    with ChatServer(lambda body: value(2 * argument(body)), latency=0.05) as server:
        serving(monkeypatch, server)
        trio.run(main)

        assert [2 * n for n in range(8)] == sorted(found)
        assert server.most_in_flight > 1


UNUSABLE = {
    "no json": Reply(content="Sure! It is seven."),
    "off schema": Reply(content=value("seven")),
    "refused": Reply(message={"content": None, "refusal": "I cannot"}),
    "truncated": Reply(content=value(7), finish_reason="length"),
    "bad request": error(400, "no"),
    "server error": error(500, "no", headers={"x-should-retry": "false"}),
    "unknown model": error(404, "no such model"),
    "no json at all": Reply(data="<html>"),
}
INVALID = ("no json", "off schema", "refused", "truncated", "no json at all")


@pytest.mark.parametrize("kind", UNUSABLE)
def test_fallback(kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where an answer is invalid or failed, the original runs, and its operator is told why."""
    with ChatServer(lambda _: UNUSABLE[kind]) as server:
        serving(monkeypatch, server)

        assert -1 == named(f"fallback {kind}")(3)
    [warning] = caplog.messages
    assert f"fallback {kind}: the original ran in place of the model" in warning
    assert ("(invalid, 1 time" if kind in INVALID else "(failed, 1 time") in warning


@pytest.mark.parametrize("kind", UNUSABLE)
def test_strict(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `fallback="raise"` the caller gets an error that says what was wrong, and the original never runs."""
    ran: list[int] = []

    @distil(name=f"strict {kind}", mode="dispatch", model="student", fallback="raise")
    def doubled(n: int) -> int:
        ran.append(n)
        return n

    with ChatServer(lambda _: UNUSABLE[kind]) as server:
        serving(monkeypatch, server)
        with pytest.raises((InvalidAnswer, ModelError), match=f"for strict {kind}") as raised:
            doubled(3)

    assert [] == ran
    assert (InvalidAnswer if kind in INVALID else ModelError) is raised.type


def test_warnings_become_rare(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A model that is often invalid does not fill the log."""
    with ChatServer(lambda _: "no") as server:
        serving(monkeypatch, server)
        doubled = named("often invalid")
        for n in range(30):
            doubled(n)

    assert ["1", "10"] == [re.findall(r"(\d+) times?", text)[0] for text in caplog.messages]


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A server that never answers costs `timeout` seconds, whatever is retried."""
    with ChatServer(lambda _: value(7), latency=30) as server:
        serving(monkeypatch, server)

        assert -1 == named("bounded", timeout=0.2)(3)
    assert "no answer within 0.2 s" in caplog.text


def test_nobody_there(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Neither does a server that is down raise, nor is it waited for any longer."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    monkeypatch.setenv("DISTIL_BASE_URL", f"http://127.0.0.1:{port}/v1")

    assert -1 == named("down", timeout=0.3)(3)
    assert "no connection" in caplog.text


def test_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that may pass is tried again within the time."""
    replies = [error(500, "again", headers={"retry-after-ms": "1"}), Reply(content=value(7))]
    with ChatServer(lambda _: replies.pop(0)) as server:
        serving(monkeypatch, server)

        assert 7 == named("tried again")(3)


def test_outage(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """After five failed answers in a row nobody waits for the model, until one call finds it again."""
    up = threading.Event()
    with ChatServer(lambda _: Reply(content=value(7)) if up.is_set() else error(400, "no")) as server:
        serving(monkeypatch, server)
        doubled = named("absent")
        results = [doubled(n) for n in range(9)]
        asked = len(server.requests)
        up.set()
        still = doubled(10)
        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + outage._SECONDS)
        again = [doubled(11), doubled(12)]

    assert [-1] * 9 == results
    assert 5 == asked
    assert -1 == still
    assert [7, 7] == again
    assert "not asked: the last 5 answers failed" in caplog.text


def test_what_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A call whose arguments have no JSON form runs the original, or raises where that is forbidden."""

    @distil(name="opaque", mode="dispatch", model="student")
    def opaque(thing: object) -> int:
        return -1

    @distil(name="strictly opaque", mode="dispatch", model="student", fallback="raise")
    def strict(thing: object) -> int:
        return -1

    with ChatServer(lambda _: value(7)) as server:
        serving(monkeypatch, server)

        assert [-1, 7] == [opaque(object()), opaque(1)]
        with pytest.raises(EncodingError, match=r"strictly opaque: the model cannot be asked: \$\.thing"):
            strict(object())
    assert "(not asked, 1 time so far)" in caplog.text


def test_wrong_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that does not fit the signature fails as it always did."""
    with ChatServer(lambda _: value(7)) as server:
        serving(monkeypatch, server)
        with pytest.raises(TypeError, match="unexpected keyword argument 'm'"):
            named("wrongly called")(m=1)  # type: ignore[call-arg]

        assert [] == server.requests


def test_recursion(monkeypatch: pytest.MonkeyPatch) -> None:
    """An original that runs as a fallback and calls itself does not ask for each step."""

    @distil(name="recursive", mode="dispatch", model="student")
    def down(n: int) -> int:
        return n and 1 + down(n - 1)

    with ChatServer(lambda _: "no") as server:
        serving(monkeypatch, server)

        assert 5 == down(5)
        assert 1 == len(server.requests)


def test_originals_that_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The original's own exception is the caller's."""

    @distil(name="raising", mode="dispatch", model="student")
    def raising(n: int) -> int:
        raise KeyError(n)

    with ChatServer(lambda _: "no") as server:
        serving(monkeypatch, server)
        with pytest.raises(KeyError):
            raising(1)


def test_fallback_calls_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the original had to answer is the next round's data; what the model answered is not."""
    handler = Lines()

    @Instructions(log_handlers=[handler]).distil(name="logged fallback", mode="dispatch", model="student")
    def doubled(n: int) -> int:
        return 2 * n

    with ChatServer(lambda body: "no" if "n=3" in body["messages"][-1]["content"] else value(7)) as server:
        serving(monkeypatch, server)
        results = [doubled(3), doubled(4)]

    assert [6, 7] == results
    assert [("Return `doubled(n=3)`", {"value": 6})] == [call_of(line) for line in handler.lines]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"model": None}, "no model is named"),
        ({}, "no model server is known"),
        ({"model": "memory:nearest", "client": 1}, "which production has not"),
        ({"client": "http://localhost"}, "client is an OpenAI or AsyncOpenAI, not a str"),
    ],
)
def test_what_is_missing(options: dict[str, Any], fault: str) -> None:
    """What nobody said raises at the first call and at each, instead of running the original for ever."""

    @distil(name=f"missing {options}", mode="dispatch", **{"model": "student", **options})
    def function(n: int) -> int:
        return n

    for _ in range(2):
        with pytest.raises(ModelError, match=fault):
            function(1)


def test_what_has_no_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that does not say what it returns is not dispatched: no answer to it could be told from another."""

    @distil(name="unannotated", mode="dispatch", model="student")
    def unannotated(n):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as people write it
        return n

    called: Any = unannotated
    with pytest.raises(ModelError, match="unannotated cannot be answered by a model: it may return anything"):
        called(1)


def test_other_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording answers in production too; a model of this machine that is not there is an answer that failed."""
    task = named("answered by others", fallback="raise")
    with ChatServer(lambda _: value(7)) as server:
        serving(monkeypatch, server)
        task(3)
        [body] = server.requests
    del body["model"]
    line = {"prompt": Prompt("", {}, body).digest(), "message": {"content": value(8)}}
    (tmp_path / "answers.jsonl").write_text(json.dumps(line))
    monkeypatch.setenv("DISTIL_DIR", str(tmp_path))

    monkeypatch.setenv("DISTIL_MODEL", f"recorded:{tmp_path / 'answers.jsonl'}")
    assert 8 == wrapped_again("answered by others")(3)
    monkeypatch.setenv("DISTIL_MODEL", "local:nothing")
    with pytest.raises(ModelError, match=r"answered by others: .*(local|nothing)"):
        wrapped_again("answered by others")(3)


def wrapped_again(name: str) -> Callable[..., Any]:
    """Return a marked function as a new process would have it."""
    task = find(name)
    assert task is not None
    return wrapped(task)


class Doubled(BaseModel):
    n: int
    double: int


def answering(body: dict[str, Any]) -> str | Reply:
    """Answer with the double; one prompt in ten invalidly, one in twenty not at all."""
    n = argument(body)
    if n % 10 == 0:
        return "nonsense"
    if n % 20 == 1:
        return error(400, "no")
    return json.dumps({"n": n, "double": 2 * n})


def connections(server: ChatServer) -> int:
    """Return how many connections a server holds."""
    return sum("_converse" in str(task.get_coro()) for task in asyncio.all_tasks(server._loop))


def are_gone(still: Callable[[], object]) -> bool:
    """Wait, for ten seconds at most, until there is nothing any more."""
    until = time.monotonic() + 10
    while still() and time.monotonic() < until:
        time.sleep(0.01)
    return not still()


def test_fifty_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty threads at once always get the right type, over few connections, and nothing is left of it."""

    @distil(name="in threads", mode="dispatch", model="student")
    def doubled(n: int) -> Doubled:
        return Doubled(n=n, double=2 * n)

    found: list[Doubled] = []

    def work(start: int) -> None:
        found.extend(doubled(n) for n in range(start, 1000, 50))

    before = set(threading.enumerate())
    with ChatServer(answering) as server:
        serving(monkeypatch, server)
        workers = [threading.Thread(target=work, args=(start,)) for start in range(50)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        held = connections(server)
        idle = are_gone(background.background().outstanding)
        background.close()
        left = set(threading.enumerate()) - before - {server._thread}

        assert {(n, 2 * n) for n in range(1000)} == {(one.n, one.double) for one in found}
        assert held <= 50
        assert idle
        assert are_gone(lambda: connections(server))
        assert set() == left


def test_five_hundred_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So do five hundred tasks of an event loop."""

    @distil(name="in tasks", mode="dispatch", model="student")
    async def doubled(n: int) -> Doubled:
        return Doubled(n=n, double=2 * n)

    async def main() -> tuple[list[Doubled], int]:
        results = await asyncio.gather(*(doubled(n) for n in range(500)))
        return results, len(asyncio.all_tasks())

    before = set(threading.enumerate())
    with ChatServer(answering, latency=0.01) as server:
        serving(monkeypatch, server)
        results, tasks = asyncio.run(main())
        idle = are_gone(background.background().outstanding)
        background.close()
        left = set(threading.enumerate()) - before - {server._thread}

        assert [Doubled(n=n, double=2 * n) for n in range(500)] == results
        assert 1 == tasks
        assert 500 == len(server.requests)
        assert idle
        assert are_gone(lambda: connections(server))
        assert set() == left


def test_cancelled_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that gives up leaves nothing behind, and its loop ends as it should."""

    @distil(name="cancelled", mode="dispatch", model="student")
    async def doubled(n: int) -> int:
        return -1

    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await doubled(1)
        return len(asyncio.all_tasks())

    with ChatServer(lambda _: value(7), latency=0.3) as server:
        serving(monkeypatch, server)

        assert 1 == asyncio.run(main())
        assert are_gone(background.background().outstanding)


def test_one_client_for_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tasks of a process share one client, and calls one after the other one connection."""
    with ChatServer(lambda _: value(7)) as server:
        serving(monkeypatch, server)
        functions = [named(f"sharing {n}", timeout=10 + n) for n in range(5)]

        assert [7] * 10 == [function(n) for function in functions for n in range(2)]
        assert 1 == connections(server)


def client(kind: Any, server: ChatServer) -> Any:
    """Return a user's client."""
    return kind(base_url=server.url, api_key="theirs", default_headers={"x-team": "mail"}, max_retries=0)


def test_own_client() -> None:
    """A user's blocking client is used as it is, also by many threads at once."""
    with ChatServer(lambda body: value(2 * argument(body)), latency=0.02) as server:
        theirs = client(OpenAI, server)
        function = named("own client", client=theirs)
        found: list[int] = []
        threads = [threading.Thread(target=lambda n=n: found.append(function(n))) for n in range(20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

        assert [2 * n for n in range(20)] == sorted(found)
        theirs.close()
        assert {("Bearer theirs", "mail")} == {(one["authorization"], one["x-team"]) for one in server.headers}
        assert server.most_in_flight > 1


@pytest.mark.parametrize("kind", [OpenAI, AsyncOpenAI])
def test_own_client_in_coroutines(kind: Any) -> None:
    """In a coroutine function both kinds of client work; one made for event loops is asked in the caller's own."""
    threads: set[str] = set()

    class Noting(kind):  # type: ignore[misc]
        def post(self, *args: Any, **kwargs: Any) -> Any:
            threads.add(threading.current_thread().name)
            return super().post(*args, **kwargs)

    with ChatServer(lambda body: value(2 * argument(body)), latency=0.02) as server:
        theirs = client(Noting, server)

        @distil(name=f"own {kind.__name__}", mode="dispatch", model="student", client=theirs)
        async def doubled(n: int) -> int:
            return -1

        async def main() -> list[int]:
            found = await asyncio.gather(*(doubled(n) for n in range(8)))
            await theirs.close() if kind is AsyncOpenAI else theirs.close()
            return found

        assert [2 * n for n in range(8)] == asyncio.run(main())
        assert server.most_in_flight > 1
    assert ({"MainThread"} if kind is AsyncOpenAI else set()) == threads & {"MainThread"}


def test_async_client_in_functions() -> None:
    """A client made for event loops serves plain functions too, in the background."""
    with ChatServer(lambda _: value(7)) as server:
        assert 7 == named("async client", client=client(AsyncOpenAI, server))(3)


def test_instructors_client() -> None:
    """What `instructor` makes around a client is taken off again; instructions hand theirs on."""
    with ChatServer(lambda _: {"function_call": {"name": "fn", "arguments": value(7)}}) as server:
        around = types.SimpleNamespace(client=client(OpenAI, server))

        @Instructions(openai_client=around).distil(name="instructor's", mode="dispatch", model="student")
        def fn(n: int) -> int:
            return -1

        assert 7 == fn(3)


def test_own_client_in_time(caplog: pytest.LogCaptureFixture) -> None:
    """Time is bounded for clients of the user's, whatever they would wait."""
    with ChatServer(lambda _: value(7), latency=2) as server:
        function = named("own slow client", client=client(OpenAI, server), timeout=0.2)

        assert -1 == function(3)
    assert "no answer within 0.2 s" in caplog.text


FORKING = """
import os, sys
from pytest_distil import distil

@distil(mode="dispatch", model="student")
def doubled(n: int) -> int:
    return -1

print(doubled(1), flush=True)
pid = os.fork()
print(doubled(2), flush=True)
if pid:
    os.waitpid(pid, 0)
    print(doubled(3))
"""


def test_forked_processes(tmp_path: Path) -> None:
    """A forked child asks over connections of its own, and the parent's go on."""
    with ChatServer(lambda body: value(2 * argument(body))) as server:
        printed = run(tmp_path, FORKING, warnings="ignore", DISTIL_BASE_URL=server.url)

    assert ["2", "4", "4", "6"] == printed.split()


AT_EXIT = """
import atexit
from pytest_distil import distil

@distil(mode="dispatch", model="student")
def doubled(n: int) -> int:
    return -1

atexit.register(lambda: print(doubled(2)))
print(doubled(1))
"""


def test_at_exit(tmp_path: Path) -> None:
    """A process that dispatches ends by itself and in silence; calls at its very end still get a result."""
    with ChatServer(lambda body: value(2 * argument(body))) as server:
        printed = run(tmp_path, AT_EXIT, DISTIL_BASE_URL=server.url)

    assert "2" == printed.split()[0]
    assert printed.split()[1] in ("4", "-1")
