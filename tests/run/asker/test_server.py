from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.run.asker.client import connect
from pytest_distil.run.asker.wire import Address, AskerSettings
from pytest_distil.store.answers import Answers
from support.asking import content_of, prompt, running
from support.server import ChatServer, Reply

RUN = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from pytest_distil.run.asker.client import connect
from pytest_distil.run.asker.process import start
from pytest_distil.run.asker.wire import AskerSettings
from support.asking import prompt

process = start(concurrency=None)
client = connect(process.address)
client.configure(AskerSettings("student", base_url=sys.argv[2], store=sys.argv[3], concurrency=50))
tickets = [client.submit(prompt(str(number))) for number in range(20)]
for ticket in tickets[:10]:
    ticket.result()
if sys.argv[4] == "forking" and os.fork() == 0:
    time.sleep(60)
print(process.address, flush=True)
time.sleep(60)
"""
"""A run that asks 20 prompts, the first 10 of which are answered."""

SECONDS = 10.0
"""What the asker may take to notice; it looks every second."""


def half(body: dict[str, Any]) -> Reply:
    """Answer ten prompts at once and the others never."""
    number = content_of(body)
    return Reply(content=number, delay=0.0 if int(number) < 10 else 60.0)


@contextmanager
def run(server: ChatServer, store: Path, *how: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the run until it has ten answers; hand over its process and its asker's address."""
    tests = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", RUN, tests, server.url, str(store), *how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def ends(address: str) -> bool:
    """Wait until an asker has ended, for some seconds."""
    folder = Path(Address.from_text(address).place).parent
    given_up = time.monotonic() + SECONDS
    while folder.exists() and time.monotonic() < given_up:
        time.sleep(0.05)
    return not folder.exists()


def stored(path: Path) -> set[str]:
    """Return what the stored answers say."""
    store = Answers(path)
    lines = [json.loads(line) for line in store.export()]
    store.close()
    return {line["message"]["content"] for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["plain", "forking"])
def test_the_run_is_killed(tmp_path: Path, how: str) -> None:
    """Where a run is killed its asker ends within seconds, though a child lives on; the next run asks for the rest."""
    store = tmp_path / "answers.sqlite"
    with ChatServer(half) as server:
        with run(server, store, how) as (process, address):
            process.kill()

            assert ends(address)
            with pytest.raises(ModelError):
                connect(address)
        server._answer = content_of
        answered = stored(store)
        before = len(server.requests)
        with running() as (_, client):
            client.configure(AskerSettings("student", base_url=server.url, store=str(store)))
            tickets = [client.submit(prompt(str(number))) for number in range(20)]
            answers = [ticket.result() for ticket in tickets]

    assert {str(number) for number in range(10)} == answered
    assert (10, 10) == (len(server.requests) - before, sum(answer.stored for answer in answers))
    assert [{"content": str(number)} for number in range(20)] == [answer.message for answer in answers]


@pytest.mark.slow
def test_the_asker_is_killed(tmp_path: Path) -> None:
    """What arrives is stored within moments, so that it is there where the asker itself is killed."""
    store = tmp_path / "answers.sqlite"
    with ChatServer(half) as server, running() as (process, client):
        client.configure(AskerSettings("student", base_url=server.url, store=str(store), concurrency=50))
        tickets = [client.submit(prompt(str(number))) for number in range(20)]
        for ticket in tickets[:10]:
            ticket.result()
        given_up = time.monotonic() + SECONDS
        while len(stored(store)) < 10 and time.monotonic() < given_up:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        failed = [ticket.result().failed for ticket in tickets[10:]]

    assert {"the process that asks models has ended"} == set(failed)
    assert {str(number) for number in range(10)} == stored(store)


def test_closing_writes_what_arrived(tmp_path: Path) -> None:
    """An asker that is closed right after an answer has written it."""
    store = tmp_path / "answers.sqlite"
    with ChatServer(content_of) as server:
        with running() as (_, client):
            client.configure(AskerSettings("student", base_url=server.url, store=str(store)))
            client.submit(prompt("hi")).result()

        assert {"hi"} == stored(store)


def test_a_client_that_does_not_read_holds_up_nobody() -> None:
    """Answers to a client that has stopped reading wait for it alone."""
    big = "x" * 1_000_000
    with ChatServer(content_of) as server, running() as (process, client):
        client.configure(AskerSettings("student", base_url=server.url))
        deaf = connect(process.address)
        hearing = threading.Event()
        deaf.submit(prompt("first")).add_done_callback(lambda _: hearing.wait())
        tickets = [deaf.submit(prompt(big)) for _ in range(5)]
        answer = client.submit(prompt("hi")).result()
        waiting = [ticket.done() for ticket in tickets]
        hearing.set()

        assert ({"content": "hi"}, [False] * 5) == (answer.message, waiting)
        assert [{"content": big}] * 5 == [ticket.result().message for ticket in tickets]
        deaf.close()


def test_nonsense_ends_the_conversation_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not speak our language is not listened to any more; the others are."""
    with ChatServer(content_of) as server, running() as (process, client):
        client.configure(AskerSettings("student", base_url=server.url))
        odd = connect(process.address)
        connection: Connection = odd._link._connection
        connection.send_bytes(b"\x80\x04not json")

        assert "ended" in (odd.submit(prompt("odd")).result().failed or "")
        assert {"content": "hi"} == client.submit(prompt("hi")).result().message


def test_the_sdk_is_imported_beforehand() -> None:
    """With a model behind a server the SDK is there before anything is asked, and not otherwise."""
    with running(concurrency=64) as (process, client):
        client.configure(AskerSettings("memory:lookup"))
        client.submit(prompt("hi")).result()
        preloaded = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
    with running() as (process, client):
        client.configure(AskerSettings("memory:lookup"))
        client.submit(prompt("hi")).result()
        bare = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")

    assert "pydantic_core" in preloaded
    assert "pydantic_core" not in bare
