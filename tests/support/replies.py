"""What the chat server of `support.server` replies, and what it does wrong on purpose."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One response; what is not given is as a well-behaved server does it."""

    content: str | None = None
    """The assistant's text."""
    message: Mapping[str, Any] | None = None
    """The whole message, in place of `content`."""
    data: Any = None
    """The whole body as JSON, or as it is where it is text or bytes, in place of a completion."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    model: str | None = None
    """The model that is said to have answered; None: the one asked for."""
    delay: float = 0.0
    """Seconds, on top of the server's latency."""
    cut: bool = False
    """Close the connection without a response."""


@dataclass(frozen=True)
class Faults:
    """Shares of requests that go wrong; which ones is a function of prompt, try and seed."""

    limited: float = 0.0
    """Status 429."""
    retry_after: Mapping[str, str] = field(default_factory=lambda: {"retry-after-ms": "50"})
    errors: float = 0.0
    """Status 500."""
    cut: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 5.0
    seed: int = 0


def prompt_of(body: Mapping[str, Any]) -> str:
    """Return what a request asks, as a digest: everything but the model."""
    asked = {name: value for name, value in body.items() if name != "model"}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def error(
    status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    """Return a response that says in OpenAI's way what went wrong."""
    return Reply(
        status=status,
        data={"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code, **more}},
        headers=headers or {},
    )


def fault_of(faults: Faults, prompt: str, tries: int) -> Reply | None:
    """Return what goes wrong with a request, None where nothing does."""
    at = random.Random(f"{faults.seed} {prompt} {tries}").random()  # noqa: S311 - faults to order, no secrets
    for share, reply in (
        (faults.limited, error(429, "slow down", code="rate_limit_exceeded", headers=faults.retry_after)),
        (faults.errors, error(500, "try again")),
        (faults.cut, Reply(cut=True)),
        (faults.slow, Reply(delay=faults.slow_seconds, cut=True)),
    ):
        if at < share:
            return reply
        at -= share
    return None


def response_of(reply: Reply, body: Body) -> bytes:
    """Return a response as it goes over the wire."""
    data = reply.data if reply.data is not None else _completion(reply, body)
    content = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else json.dumps(data).encode()
    headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(content))}
    lines = [f"HTTP/1.1 {reply.status} ok", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _completion(reply: Reply, body: Body) -> Body:
    message = {"role": "assistant", **(reply.message or {"content": reply.content, "refusal": None})}
    usage = {
        "prompt_tokens": len(json.dumps(body.get("messages"))) // 4,
        "completion_tokens": len(json.dumps(message)) // 4,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": reply.model or body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": usage | {"total_tokens": sum(usage.values())},
    }
