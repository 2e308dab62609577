"""How sure a number is: asking again, running the original again, and examples shown in place of training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from pytest_distil.core.report import comparable
from support.evaluating import Project, answering, arguments_of
from support.labels import LABELS, NUMBERS, THIRTY, parity, wrong_for
from support.server import ChatServer, Reply

ALL = "--distil-gate-on=all"

RESTLESS = """
    from pydantic import BaseModel
    from pytest_distil import distil

    seen = {}

    class Draw(BaseModel):
        n: int
        mood: str

    @distil
    def draw(n: int) -> Draw:
        seen[n] = seen.get(n, -1) + 1
        return Draw(n=n, mood="good" if n % 5 or not seen[n] else "bad")
"""
"""An original that changes its mind about every fifth call."""

DRAWS = """
    import pytest
    from restless import draw

    @pytest.mark.parametrize("n", range(20))
    def test_draw(n):
        assert draw(n).n == n
"""


class Fickle:
    """Answers right at first, then wrong about some numbers; counts rounds by number."""

    def __init__(self, wrong_later: set[int]) -> None:
        self._wrong_later = wrong_later
        self._rounds: Counter[int] = Counter()
        self._lock = Lock()

    def __call__(self, body: Mapping[str, Any]) -> Reply:
        n = arguments_of(body)["n"]
        with self._lock:
            self._rounds[n] += 1
            is_wrong = n in self._wrong_later and self._rounds[n] > 1
        return Reply(content=json.dumps({"value": parity(n + is_wrong)}))


@pytest.fixture
def labels(tmp_path: Path) -> Project:
    """Return the small suite, collected."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    project.collect()
    return project


def test_asking_again(labels: Project) -> None:
    """Agreement is the mean over rounds, not a majority; calls with several answers are counted and listed."""
    with ChatServer(Fickle({0, 1, 2})) as server:
        ran = labels.evaluate(server, "--distil-repeat=3", "-v", "--distil-concurrency=1")
        again = labels.evaluate(server, "--distil-repeat=3")

    repeats = ran.report["repeats"]
    unstable = [one for one in ran.report["trials"] if len({each["verdict"] for each in one["repeats"]}) > 1]
    assert 3 * len(NUMBERS) == len(server.requests) == ran.report["usage"]["requests"]
    assert (30, 3) == (repeats["calls"], repeats["unstable"])
    assert pytest.approx((90 - 6) / 90) == ran.report["totals"]["agreement"]
    assert [0, 1, 2] == sorted(one["arguments"]["n"] for one in unstable)
    assert "asked 3 times: 90 % to 100 % by round; 3 of 30 calls unstable" in ran.out
    assert comparable(ran.report) == comparable(again.report)
    assert 90 == again.report["usage"]["stored"]


def test_more_rounds_ask_only_the_new_ones(labels: Project) -> None:
    """A round is stored by its number: asking three times after two asks once more."""
    with ChatServer(answering(wrong_for(()))) as server:
        labels.evaluate(server, "--distil-repeat=2")
        ran = labels.evaluate(server, "--distil-repeat=3")

    assert 30 == ran.report["usage"]["requests"]
    assert 60 == ran.report["usage"]["stored"]


def test_the_original_against_itself(tmp_path: Path) -> None:
    """The original's own noise is told beside the model's agreement, by field, and masks nothing."""
    project = Project(tmp_path, restless=RESTLESS, test_draw=DRAWS)
    right = answering(lambda _, arguments: {"n": arguments["n"], "mood": "good"})
    with ChatServer(right) as server:
        ran = project.evaluate(server, "--distil-noise", "--distil-session=none", ALL, "--distil-fail-under=99")

    noise = ran.report["noise"]
    assert 20 == ran.report["totals"]["agree"]
    assert (16, 4) == (noise["agree"], noise["differ"])
    assert [{"path": "mood", "differ": 4}] == noise["fields"]
    assert "model against original 100 %, original against itself 80 %, on 20 calls" in ran.out
    assert pytest.ExitCode.OK == ran.status


@pytest.mark.parametrize(("wrong", "status"), [(range(4), 0), (range(6), 1)])
def test_gating_on_noise(tmp_path: Path, wrong: range, status: int) -> None:
    """A gate may ask for what the original reaches against itself, and for no more."""
    project = Project(tmp_path, restless=RESTLESS, test_draw=DRAWS)
    moods = answering(lambda _, arguments: {"n": arguments["n"], "mood": "bad" if arguments["n"] in wrong else "good"})
    with ChatServer(moods) as server:
        ran = project.evaluate(server, "--distil-noise", "--distil-session=none", ALL, "--distil-fail-under-noise")

    assert status == ran.status
    assert "the original agrees with itself on 80 % of the judged calls" in ran.out


def test_workers_do_not_change_noise(tmp_path: Path) -> None:
    """Rounds and second runs are the same on several workers."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    project.collect()
    options = ("--distil-noise", "--distil-repeat=2", "--distil-shots=2")
    with ChatServer(answering(wrong_for({1, 8}))) as server:
        alone = project.evaluate(server, *options)
        asked = len(server.requests)
        (project.folder / ".distil" / "answers.sqlite").unlink()
        together = project.evaluate(server, *options, "-n2", plugins=("xdist",))

    assert comparable(alone.report) == comparable(together.report)
    assert 2 * asked == len(server.requests) == 120
    assert 30 == together.report["noise"]["agree"]


def test_examples_are_shown(labels: Project) -> None:
    """With --distil-shots the nearest training examples stand before a call as messages, and never the call itself."""
    with ChatServer(answering(wrong_for(()))) as server:
        ran = labels.evaluate(server, "--distil-shots=2")
    examples = labels.folder.glob(".distil/sessions/*/*.train.jsonl")
    lines = [line for one in examples for line in one.read_text(encoding="utf-8").splitlines()]
    training = {json.loads(line)["messages"][1]["content"] for line in lines}

    assert 30 == ran.report["totals"]["agree"]
    for body in server.requests:
        roles = [message["role"] for message in body["messages"]]
        shown = [message["content"] for message in body["messages"][1:-1:2]]
        assert ["system", "user", "assistant", "user", "assistant", "user"] == roles
        assert training >= {*shown}
        assert body["messages"][-1]["content"] not in shown
        for call, reply in zip(shown, body["messages"][2:-1:2], strict=True):
            assert {"value": parity(json.loads(call)["n"])} == json.loads(reply["content"])


def test_examples_are_another_question(labels: Project) -> None:
    """Answers with and without examples are stored apart."""
    with ChatServer(answering(wrong_for(()))) as server:
        labels.evaluate(server)
        labels.evaluate(server, "--distil-shots=1")
        labels.evaluate(server, "--distil-shots=1")

    assert 60 == len(server.requests)


def test_examples_without_a_session(labels: Project) -> None:
    """Without a session there is nothing to show, and the run says so before anything is asked."""
    with ChatServer(answering(wrong_for(()))) as server:
        ran = labels.evaluate(server, "--distil-shots=2", "--distil-session=none")

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert "--distil-shots" in ran.err
    assert [] == server.requests
