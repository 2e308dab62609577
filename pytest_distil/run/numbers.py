"""What a session holds of one task, counted while its examples are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import Example
from pytest_distil.core.dataset import Rules, part_of, test_function
from pytest_distil.core.manifest import TaskNumbers
from pytest_distil.core.secrets import secrets
from pytest_distil.core.text import canonical

_MOST_LABELS = 1000
"""Different results that are told apart when the most common one is looked for; what comes later is not common."""


class Numbers:
    """Counts the examples of one task."""

    def __init__(self, brief: Brief, format_name: str, rules: Rules, mocks: Mapping[str, Collection[str]]) -> None:
        """Take how calls are split, and the test functions beside which something was no real thing, by its name."""
        self._brief = brief
        self._format = format_name
        self._rules = rules
        self._mocks = mocks
        self._mocked: Counter[str] = Counter()
        self._mocked_in_all = 0
        self._secrets: set[str] = set()
        self._only_label: dict[str, str | None] = {}
        """Of each test function the result that all its examples have; None where they have several."""
        self._parts: Counter[str] = Counter()
        self._patterns = 0
        self._labels: Counter[str] = Counter()
        self._tests: set[str] = set()
        self._functions: Counter[str] = Counter()

    def add(self, example: Example) -> str:
        """Count an example and return its part: `train`, `validation` or `held_out`."""
        part = part_of(self._brief, example, self._rules)
        self._parts[part] += 1
        self._patterns += example.held_out == "pattern"
        label = canonical(example.result)
        if label in self._labels or len(self._labels) < _MOST_LABELS:
            self._labels[label] += 1
        self._tests.update(example.tests)
        functions = {test_function(test) for test in example.tests}
        self._functions.update(functions)
        for function in functions:
            same = self._only_label.setdefault(function, label) == label
            self._only_label[function] = label if same else None
        if self._mocks:
            self._add_mocks(functions)
        self._secrets |= secrets(example.arguments)
        return part

    def _add_mocks(self, functions: Collection[str]) -> None:
        """Count an example that nothing but such tests vouches for."""
        names = {name for function in functions for name, mocked in self._mocks.items() if function in mocked}
        if names and all(any(function in mocked for mocked in self._mocks.values()) for function in functions):
            self._mocked.update(names)
            self._mocked_in_all += 1

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
            one_result=_most(Counter({one: self._functions[one] for one, label in self._only_label.items() if label})),
            mocked=self._mocked_in_all,
            mocks=dict(sorted(self._mocked.items())),
            secrets=tuple(sorted(self._secrets)),
        )


def _most(counter: Counter[str]) -> tuple[str, int] | None:
    """Return the most frequent, by name where several are."""
    return min(counter.items(), key=lambda item: (-item[1], item[0]), default=None)
