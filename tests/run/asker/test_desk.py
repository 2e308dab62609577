from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.models.local import TO_SERVE
from pytest_distil.run.asker.desk import Desk
from pytest_distil.run.asker.wire import AskerSettings, Stats
from support.asking import content_of, prompt
from support.server import ChatServer, Faults, Reply, error, prompt_of

Ask = Callable[..., "asyncio.Future[Answer]"]


def at_desk(settings: AskerSettings, work: Callable[[Ask, Desk], Coroutine[Any, Any, Any]]) -> Any:
    """Do something at a desk; `Ask` asks and returns what will be the answer."""

    async def working() -> Any:
        ready = asyncio.Event()
        ready.set()
        desk = Desk(settings, ready=ready)
        desk.open()

        def ask(one: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False) -> Any:
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            desk.ask(one, answer.set_result, model=model, repeat=repeat, prefetch=prefetch)
            return answer

        try:
            return await work(ask, desk)
        finally:
            await desk.aclose()

    return asyncio.run(working())


def asked(settings: AskerSettings, prompts: Iterable[Prompt]) -> tuple[list[Answer], Stats]:
    """Ask all prompts at once; return the answers and the numbers."""

    async def work(ask: Ask, desk: Desk) -> tuple[list[Answer], Stats]:
        answers = await asyncio.gather(*[ask(one) for one in prompts])
        return answers, desk.stats()

    result: tuple[list[Answer], Stats] = at_desk(settings, work)
    return result


def student(server: ChatServer, **settings: Any) -> AskerSettings:
    """Return settings that ask this server."""
    return AskerSettings("student", base_url=server.url, **settings)


def contents(answers: Iterable[Answer]) -> list[Any]:
    """Return what answers say."""
    return [answer.message and answer.message["content"] for answer in answers]


TEN = [str(number) for number in range(10)]


def test_answers_come_to_who_asked() -> None:
    """Each prompt gets its own answer, with what it took."""
    with ChatServer(content_of) as server:
        answers, stats = asked(student(server), map(prompt, TEN))

    assert TEN == contents(answers)
    assert {(1, 0, False)} == {(answer.requests, answer.retries, answer.stored) for answer in answers}
    assert (10, 10, 0, 0) == (stats.asked, stats.requests, stats.stored, stats.outstanding)
    assert sum(answer.usage.prompt_tokens for answer in answers) == stats.usage.prompt_tokens


def test_never_more_than_the_limit() -> None:
    """As many requests as allowed are in flight, and never more."""
    with ChatServer(content_of, latency=0.02) as server:
        asked(student(server, concurrency=3), map(prompt, TEN))

    assert 3 == server.most_in_flight


def test_one_flight_per_prompt() -> None:
    """Who asks what is in flight already waits for that; repeats and other models are other questions."""

    async def work(ask: Ask, desk: Desk) -> Any:
        same = [ask(prompt("a")) for _ in range(5)]
        others = [ask(prompt("a"), repeat=1), ask(prompt("a"), model="teacher")]
        return await asyncio.gather(*same, *others), desk.stats()

    with ChatServer(lambda body: body["model"], latency=0.02) as server:
        answers, stats = at_desk(student(server), work)

    assert ["student"] * 6 + ["teacher"] == contents(answers)
    assert (3, 3) == (len(server.requests), stats.asked)


def test_those_that_somebody_waits_for_go_first() -> None:
    """A prompt that a test waits for overtakes prefetched ones, also where it was one of them."""

    async def work(ask: Ask, desk: Desk) -> None:
        prefetched = [ask(prompt(one), prefetch=True) for one in ("a", "b", "c", "d")]
        await asyncio.sleep(0)
        waited_for = [ask(prompt("e")), ask(prompt("c"))]
        await asyncio.gather(*prefetched, *waited_for)

    with ChatServer(content_of, latency=0.01) as server:
        at_desk(student(server, concurrency=1), work)

    assert ["a", "c", "e", "b", "d"] == [content_of(body) for body in server.requests]


@pytest.mark.slow
def test_hurrying_does_not_outrun_a_wait() -> None:
    """A prompt that waits for its next try is not sent earlier because somebody now waits for it."""
    slow_down = error(429, "slow down", headers={"retry-after-ms": "1500"})

    async def work(ask: Ask, desk: Desk) -> tuple[Answer, int]:
        first = ask(prompt("a"), prefetch=True)
        while not desk.stats().retries:  # noqa: ASYNC110 - nothing tells of a retry
            await asyncio.sleep(0.01)
        second = ask(prompt("a"))
        await asyncio.sleep(0.1)
        sent = len(server.requests)
        await first
        return await second, sent

    with ChatServer(lambda _: "7" if len(server.requests) > 1 else slow_down) as server:
        answer, sent = at_desk(student(server), work)

    assert (1, 1, 2) == (sent, answer.retries, len(server.requests))


def test_stored_answers_cost_nothing(tmp_path: Path) -> None:
    """What a run has asked the next one does not ask."""
    store = str(tmp_path / "answers.sqlite")
    with ChatServer(content_of) as server:
        asked(student(server, store=store), map(prompt, TEN[:6]))
        answers, stats = asked(student(server, store=store), map(prompt, TEN))

    assert TEN == contents(answers)
    assert [True] * 6 + [False] * 4 == [answer.stored for answer in answers]
    assert (10, 4, 6) == (len(server.requests), stats.asked, stats.stored)


def test_refresh(tmp_path: Path) -> None:
    """Stored answers of earlier runs can be passed over; those of the same run still count."""
    store = str(tmp_path / "answers.sqlite")

    async def twice(ask: Ask, desk: Desk) -> list[Answer]:
        return [await ask(prompt("a")), await ask(prompt("a"))]

    with ChatServer(lambda _: "old") as server:
        asked(student(server, store=store), [prompt("a")])
        server._answer = lambda _: "new"
        answers = at_desk(student(server, store=store, refresh=True), twice)
        later, _ = asked(student(server, store=store), [prompt("a")])

    assert ["new", "new", "new"] == contents([*answers, *later])
    assert 2 == len(server.requests)


def test_offline(tmp_path: Path) -> None:
    """Offline nothing is asked: what is not stored has failed, with the reason."""
    store = str(tmp_path / "answers.sqlite")
    with ChatServer(content_of) as server:
        asked(student(server, store=store), [prompt("a")])
        answers, stats = asked(student(server, store=store, offline=True), [prompt("a"), prompt("b")])

    assert ["a", None] == contents(answers)
    assert "not among the stored answers, and offline" == answers[1].failed
    assert (1, 1, 0) == (len(server.requests), stats.failed, stats.asked)


def test_offline_at_another_address(tmp_path: Path) -> None:
    """Where all stored answers of the model are another server's, the reason names it."""
    store = str(tmp_path / "answers.sqlite")
    with ChatServer(content_of) as server:
        asked(student(server, store=store), [prompt("a")])
        elsewhere = AskerSettings("student", base_url="http://127.0.0.1:9/v1", store=store, offline=True)
        answers, _ = asked(elsewhere, [prompt("a"), prompt("b")])

    hint = f"(those of 'student' are of {server.url}; set distil_base_url)"
    assert [f"not among the stored answers {hint}, and offline"] * 2 == [answer.failed for answer in answers]


def test_the_key_is_no_part_of_the_question(tmp_path: Path) -> None:
    """Another key, or another way to write the same URL, finds the same answers; no key is in the file."""
    store = tmp_path / "answers.sqlite"
    with ChatServer(content_of) as server:
        asked(student(server, store=str(store), key="secret-1"), [prompt("a")])
        url = server.url.replace("http://", "http://user:secret-2@") + "/"
        answers, _ = asked(AskerSettings("student", base_url=url, store=str(store), offline=True), [prompt("a")])

    assert ["a"] == contents(answers)
    assert b"secret" not in b"".join(one.read_bytes() for one in tmp_path.iterdir())


def test_failed_answers_are_not_stored(tmp_path: Path) -> None:
    """A prompt that failed is asked again by the next run."""
    store = str(tmp_path / "answers.sqlite")
    with ChatServer(lambda _: error(400, "bad request")) as server:
        (first,), _ = asked(student(server, store=store), [prompt("a")])
        server._answer = content_of
        (second,), _ = asked(student(server, store=store), [prompt("a")])

    assert (True, None) == (first.failed is not None, second.failed)


@pytest.mark.parametrize(
    ("reply", "stored"),
    [
        (Reply(content="{", finish_reason="length"), True),
        (Reply(message={"content": None, "refusal": "no"}), True),
        (error(400, "too much", code="context_length_exceeded"), True),
        (Reply(data="<html>log in</html>"), False),
        (Reply(data={"error": "upstream"}), False),
    ],
)
def test_invalid_answers_of_the_model_are_stored(tmp_path: Path, reply: Reply, *, stored: bool) -> None:
    """What the model answered is stored, usable or not; a proxy's page is kept to the end of the run only."""
    store = str(tmp_path / "answers.sqlite")

    async def twice(ask: Ask, desk: Desk) -> list[Answer]:
        return [await ask(prompt("a")), await ask(prompt("a"))]

    with ChatServer(lambda _: reply) as server:
        first, second = at_desk(student(server, store=store), twice)
        in_one_run = len(server.requests)
        asked(student(server, store=store), [prompt("a")])

    assert (None, first.invalid, True) == (first.failed, second.invalid, second.stored)
    assert (1, 1 if stored else 2) == (in_one_run, len(server.requests))


def test_without_a_store_nothing_is_remembered() -> None:
    """A process that lives long keeps nothing that it was not told to."""

    async def twice(ask: Ask, desk: Desk) -> list[Answer]:
        return [await ask(prompt("a")), await ask(prompt("a"))]

    with ChatServer(content_of) as server:
        at_desk(student(server), twice)

    assert 2 == len(server.requests)


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [16, 64], ids=["default transport", "aiohttp"])
def test_under_fire(tmp_path: Path, concurrency: int) -> None:
    """Refusals, errors, cut connections and slowness delay answers and lose none; none is answered twice."""
    hundred = [str(number) for number in range(100)]
    faults = Faults(limited=0.2, errors=0.05, cut=0.03, slow=0.03, slow_seconds=30.0)
    with ChatServer(content_of, faults=faults) as server:
        settings = student(server, concurrency=concurrency, timeout=2.0, store=str(tmp_path / "answers.sqlite"))
        answers, stats = asked(settings, map(prompt, hundred))

    assert [] == [answer.failed for answer in answers if answer.failed]
    assert hundred == contents(answers)
    assert {1} == set(server.answered.values())
    assert len(server.requests) == stats.requests == 100 + stats.retries
    assert sum(answer.requests for answer in answers) == stats.requests
    assert stats.retries > 20
    assert stats.waited_seconds > 0
    assert stats.fatal is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(401, "Incorrect API key"), "status 401: Incorrect API key; check the API key"),
        (error(404, "no such model", code="model_not_found"), "status 404: no such model; check the model's id"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "no quota: status 429"),
        (error(429, "tomorrow", headers={"retry-after": "86400"}), "the server asks to wait 86400 s: status 429"),
    ],
)
def test_no_use(reply: Reply, reason: str) -> None:
    """After an answer that dooms all prompts no further request is sent, now or later, and the reason is told."""

    async def work(ask: Ask, desk: Desk) -> Any:
        answers = await asyncio.gather(*[ask(prompt(one)) for one in TEN])
        return [*answers, await ask(prompt("later"))], desk.stats()

    with ChatServer(lambda _: reply) as server:
        answers, stats = at_desk(student(server, concurrency=2), work)

    assert {reason} == {(answer.failed or "")[: len(reason)] for answer in answers}
    assert reason == (stats.fatal or "")[: len(reason)]
    assert 11 == stats.failed
    assert len(server.requests) <= 2


def test_no_use_is_for_one_model() -> None:
    """A model that is not there does not stop another one that is."""
    with ChatServer(lambda body: "7" if body["model"] == "student" else error(404, "no such model")) as server:

        async def work(ask: Ask, desk: Desk) -> list[Answer]:
            return [await ask(prompt("a"), model="teacher"), await ask(prompt("a"))]

        answers = at_desk(student(server), work)

    assert [None, "7"] == contents(answers)


def nowhere() -> str:
    """Return the URL of a server that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


@pytest.mark.slow
def test_nobody_there() -> None:
    """A server that cannot be reached is noticed, once for all prompts."""
    url = nowhere()
    answers, stats = asked(AskerSettings("student", base_url=url, concurrency=2), map(prompt, TEN))

    assert 1 == len({answer.failed for answer in answers})
    assert f"nobody answers at {url}: no connection" in (stats.fatal or "")


def test_nobody_answers() -> None:
    """A server that takes requests and says nothing is noticed too, before each prompt was tried again and again."""
    with ChatServer(lambda _: Reply(content="7", delay=60)) as server:
        answers, stats = asked(student(server, concurrency=2, timeout=0.1), map(prompt, TEN))

    assert {f"nobody answers at {server.url}: no answer within 0.1 s"} == {answer.failed for answer in answers}
    assert 4 <= len(server.requests) <= 6
    assert len(server.requests) == stats.requests


@pytest.mark.slow
def test_revived() -> None:
    """In a process that lives long a model that was given up is asked again after a while."""
    with ChatServer(lambda _: error(404, "not loaded yet")) as server:

        async def work(ask: Ask, desk: Desk) -> list[Answer]:
            answers = [await ask(prompt("a")), await ask(prompt("a"))]
            server._answer = content_of
            await asyncio.sleep(0.3)
            return [*answers, await ask(prompt("a"))]

        answers = at_desk(student(server, revive=0.2), work)

    assert [None, None, "a"] == contents(answers)
    assert 2 == len(server.requests)


def test_a_prompt_that_cannot_be_answered() -> None:
    """A prompt that the server refuses fails alone, with the server's words, and is not asked again."""

    def answer(body: dict[str, Any]) -> str | Reply:
        return error(400, "unsafe") if content_of(body) == "3" else "ok"

    with ChatServer(answer) as server:
        answers, stats = asked(student(server), map(prompt, TEN))

    assert ["status 400: unsafe"] == [one.failed for one in answers if one.failed]
    assert (10, 0, None) == (len(server.requests), stats.retries, stats.fatal)


def test_too_many_prompts() -> None:
    """After the highest number of prompts asking stops, and says which setting it was."""
    with ChatServer(content_of) as server:
        answers, stats = asked(student(server, max_requests=4), map(prompt, TEN))

    assert TEN[:4] + [None] * 6 == contents(answers)
    assert "more than 4 prompts; distil_max_requests is the limit" == answers[-1].failed
    assert (4, 6) == (len(server.requests), stats.failed)


def test_stop() -> None:
    """Stopping fails what has no answer yet, and all that comes; answers that arrived stay."""

    async def work(ask: Ask, desk: Desk) -> tuple[list[Answer], Stats]:
        first = await ask(prompt("first"))
        waiting = [ask(prompt(one)) for one in TEN]
        await asyncio.sleep(0.05)
        await desk.stop("interrupted")
        return [first, *await asyncio.gather(*waiting), await ask(prompt("later"))], desk.stats()

    with ChatServer(lambda body: Reply(content="7", delay=0 if content_of(body) == "first" else 30)) as server:
        answers, stats = at_desk(student(server, concurrency=2), work)

    assert ["7"] + [None] * 11 == contents(answers)
    assert {"interrupted"} == {answer.failed for answer in answers[1:]}
    assert ("interrupted", 0) == (stats.fatal, stats.outstanding)


def test_a_damaged_store(tmp_path: Path) -> None:
    """A store that cannot be used is reported, and the run goes on."""
    store = tmp_path / "answers.sqlite"
    store.write_bytes(b"no database" * 100)
    with ChatServer(content_of) as server:
        answers, stats = asked(student(server, store=str(store)), map(prompt, TEN))

    assert TEN == contents(answers)
    assert "is damaged" in stats.messages[0]


MISSING = ", ".join(name for name in TO_SERVE if find_spec(name) is None)
NO_LOCAL = f"{MISSING} missing; install it" if MISSING else "'local:x' is asked in test runs"
"""What is said of a local model, with the extra and without."""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (AskerSettings("student"), "'student' is served somewhere, and no base URL was given"),
        (AskerSettings("memory:best"), "--distil-eval: 'memory:best' is none of"),
        (AskerSettings("local:x"), NO_LOCAL),
        (AskerSettings("memory:lookup", examples=("nowhere.jsonl",)), "nowhere.jsonl: no such file"),
    ],
)
def test_no_model(settings: AskerSettings, reason: str) -> None:
    """A model that cannot be asked fails each prompt with the reason, and the numbers tell it."""
    answers, stats = asked(settings, [prompt("a"), prompt("b")])

    assert {reason} == {(answer.failed or "")[: len(reason)] for answer in answers}
    assert reason in (stats.fatal or "")


@pytest.mark.parametrize("odd", ["\ud800", float("nan")])
def test_prompts_that_cannot_be_sent(odd: Any) -> None:
    """A prompt that has no UTF-8 or no JSON fails alone."""
    with ChatServer(content_of) as server:
        answers, _ = asked(student(server), [prompt("a", odd=odd), prompt("b")])

    assert [None, "b"] == contents(answers)
    assert answers[0].failed


def test_memory(tmp_path: Path) -> None:
    """Models without a server answer too; nothing is stored for them, and nothing sent."""
    calls = tmp_path / "calls.jsonl"
    line = {"task": "task", "arguments": {"text": "a"}, "result": 7, "held_out": False}
    calls.write_text(json.dumps(line), encoding="utf-8")
    store = tmp_path / "answers.sqlite"
    settings = AskerSettings("memory:lookup", store=str(store), examples=(str(calls),), max_requests=0, offline=True)
    answers, stats = asked(settings, [prompt("a"), prompt("b")])

    assert ["7", None] == [answer.result for answer in answers]
    assert "not among the training examples" == answers[1].invalid
    assert (2, 0, False) == (stats.asked, stats.requests, store.exists())


def test_recorded(tmp_path: Path) -> None:
    """A prompt that was not recorded fails, and the others are answered."""
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps({"prompt": prompt("a").digest(), "message": {"content": "7"}}), encoding="utf-8")
    answers, stats = asked(AskerSettings(f"recorded:{file}"), [prompt("a"), prompt("b")])

    assert ["7", None] == contents(answers)
    assert "not recorded" in (answers[1].failed or "")
    assert (None, 1, 0, 0) == (stats.fatal, stats.failed, stats.requests, answers[1].requests)


def test_what_the_server_sees_is_the_prompt() -> None:
    """Bodies arrive as they were written."""
    one = prompt("ä\u2028", temperature=0, response_format={"type": "json_object"})
    with ChatServer(content_of) as server:
        asked(student(server), [one])

    assert {prompt_of(dict(one.body)): 1} == dict(server.tries)
