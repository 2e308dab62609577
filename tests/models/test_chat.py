from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer, Prompt, Unanswered, Usage
from pytest_distil.models.chat import Chat
from pytest_distil.models.endpoint import Endpoint
from support.server import ChatServer, Reply, error

BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 64}


def ask(url: str, *bodies: Mapping[str, Any], key: str | None = "key-1234", timeout: float = 5.0) -> list[Answer]:
    """Ask one model, one prompt after the other."""

    async def asking() -> list[Answer]:
        model = Chat.at(Endpoint(url, key), "student", concurrency=4, timeout=timeout)
        try:
            return [await model.ask(Prompt("task", {}, body)) for body in bodies or [BODY]]
        finally:
            await model.aclose()

    return asyncio.run(asking())


def asked(reply: Reply | str, **options: Any) -> Answer:
    """Ask a server that always replies the same."""
    with ChatServer(lambda _: reply) as server:
        return ask(server.url, **options)[0]


def test_answer() -> None:
    """An answer has the message, the model that says it answered, and the tokens."""
    answer = asked(Reply(message={"content": "7", "refusal": None, "reasoning_content": "hm"}, model="student-v2"))

    assert {"content": "7"} == answer.message
    assert ("stop", None, None) == (answer.finish_reason, answer.invalid, answer.failed)
    assert ("student-v2", 1) == (answer.served_model, answer.requests)
    assert answer.usage.prompt_tokens
    assert answer.usage.completion_tokens


def test_request() -> None:
    """The server gets the body as it is, with the model, and the key."""
    body = BODY | {"tools": [{"type": "function", "function": {"name": "f"}}], "guided_json": {"not": "in the SDK"}}
    with ChatServer(lambda _: "7") as server:
        ask(server.url, body)

    assert [{"model": "student", **body}] == server.requests
    assert "Bearer key-1234" == server.headers[0]["authorization"]


@pytest.mark.parametrize("name", ["tool_calls", "function_call", "refusal"])
def test_messages_without_content(name: str) -> None:
    """A message may say its result in a call, or refuse: that is for the format to judge."""
    answer = asked(Reply(message={"content": None, name: "something"}))

    assert ({name: "something"}, None) == (answer.message, answer.invalid)


def test_usage() -> None:
    """Tokens are taken apart as far as the server does."""
    counted = {
        "prompt_tokens": 20,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    choices = [{"message": {"content": "7"}}]

    assert Usage(20, 16, 9, 4) == asked(Reply(data={"choices": choices, "usage": counted})).usage


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": "many", "prompt_tokens_details": 3}])
def test_odd_usage(usage: Any) -> None:
    """A server that does not count is none the worse for it."""
    answer = asked(Reply(data={"choices": [{"message": {"content": "7"}}], "usage": usage}))

    assert (Usage(), {"content": "7"}) == (answer.usage, answer.message)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<!DOCTYPE html><title>Log in</title>", "HTML instead of JSON: <!DOCTYPE html>"),
        ("data: {}", "not JSON: data: {}"),
        ("", "an empty response"),
        ("[" * 100_000, "not JSON: ["),
        ([1], "no chat completion: [1]"),
        ({"error": {"message": "upstream is down", "code": 502}}, "an error under a good status: upstream is down"),
        ({"error": "out of memory"}, "an error under a good status: out of memory"),
        ({"choices": []}, "no choices"),
        ({"choices": None}, "no choices"),
        ({"choices": ["7"]}, "no message in the first choice"),
        ({"choices": [{"index": 0}]}, "no message in the first choice"),
        ({"choices": [{"message": "7"}]}, "no message in the first choice"),
        ({"choices": [{"message": {}}]}, "empty message"),
        ({"choices": [{"message": {"content": None, "reasoning_content": "hm"}}]}, "empty message"),
    ],
)
def test_what_is_no_completion(data: Any, reason: str) -> None:
    """A response without a message is an invalid answer that says what came instead, not a failed one."""
    answer = asked(Reply(data=data))

    assert answer.failed is None
    assert reason == (answer.invalid or "")[: len(reason)]


@pytest.mark.parametrize(
    ("finish_reason", "reason"), [("length", "truncated"), ("content_filter", "content filter"), ("tool_calls", None)]
)
def test_ended_too_early(finish_reason: str, reason: str | None) -> None:
    """A message that was cut is invalid, and is kept."""
    answer = asked(Reply(content='{"value": 7', finish_reason=finish_reason))

    assert ({"content": '{"value": 7'}, reason) == (answer.message, answer.invalid)


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded"),
        error(400, "the request exceeds the available context size (512 tokens)", type="exceed_context_size_error"),
        error(400, "'max_tokens' is too large: 64. This model's maximum context length is 40 tokens"),
        error(413, "prompt is too long: 300000 tokens > 200000 maximum"),
    ],
)
def test_too_long(reply: Reply) -> None:
    """A prompt over the context is the model's limit, not a failure of asking."""
    answer = asked(reply)

    assert ("too long", None) == (answer.invalid, answer.failed)


def unanswered(reply: Reply, **options: Any) -> Unanswered:
    """Return what is raised where a server always replies the same."""
    with pytest.raises(Unanswered) as raised:
        asked(reply, **options)
    return raised.value


@pytest.mark.parametrize(
    ("reply", "flags"),
    [
        (error(401, "Incorrect API key"), "fatal"),
        (error(402, "Payment required"), "fatal"),
        (error(403, "Country not supported"), "fatal"),
        (error(404, "The model `student` does not exist", code="model_not_found"), "fatal"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "fatal"),
        (error(429, "Insufficient Balance"), "fatal"),
        (error(429, "Rate limit reached"), "retry limited"),
        (error(408, "too slow"), "retry"),
        (error(409, "locked"), "retry"),
        (error(500, "oops"), "retry"),
        (error(503, "overloaded"), "retry"),
        (Reply(status=502, data="<html>bad gateway</html>"), "retry"),
        (error(500, "never", headers={"x-should-retry": "false"}), ""),
        (error(400, "Invalid schema for response_format"), ""),
        (error(403, "Your input was flagged by moderation"), ""),
        (error(422, "unprocessable"), ""),
    ],
)
def test_statuses(reply: Reply, flags: str) -> None:
    """Each status says whether to try again, to slow down, or to give up."""
    raised = unanswered(reply)
    told = [name for name in ("retry", "limited", "fatal") if getattr(raised, name)]

    assert flags == " ".join(told)
    assert raised.reached
    assert f"status {reply.status}" in raised.reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: Mapping[str, str], seconds: float | None) -> None:
    """A server's wait is read in each of its three forms; nonsense is none."""
    assert seconds == unanswered(error(429, "slow down", headers=headers)).retry_after


def test_retry_after_a_date_to_come() -> None:
    """A date to come is a wait until then."""
    raised = unanswered(error(503, "later", headers={"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"}))

    assert raised.retry_after is not None
    assert raised.retry_after > 3600


def test_the_key_is_not_repeated() -> None:
    """A server that repeats the key does not bring it into a reason."""
    raised = unanswered(error(401, "Received=key-1234, expected another"))

    assert "key-1234" not in raised.reason
    assert "check the API key" in raised.reason


def test_cut_connection() -> None:
    """A connection that is cut is tried again, and nobody was reached."""
    raised = unanswered(Reply(cut=True))

    assert (True, False, False) == (raised.retry, raised.reached, raised.fatal)


def test_nobody_there() -> None:
    """A refused connection is tried again, and nobody was reached."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(Unanswered, match="no connection") as raised:
        ask(url)

    assert (True, False) == (raised.value.retry, raised.value.reached)


def test_too_slow() -> None:
    """A server that takes too long was reached, and is tried again."""
    raised = unanswered(Reply(content="7", delay=30.0), timeout=0.1)

    assert (True, True, True) == (raised.retry, raised.reached, raised.silent)


def test_idle_connections_are_not_too_slow() -> None:
    """The time for one request does not run on in the connection that the next one uses."""

    async def asking(url: str) -> list[Answer]:
        model = Chat.at(Endpoint(url), "student", concurrency=64, timeout=0.2)
        answers = []
        for pause in (0.0, 0.1, 0.3):
            await asyncio.sleep(pause)
            answers.append(await model.ask(Prompt("task", {}, BODY)))
        await model.aclose()
        return answers

    with ChatServer(lambda _: "7") as server:
        answers = asyncio.run(asking(server.url))

    assert [{"content": "7"}] * 3 == [answer.message for answer in answers]


def picky(*refusals: tuple[str, Reply]) -> Any:
    """Return what refuses requests that have a parameter, and answers others."""

    def answer(body: dict[str, Any]) -> Reply:
        return next((reply for name, reply in refusals if name in body), Reply(content="7"))

    return answer


NO_TEMPERATURE = error(
    400,
    "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
    code="unsupported_value",
    param="temperature",
)
OTHER_LIMIT = error(
    400,
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    code="unsupported_parameter",
    param="max_tokens",
)
NO_LIMIT = error(422, "max_completion_tokens: unknown field")


@pytest.mark.parametrize(
    ("refusals", "sent"),
    [
        ([("temperature", NO_TEMPERATURE)], {"max_tokens": 64}),
        ([("temperature", error(400, "`temperature` is deprecated for this model."))], {"max_tokens": 64}),
        ([("max_tokens", OTHER_LIMIT)], {"temperature": 0, "max_completion_tokens": 64}),
        ([("max_tokens", OTHER_LIMIT), ("temperature", NO_TEMPERATURE)], {"max_completion_tokens": 64}),
        ([("max_tokens", OTHER_LIMIT), ("max_completion_tokens", NO_LIMIT)], {"temperature": 0}),
    ],
)
def test_refused_parameters(refusals: list[tuple[str, Reply]], sent: dict[str, Any]) -> None:
    """What an endpoint does not take is left out or renamed at once, and from then on."""
    with ChatServer(picky(*refusals)) as server:
        first, second = ask(server.url, BODY, BODY)

    assert (len(refusals) + 1, 1) == (first.requests, second.requests)
    assert {"content": "7"} == first.message == second.message
    assert {"model": "student", "messages": BODY["messages"], **sent} == server.requests[-1]


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "max_tokens is too large: 64. This model supports at most 32 completion tokens", param="max_tokens"),
        Reply(status=422, data={"detail": [{"msg": "bad schema", "input": {"temperature": 0, "max_tokens": 64}}]}),
    ],
)
def test_what_is_no_refused_parameter(reply: Reply) -> None:
    """A value that is refused for its size, and a request that is repeated to us, do not change later requests."""
    with ChatServer(lambda _: reply) as server, pytest.raises(Unanswered, match=f"status {reply.status}"):
        ask(server.url)

    assert 1 == len(server.requests)
