"""What may be wrong with the examples of one task, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_distil.core.infer import is_inferred
from pytest_distil.core.manifest import TaskNumbers
from pytest_distil.core.phrases import plural
from pytest_distil.reports.words import MAX_VALUE, shorten

TO_TRAIN = 10
"""Training lines that OpenAI's tuner takes at least; others take fewer and learn nothing from them."""

MANY = 10
"""Inputs of one test from which on it is no chance that all have the same result."""

MOST = 0.5
"""The share of the examples above which one label or one test makes most of them."""


def doubts(task: TaskNumbers) -> Iterator[str]:
    """Yield what a user should know before training on a task's examples."""
    yield from _lopsided(task)
    yield from _mocked(task)
    yield from _secret(task)
    yield from _without_self(task)
    yield from _without_type(task)


def _lopsided(task: TaskNumbers) -> Iterator[str]:
    """Say where one label or one test makes most of a task's examples."""
    name, total = task.brief["task"], task.examples
    if total < TO_TRAIN:
        return
    if task.most_common and task.most_common[1] > MOST * total:
        label, n = task.most_common
        value = shorten(label, limit=MAX_VALUE)
        yield f"{name}: {n:,} of {total:,} examples have the same result, {value}: a model may learn just that"
    if task.widest_test and task.widest_test[1] > MOST * total:
        test, n = task.widest_test
        yield f"{name}: {n:,} of {total:,} examples come from one test, {test}"


def _mocked(task: TaskNumbers) -> Iterator[str]:
    """Say where results may be a mock's and not the original's."""
    name, total = task.brief["task"], task.examples
    if task.mocked:
        names = ", ".join(f"{mock} {times:,}" for mock, times in sorted(task.mocks.items(), key=lambda one: -one[1]))
        yield (
            f"{name}: {task.mocked:,} of {total:,} examples come only from tests with mocks ({names}), "
            "and may have a mock's result; distil_exclude_fixtures leaves such tests out"
        )
    if task.one_result and task.one_result[1] >= MANY:
        test, n = task.one_result
        yield (
            f"{name}: one test, {n:,} inputs, one result: {test}; "
            "if a mock gives it, mark the test @pytest.mark.distil(collect=False)"
        )


def _secret(task: TaskNumbers) -> Iterator[str]:
    """Say which arguments look like secrets; never what they are."""
    name = task.brief["task"]
    for parameter in task.secrets:
        yield (
            f"{name}: {parameter!r} looks like a secret, and its examples are made to be uploaded; "
            f"leave it out with exclude={parameter!r}, or redact it: distil_redact = $.{parameter}"
        )


def _without_self(task: TaskNumbers) -> Iterator[str]:
    """Say where `self` is no part of the calls."""
    if "self" in task.brief["excluded"]:
        yield (
            f"{task.brief['task']}: 'self' is no part of a call, for it is neither a model nor a dataclass; "
            "what the method reads from it, no model can know"
        )


def _without_type(task: TaskNumbers) -> Iterator[str]:
    """Say where the schema is no more than what was seen."""
    if is_inferred(task.brief["schema"]):
        is_annotated = " -> " in task.brief["signature"]
        why = "no pytest_distil_schema describes what it returns" if is_annotated else "it has no return annotation"
        yield (
            f"{task.brief['task']}: {why}, and its schema is inferred from the "
            f"{plural(task.examples, 'example')} of this session: a result of another form cannot be answered"
        )
