"""Not asking a model that gives no answers: callers would wait for nothing, one after the other."""

from __future__ import annotations

import time

from pytest_distil.core.prompt import Answer

_FAILED_IN_A_ROW = 5
"""Answers, each of them after its own tries, with no other between them."""

_SECONDS = 20.0
"""Until one call asks again for all."""


class Outage:
    """What is known of one model's absence. Threads may lose a count to each other; nothing depends on one more."""

    def __init__(self) -> None:
        self._failed = 0
        self._until = 0.0

    def answer(self) -> Answer | None:
        """Return the answer that failed beforehand; None where the model is to be asked."""
        if self._failed < _FAILED_IN_A_ROW:
            return None
        now = time.monotonic()
        if now < self._until:
            return Answer(failed=f"not asked: the last {self._failed} answers failed; {self._until - now:.0f} s to go")
        self._until = now + _SECONDS
        return None

    def note(self, answer: Answer) -> None:
        """Take notice of an answer to what was asked."""
        if answer.failed is None:
            self._failed = 0
        else:
            self._failed += 1
            if self._failed == _FAILED_IN_A_ROW:
                self._until = time.monotonic() + _SECONDS
