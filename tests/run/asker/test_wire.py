from __future__ import annotations

import json
from multiprocessing import Pipe
from queue import SimpleQueue
from typing import Any

import pytest

from pytest_distil.core.prompt import Prompt, Usage
from pytest_distil.run.asker.wire import Address, AskerSettings, Stats, pack, prompt_to_json, receive, send_from

SETTINGS = AskerSettings(
    "student", base_url="http://host/v1", key="secret", concurrency=7, store="a.sqlite", examples=("x", "y")
)


def test_settings_travel() -> None:
    """Settings are plain JSON on the way, key and all."""
    assert SETTINGS == AskerSettings.from_json(json.loads(json.dumps(SETTINGS.to_json())))


def test_the_key_is_not_printed() -> None:
    """A key does not slip into a traceback or a log."""
    assert "secret" not in repr(SETTINGS)


def test_stats_travel() -> None:
    """Numbers are plain JSON on the way."""
    stats = Stats(asked=3, waited_seconds=0.5, usage=Usage(1, 2, 3, 4), messages=("set aside",), fatal="no quota")

    assert stats == Stats.from_json(json.loads(json.dumps(stats.to_json())))


@pytest.mark.parametrize(
    ("place", "family", "target"),
    [("/run/a#b/s", "AF_UNIX", "/run/a#b/s"), ("127.0.0.1:4711", "AF_INET", ("127.0.0.1", 4711))],
)
def test_addresses_travel(place: str, family: str, target: Any) -> None:
    """An address is one plain string on the way, whatever stands in a path."""
    address = Address(place, b"\x00#key")

    assert address == Address.from_text(address.to_text())
    assert (family, target) == (address.family, address.target)
    assert "key" not in repr(address).replace("authkey", "")


def test_any_text_travels() -> None:
    """Messages are ASCII, so that a lone surrogate comes through, and what comes back is what was sent."""
    prompt = Prompt("t", {"a": "ä \ud800 \u2028"}, {"messages": []})
    here, there = Pipe()
    packed = pack(
        {"kind": "ask", "id": 1, "prompt": prompt_to_json(prompt), "model": None, "repeat": 0, "prefetch": False}
    )
    queue: SimpleQueue[bytes | None] = SimpleQueue()
    for one in (packed, packed, None):
        queue.put(one)
    with here, there:
        send_from(queue, here)
        received, again = receive(there)

    assert packed.isascii()
    assert prompt == Prompt(**received["prompt"])
    assert received == again
