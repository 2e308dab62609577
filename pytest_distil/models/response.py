"""What stands in the response of a server that says all is well: nothing in it is taken for granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_distil.core.prompt import Answer, Usage

_KEPT = ("content", "refusal", "tool_calls", "function_call")
"""What a message can say its result in; reasoning, audio and annotations are not kept."""

_CUT = {"length": "truncated", "content_filter": "content filter"}
"""Reasons for ending too early, and what they are called."""

_EXCERPT = 100


def read(content: bytes, *, requests: int) -> Answer:
    """Return the answer in a chat completion; one that is none is invalid, with its reason."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return Answer(invalid=_not_json(content), requests=requests)
    if not isinstance(data, Mapping):
        return Answer(invalid=f"no chat completion: {_excerpt(content)}", requests=requests)
    choice = _first_choice(data)
    if choice is None:
        return Answer(invalid=_no_choice(data), served_model=_text(data.get("model")), requests=requests)
    message = {name: choice["message"][name] for name in _KEPT if choice["message"].get(name) is not None}
    finish_reason = _text(choice.get("finish_reason"))
    return Answer(
        message=message,
        finish_reason=finish_reason,
        invalid=_CUT.get(finish_reason or "") or (None if message else "empty message"),
        served_model=_text(data.get("model")),
        usage=_usage(data.get("usage")),
        requests=requests,
    )


def _first_choice(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first choice that has a message."""
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        return None
    return choices[0] if isinstance(choices[0].get("message"), Mapping) else None


def _no_choice(data: Mapping[str, Any]) -> str:
    if error := data.get("error"):
        message = error.get("message", error) if isinstance(error, Mapping) else error
        return f"an error under a good status: {_short(str(message))}"
    return "no message in the first choice" if data.get("choices") else "no choices"


def _not_json(content: bytes) -> str:
    what = "HTML instead of JSON" if content.lstrip()[:1] == b"<" else "not JSON"
    return f"{what}: {_excerpt(content)}" if content.strip() else "an empty response"


def _excerpt(content: bytes) -> str:
    return _short(content[: 4 * _EXCERPT].decode(errors="replace"))


def _short(text: str) -> str:
    return " ".join(text.split())[:_EXCERPT]


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, Mapping):
        return Usage()
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(counts: Any, name: str) -> int:
    count = counts.get(name) if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) else 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
