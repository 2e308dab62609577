"""Live tasks, what sessions hold of them, and somebody who answers at once: for evaluating without pytest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pytest_distil.core.call import Example, fingerprint
from pytest_distil.core.dataset import Rules, held_out_side
from pytest_distil.core.manifest import Manifest, TaskNumbers
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import compact
from pytest_distil.mark import tap
from pytest_distil.mark.decorator import distil
from pytest_distil.mark.task import Task, find
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.inside import Trying
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.typed import TypedTask

NO_RULES = Rules(holdout=0.0, holdout_by="call", validation=0.0, conflicts="drop")


@distil(name="calls.double")
def double(n: int) -> int:
    """Double a number."""
    if n < 0:
        raise ValueError(n)
    return 2 * n


@distil(name="calls.outer")
def outer(n: int) -> int:
    """Double a number by way of the other function."""
    return double(n)


def task(name: str = "calls.double") -> Task:
    """Return a live task."""
    found = find(name)
    assert found is not None
    return found


class Model:
    """Answers every prompt by a function of its arguments, at once or when told to; counts what it was asked."""

    def __init__(self, answer: Callable[[Any], Any] = lambda given: 2 * given["n"], *, at_once: bool = True) -> None:
        self.asked: list[tuple[Prompt, str | None, int, bool]] = []
        self._answer = answer
        self._at_once = at_once
        self._open: list[tuple[Ticket[Answer], Prompt]] = []

    def submit(
        self, prompt: Prompt, *, model: str | None = None, repeat: int = 0, prefetch: bool = False
    ) -> Ticket[Answer]:
        """Note a prompt, and answer it."""
        ticket = Ticket[Answer]()
        self.asked.append((prompt, model, repeat, prefetch))
        self._open.append((ticket, prompt))
        if self._at_once:
            self.land()
        return ticket

    def land(self) -> None:
        """Answer what was asked so far."""
        for ticket, prompt in self._open:
            value = self._answer(prompt.arguments)
            ticket.set_result(value if isinstance(value, Answer) else said(value))
        self._open.clear()

    @property
    def numbers(self) -> list[int]:
        """The argument `n` of every prompt, in the order of asking."""
        return [prompt.arguments["n"] for prompt, *_ in self.asked]


def said(value: Any) -> Answer:
    """Return what a model answers that gives a value in the default format."""
    return Answer(message={"content": json.dumps({"value": value})}, finish_reason="stop", served_model="m", requests=1)


def settings(**more: Any) -> Settings:
    """Return the settings of an evaluating run."""
    return Settings(mode="eval", **{"models": {"": "m"}, **more})


def example(n: int, *tests: str, result: Any = None, name: str = "calls.double", **arguments: Any) -> Example:
    """Return what a session holds of one call."""
    given = {"n": n, **arguments}
    brief = TypedTask(task(name)).brief
    return Example(
        task=name,
        dataset=name,
        fingerprint=fingerprint(name, given),
        arguments=given,
        result=2 * n if result is None else result,
        held_out=held_out_side(brief, given, tests, NO_RULES),
        group=None,
        tests=tests,
    )


def recorded(*examples: Example) -> Recorded:
    """Return a session."""
    briefs = {one.task: TypedTask(task(one.task)).brief for one in examples}
    numbers: dict[str, Any] = {"calls": 1, "tests": 1, "train": 1, "validation": 0, "held_out": 0, "patterns": 0}
    tasks = tuple(
        TaskNumbers(brief.to_json(), brief.digests(), "json_schema", **numbers, most_common=None, widest_test=None)
        for brief in briefs.values()
    )
    nothing: dict[str, Any] = {"versions": {}, "settings": {}, "tests": {}, "left_out": {}, "left_out_examples": {}}
    manifest = Manifest(
        **nothing,
        id="session",
        started="2025-11-22T20:00:00+00:00",
        seconds=1.0,
        commit=None,
        partial=False,
        recovered=False,
        merged=(),
        tasks=tasks,
        files={},
    )
    held = {(one.task, one.fingerprint): one for one in examples}
    return Recorded("session", Path("session"), manifest, held)


def called(evaluator: Evaluator, test: str, call: Callable[[], Any], **more: Any) -> tuple[Any, dict[str, Any]]:
    """Return what a call gives in an attempt of a test, and what the attempt then has to say."""
    attempt = Trying(test, **{"substitute": True, **more})
    evaluator.attempt = attempt
    with tap.install(evaluator):
        given = call()
    evaluator.attempt = None
    return given, evaluator.payload(attempt)


def row(one: Example) -> tuple[str, str, str]:
    """Return the row of a recorded call."""
    return one.task, compact(one.arguments), compact(one.result)


def events(payloads: Iterable[dict[str, Any]], *, vouched: bool = True) -> list[dict[str, Any]]:
    """Return payloads as they arrive at the session's side."""
    return [{**one, "worker": "", "vouched": vouched, "must_agree": False, "must_pass": False} for one in payloads]
