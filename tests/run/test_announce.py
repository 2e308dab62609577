"""What is said before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.run.announce import announcement, dry_run
from pytest_distil.run.asker.wire import AskerSettings
from support.calls import example, recorded, settings

THERE = AskerSettings("m", base_url="http://user:secret@localhost:8000/v1?key=secret")

SESSION = recorded(*(example(n, f"test_{n}") for n in range(10)))

TESTS = [f"test_{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "up to 10 prompts of about 330 tokens go to m at"),
        ({"repeat": 3}, "up to 30 prompts of about 990 tokens"),
        ({"shots": 2}, ", each with 2 examples before it, go to m at"),
        ({"max_requests": 4}, "(distil_max_requests stops it after 4)"),
        ({"offline": True}, "offline: stored answers of m at http://localhost:8000/v1, and nothing is asked"),
        ({"models": {"": "m", "double": "n"}}, "go to m, n at http://localhost:8000/v1"),
        ({"models": {"": "m", "double": "memory:nearest"}}, "no session holds calls of these tests"),
        ({"sample": 0.0}, "no session holds calls of these tests"),
    ],
)
def test_the_line(more: dict[str, Any], says: str) -> None:
    """One line says how many prompts and tokens go where; no password, no key."""
    line = announcement(settings(**more), THERE, SESSION, TESTS) or ""

    assert says in line
    assert "secret" not in line
    assert "\n" not in line


def test_some_tests() -> None:
    """Only the calls of the tests that will run are counted."""
    line = announcement(settings(), THERE, SESSION, ["test_1", "test_2", "test_99"]) or ""

    assert "up to 2 prompts" in line


def test_no_server() -> None:
    """Nothing is said where nothing leaves the machine."""
    assert announcement(settings(), AskerSettings("memory:nearest"), SESSION, TESTS) is None


def test_a_dry_run() -> None:
    """A dry run tells number, length and place, by task where there are several."""
    prompts = {("a", "1"): 400, ("a", "2"): 800, ("b", "1"): 4000}
    lines = dry_run(settings(), prompts, {"DISTIL_BASE_URL": "http://localhost:8000/v1"})

    assert [
        "3 prompts of about 1,300 tokens would go to m at http://localhost:8000/v1; nothing was asked",
        "the longest is about 1,000 tokens, the median 200",
        "a: 2 prompts of about 300 tokens",
        "b: 1 prompt of about 1,000 tokens",
    ] == lines
    assert ["nothing would be asked: the tests that ran called no marked function"] == dry_run(settings(), {}, {})
    assert "would go to memory:nearest; nothing" in dry_run(settings(models={"": "memory:nearest"}), prompts, {})[0]
