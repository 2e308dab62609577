"""Answers for the chat server of `support.server` that are known beforehand: the last turns of training lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .replies import Body, Reply, error

Line = Mapping[str, Any]
"""A training line: `messages`, the last of which is the answer."""


def read_answers(files: Iterable[Path]) -> list[Line]:
    """Read training lines, such as a session's `<dataset>.train.jsonl` and `<dataset>.held_out.jsonl`."""
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def from_lines(lines: Iterable[Line], *, right: float = 100.0) -> Callable[[Body], Reply]:
    """Return what answers as the lines do, except for a share of (100 - right) percent of the prompts.

    Those get the answer of another prompt, one that differs; which ones they are is a function of the prompts.
    """
    known = {_asked(line["messages"][:-1]): _answer(line["messages"][-1]) for line in lines}
    order = sorted(known)
    for at, prompt in enumerate(order[: round(len(order) * (100 - right) / 100)]):
        others = (known[order[(at + step) % len(order)]] for step in range(1, len(order)))
        known[prompt] = next(other for other in others if other != known[prompt])

    def answer(body: Body) -> Reply:
        message = known.get(_asked(body["messages"]))
        return error(400, "no training line has this prompt") if message is None else Reply(message=message)

    return answer


def _answer(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in ("role", "weight")}


def _asked(messages: Any) -> str:
    return hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()
