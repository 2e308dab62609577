"""The chat server that other tests ask is as good, and as bad, as it says."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from support.known import from_lines
from support.server import ChatServer, Faults, Reply, prompt_of

LINES = [
    {"messages": [{"role": "user", "content": f"{number}"}, {"role": "assistant", "content": f"{number % 7}"}]}
    for number in range(40)
]


def post(url: str, body: dict[str, Any]) -> Any:
    """Send a request without the SDK."""
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode())  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 - the same
        return json.loads(response.read())


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Started as a command it prints its URL, answers as training lines do, and ends with its standard input."""
    file = tmp_path / "training.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "tests.support.server", "--answers", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        completion = post(url, {"model": "student", "messages": LINES[9]["messages"][:-1], "temperature": 0})
        process.stdin.close()

    assert ("2", "student") == (completion["choices"][0]["message"]["content"], completion["model"])
    assert 0 == process.returncode


@pytest.mark.parametrize(("right", "number"), [(100.0, 40), (95.0, 38), (50.0, 20), (0.0, 0)])
def test_share_of_right_answers(right: float, number: int) -> None:
    """Exactly the share that was asked for is right; each other prompt gets another answer."""
    answer = from_lines(LINES, right=right)
    given = [answer({"messages": line["messages"][:-1]}).message for line in LINES]

    assert number == sum(
        reply is not None and reply["content"] == line["messages"][-1]["content"]
        for reply, line in zip(given, LINES, strict=True)
    )
    assert None not in given


def test_unknown_prompts() -> None:
    """A prompt of no line is an error."""
    assert 400 == from_lines(LINES)({"messages": [{"role": "user", "content": "else"}]}).status


def test_faults_are_to_order() -> None:
    """Which requests go wrong is the same in every run, and as many as asked for, more or less."""
    from support.replies import fault_of

    faults = Faults(limited=0.2, errors=0.05, cut=0.02)
    found = [fault_of(faults, str(prompt), 1) for prompt in range(2000)]
    limited = sum(reply is not None and reply.status == 429 for reply in found)

    assert found == [fault_of(faults, str(prompt), 1) for prompt in range(2000)]
    assert 300 < limited < 500
    assert [None] * 20 == [fault_of(Faults(), str(prompt), 1) for prompt in range(20)]


def test_counts() -> None:
    """Requests are counted by prompt, and those that were answered apart."""
    bodies: list[dict[str, Any]] = [{"model": model, "messages": []} for model in ("a", "b")]
    with ChatServer(lambda body: Reply(content="7", cut=body["model"] == "b")) as server:
        post(server.url, bodies[0])
        with pytest.raises(OSError, match="closed connection"):
            post(server.url, bodies[1])

    assert bodies == server.requests
    assert ({prompt_of(bodies[0]): 2}, {prompt_of(bodies[0]): 1}) == (dict(server.tries), dict(server.answered))


def test_models() -> None:
    """The list of models can be read."""
    with ChatServer(lambda _: "7") as server, urllib.request.urlopen(f"{server.url}/models") as response:  # noqa: S310
        assert ["any"] == [model["id"] for model in json.loads(response.read())["data"]]
