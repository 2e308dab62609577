"""Asking ahead: what a session holds of the tests to come is asked before they get there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from pytest_distil.core.call import Example
from pytest_distil.core.text import compact
from pytest_distil.mark.task import find
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.recorded import fits

WINDOW = 4
"""Prompts asked ahead of the running test, as a multiple of the requests in flight: enough to keep them busy while
tests differ in length, few enough that a run which stops early has not paid for all."""

_BATCHES = 8
"""Parts of a window that are asked at once: one prompt at a time would wake up two processes for each."""


class Prefetch:
    """Walks through recorded calls in the order of the tests, a window ahead of the one that runs."""

    def __init__(self, evaluator: Evaluator, examples: Sequence[Example], tests: Sequence[str], *, ahead: int) -> None:
        """Take the recorded calls and the tests, both in the order in which the tests will run."""
        self._evaluator = evaluator
        self._examples = examples
        self._ahead = ahead
        self._order = {test: place for place, test in enumerate(tests)}
        self._places = [min(self._order[test] for test in one.tests if test in self._order) for one in examples]
        self._next = 0
        self._left: list[Example] = []
        """Calls of tasks that do not exist yet."""

    def advance(self, test: str | None) -> None:
        """Ask for all calls of the tests up to `test` (None: before the first one), and a window more."""
        reached = bisect_right(self._places, -1 if test is None else self._order.get(test, -1))
        if self._next < reached + self._ahead - self._ahead // _BATCHES:
            self._ask_up_to(reached + self._ahead)

    def finish(self) -> None:
        """Ask for everything that is left: the tests are over, and the recorded calls are judged with the others."""
        self._ask_up_to(len(self._examples))
        left, self._left = self._left, []
        for example in left:
            self._ask(example)

    def _ask_up_to(self, end: int) -> None:
        for place in range(self._next, min(end, len(self._examples))):
            self._ask(self._examples[place])
            self._next = place + 1

    def _ask(self, example: Example) -> None:
        """Ask about one call, worded anew with today's brief; its task may not exist before its test runs."""
        task = find(example.task)
        if task is None:
            self._left.append(example)
            return
        if not fits(example.arguments, self._evaluator.brief(task)):
            return
        row = (task.name, compact(example.arguments), compact(example.result))
        self._evaluator.ask(task, row[1], prefetch=True)
        self._evaluator.owe(task, row)
