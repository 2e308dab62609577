"""What a session holds of one task, counted while its examples are written."""

from __future__ import annotations

from collections import Counter

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import Example
from pytest_distil.core.dataset import Rules, part_of, test_function
from pytest_distil.core.manifest import TaskNumbers
from pytest_distil.core.text import canonical

_MOST_LABELS = 1000
"""Different results that are told apart when the most common one is looked for; what comes later is not common."""


class Numbers:
    """Counts the examples of one task."""

    def __init__(self, brief: Brief, format_name: str) -> None:
        self._brief = brief
        self._format = format_name
        self._parts: Counter[str] = Counter()
        self._patterns = 0
        self._labels: Counter[str] = Counter()
        self._tests: set[str] = set()
        self._functions: Counter[str] = Counter()

    def add(self, example: Example, rules: Rules) -> str:
        """Count an example and return its part: `train`, `validation` or `held_out`."""
        part = part_of(self._brief, example, rules)
        self._parts[part] += 1
        self._patterns += example.held_out == "pattern"
        label = canonical(example.result)
        if label in self._labels or len(self._labels) < _MOST_LABELS:
            self._labels[label] += 1
        self._tests.update(example.tests)
        for function in {test_function(test) for test in example.tests}:
            self._functions[function] += 1
        return part

    def counted(self, calls: int) -> TaskNumbers:
        """Return what was counted; `calls` are all calls of vouched tests."""
        return TaskNumbers(
            brief=self._brief.to_json(),
            digests=self._brief.digests(),
            format=self._format,
            calls=calls,
            tests=len(self._tests),
            train=self._parts["train"],
            validation=self._parts["validation"],
            held_out=self._parts["held_out"],
            patterns=self._patterns,
            most_common=_most(self._labels),
            widest_test=_most(self._functions),
        )


def _most(counter: Counter[str]) -> tuple[str, int] | None:
    """Return the most frequent, by name where several are."""
    return min(counter.items(), key=lambda item: (-item[1], item[0]), default=None)
