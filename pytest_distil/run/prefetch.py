"""Asking ahead: what a session holds of the tests to come is asked before they get there."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_distil.core.call import Example
from pytest_distil.core.text import compact
from pytest_distil.mark.task import find
from pytest_distil.run.evaluator import Evaluator

WINDOW = 4
"""Prompts asked ahead of the running test, as a multiple of the requests in flight: enough to keep them busy while
tests differ in length, few enough that a run which stops early has not paid for all."""


class Prefetch:
    """Walks through recorded calls in the order of the tests, a window ahead of the one that runs."""

    def __init__(self, evaluator: Evaluator, examples: Sequence[Example], tests: Sequence[str], *, ahead: int) -> None:
        """Take the recorded calls and the tests, both in the order in which the tests will run."""
        self._evaluator = evaluator
        self._examples = examples
        self._ahead = ahead
        order = {test: place for place, test in enumerate(tests)}
        self._places = [min(order[test] for test in one.tests if test in order) for one in examples]
        self._order = order
        self._next = 0

    def advance(self, test: str | None) -> None:
        """Ask for all calls of the tests up to `test` (None: before the first one), and a window more."""
        reached = -1 if test is None else self._order.get(test, -1)
        passed = sum(1 for place in self._places[: self._next] if place <= reached)
        while self._next < len(self._examples) and self._next - passed < self._ahead:
            passed += self._places[self._next] <= reached
            self._ask(self._examples[self._next])
            self._next += 1

    def finish(self) -> None:
        """Ask for everything that is left: the tests are over, and the recorded calls are judged with the others."""
        while self._next < len(self._examples):
            self._ask(self._examples[self._next])
            self._next += 1

    def _ask(self, example: Example) -> None:
        """Ask about one call, worded anew with today's brief; its task may not exist before its test runs."""
        task = find(example.task)
        if task is None:
            return
        row = (task.name, compact(example.arguments), compact(example.result))
        if self._evaluator.ask(task, row[1], prefetch=True):
            self._evaluator.owe(task, row)
