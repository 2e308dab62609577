from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import trio
from freezegun import freeze_time

from pytest_distil.core.prompt import Prompt
from pytest_distil.mark.errors import ModelError
from pytest_distil.run.asker.client import AskerClient, connect
from pytest_distil.run.asker.process import AskerProcess
from pytest_distil.run.asker.wire import Address, AskerSettings
from support.asking import asking, content_of, prompt, running
from support.server import ChatServer, Reply


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    """Run a server that repeats what it is told."""
    with ChatServer(content_of) as one:
        yield one


@pytest.fixture(scope="module")
def client(server: ChatServer) -> Iterator[AskerClient]:
    """Run an asker for it."""
    with asking(server.url) as one:
        yield one


def said(client: AskerClient, content: str, **how: Any) -> Any:
    """Ask, wait, and return what the answer says."""
    answer = client.submit(prompt(content), **how).result()
    return answer.message and answer.message["content"]


def test_answers(client: AskerClient) -> None:
    """A prompt that is submitted gets its answer."""
    assert "hi" == said(client, "hi")


def test_many_at_once(client: AskerClient) -> None:
    """Tickets come at once, answers when they come, each to its own."""
    tickets = {str(number): client.submit(prompt(str(number))) for number in range(100)}

    assert {number: {"content": number} for number in tickets} == {
        number: ticket.result().message for number, ticket in tickets.items()
    }


def test_long_prompts(client: AskerClient) -> None:
    """A prompt may be megabytes long."""
    assert "x" * 3_000_000 == said(client, "x" * 3_000_000)


def test_threads(client: AskerClient) -> None:
    """Any thread may ask."""
    found: dict[str, Any] = {}
    names = [f"thread {number}" for number in range(8)]
    threads = [threading.Thread(target=lambda name=name: found.update({name: said(client, name)})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {name: name for name in names} == found


def run_asyncio(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine function under asyncio."""
    return asyncio.run(work())


@pytest.mark.parametrize("run", [run_asyncio, trio.run], ids=["asyncio", "trio"])
def test_loops(client: AskerClient, run: Callable[..., Any]) -> None:
    """Under asyncio and trio answers are awaited."""

    async def wait() -> Any:
        return (await client.submit(prompt("from a loop"))).message

    assert {"content": "from a loop"} == run(wait)


def test_another_model_and_repeats(server: ChatServer, client: AskerClient) -> None:
    """A prompt can go to another model, and be asked anew by another number."""
    before = len(server.requests)
    for model, repeat in ((None, 0), (None, 1), ("teacher", 0)):
        said(client, "who", model=model, repeat=repeat)

    assert ["student", "student", "teacher"] == [body["model"] for body in server.requests[before:]]


def test_stats(server: ChatServer) -> None:
    """The asker tells its numbers."""
    with asking(server.url, concurrency=5) as one:
        said(one, "count me")
        stats = one.stats().result()

    assert (1, 1, 0, 5) == (stats.asked, stats.requests, stats.failed, stats.limit)


def test_stop() -> None:
    """Stopping fails what is outstanding, with the reason."""
    with ChatServer(lambda _: Reply(content="7", delay=60)) as server, asking(server.url) as one:
        ticket = one.submit(prompt("hi"))
        one.stop("interrupted")

        assert "interrupted" == ticket.result().failed
        assert "interrupted" == one.stats().result().fatal


def test_questions_before_the_settings(server: ChatServer) -> None:
    """Workers may ask before the session side has said what to ask; a second word on that changes nothing."""
    with running() as (process, owner):
        worker = connect(process.address)
        ticket, stats = worker.submit(prompt("early")), worker.stats()
        owner.configure(AskerSettings("student", base_url=server.url, concurrency=3))
        owner.configure(AskerSettings("other", base_url=server.url))

        assert {"content": "early"} == ticket.result().message
        assert 3 == stats.result().limit
        assert "student" == ticket.result().served_model
        worker.close()


def test_clients_share_flights() -> None:
    """What two workers ask is asked once."""
    with ChatServer(lambda body: Reply(content=content_of(body), delay=0.1)) as server, running() as (process, first):
        first.configure(AskerSettings("student", base_url=server.url))
        second = connect(process.address)
        tickets = [one.submit(prompt(str(number))) for number in range(5) for one in (first, second)]
        answers = [ticket.result().message for ticket in tickets]
        second.close()

    assert [{"content": str(number)} for number in range(5) for _ in range(2)] == answers
    assert 5 == len(server.requests)


def test_a_worker_that_dies_loses_nothing(tmp_path: Path) -> None:
    """What a client asked that is gone still arrives, and is found by the next one."""
    store = str(tmp_path / "answers.sqlite")
    with ChatServer(lambda body: Reply(content=content_of(body), delay=0.2)) as server, running() as (process, first):
        first.configure(AskerSettings("student", base_url=server.url, store=store))
        gone = connect(process.address)
        lost = gone.submit(prompt("hi"))
        gone.close()
        answer = first.submit(prompt("hi")).result()

    assert "the process that asks models has ended" == lost.result().failed
    assert {"content": "hi"} == answer.message
    assert 1 == len(server.requests)


def test_closing_sends_what_was_submitted() -> None:
    """A client that closes at once has still asked."""
    with ChatServer(content_of) as server, running() as (process, first):
        first.configure(AskerSettings("student", base_url=server.url))
        second = connect(process.address)
        for number in range(50):
            second.submit(prompt(str(number)))
        second.close()
        while (stats := first.stats().result()).asked < 50 or stats.outstanding:
            pass

    assert 50 == len({content_of(body) for body in server.requests})


def test_the_asker_dies(server: ChatServer) -> None:
    """Where the asker dies every ticket is filled all the same, those of later prompts too."""
    with ChatServer(lambda _: Reply(content="7", delay=60)) as slow, running() as (process, one):
        one.configure(AskerSettings("student", base_url=slow.url))
        waiting = [one.submit(prompt(str(number))) for number in range(3)]
        os.kill(process.pid, signal.SIGKILL)
        answers = [ticket.result() for ticket in [*waiting, one.submit(prompt("later"))]]

        assert {"the process that asks models has ended"} == {answer.failed for answer in answers}
        assert "the process that asks models has ended" == one.stats().result().fatal
        process._process.wait()

        assert process.died()


def test_nobody_listens(tmp_path: Path) -> None:
    """An address without an asker is an error that says so."""
    with pytest.raises(ModelError, match=r"the asker at .* cannot be reached"):
        connect(Address(str(tmp_path / "s"), b"key").to_text())


def test_the_wrong_key() -> None:
    """Who does not know the key is not let in, and disturbs nobody."""
    with running() as (process, _):
        address = Address(Address.from_text(process.address).place, b"another key")

        with pytest.raises(ModelError, match="does not know this run"):
            connect(address.to_text())

        connect(process.address).close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # with threads, which this process has
def test_a_forked_child(client: AskerClient) -> None:
    """A forked child asks on a connection of its own, and does not take its parent's answers."""
    ticket = client.submit(prompt("parent's"))
    here, there = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - its coverage dies with it
        os.write(there, said(client, "child's").encode())
        os._exit(0)
    os.waitpid(child, 0)
    heard = os.read(here, 100)
    os.close(here)
    os.close(there)

    assert (b"child's", {"content": "parent's"}) == (heard, ticket.result().message)
    assert "parent's still" == said(client, "parent's still")


def test_sockets_are_disabled(tmp_path: Path) -> None:
    """What keeps tests from the network does not keep us from the asker."""
    file = tmp_path / "answers.jsonl"
    lines = [{"prompt": prompt(one).digest(), "message": {"content": one}} for one in ("a", "b")]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with running() as (process, one):
        one.configure(AskerSettings(f"recorded:{file}"))
        pytest_socket.disable_socket()
        try:
            reached = connect(process.address)

            assert ["a", "b"] == [said(one, "a"), said(reached, "b")]
            with pytest.raises(pytest_socket.SocketBlockedError), pytest.warns(match="tried to use socket"):
                socket.socket()
        finally:
            pytest_socket.enable_socket()
        reached.close()


def test_prompts_that_cannot_travel(client: AskerClient) -> None:
    """A prompt that is no JSON fails like any other, with an answer."""
    answer = client.submit(prompt("huge", number=10**5000)).result()

    assert "limit" in (answer.failed or "")
    assert "afterwards" == said(client, "afterwards")


def test_time_is_frozen(client: AskerClient) -> None:
    """Freezing time stops the clock of tests, not the asker's."""

    async def wait() -> Any:
        return (await client.submit(prompt("await"))).message

    with freeze_time("2020-01-01"):
        assert "wait" == said(client, "wait")
        assert {"content": "await"} == asyncio.run(wait())


def test_the_environment_is_changed(client: AskerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does to its environment reaches the asker not."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert "environment" == said(client, "environment")


def submit_for_ever(client: AskerClient, one: Prompt) -> None:
    """Submit one prompt again and again."""
    while True:
        client.submit(one, prefetch=True)


def test_an_interrupt_does_not_cut_a_message(client: AskerClient) -> None:
    """An exception out of a signal handler, in the middle of asking, leaves the connection whole."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    big = prompt("y" * 2_000_000)
    try:
        for delay in (0.001, 0.005, 0.01, 0.02, 0.03):
            signal.setitimer(signal.ITIMER_REAL, delay)
            with pytest.raises(KeyboardInterrupt):
                submit_for_ever(client, big)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)

    assert "whole" == said(client, "whole")


def test_no_trace_is_left(process_count: Callable[[], tuple[int, int]]) -> None:
    """An asker that was closed leaves no thread, no process, no file."""
    before = process_count()
    with running() as (process, one):
        folder = Path(Address.from_text(process.address).place).parent
        one.stats()
    gc.collect()

    assert before == process_count()
    assert not folder.exists()


@pytest.fixture
def process_count() -> Callable[[], tuple[int, int]]:
    """Return what counts threads and open files."""
    return lambda: (threading.active_count(), len(list(Path("/proc/self/fd").iterdir())))


def test_loopback_where_there_are_no_socket_files(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without socket files the asker listens on loopback."""
    monkeypatch.delattr(socket, "AF_UNIX")
    with asking(server.url) as one:
        assert "AF_INET" == one._address.family
        assert "over loopback" == said(one, "over loopback")


def test_process_is_typed() -> None:
    """The process hands out its address as a plain string, again and again."""
    with running() as (process, _):
        assert isinstance(process, AskerProcess)
        assert process.address == process.address
