"""What `@pytest.mark.distil(...)` says of a test."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest


@dataclass(frozen=True, slots=True)
class TestMarks:
    """How the calls of one test are treated."""

    __test__ = False

    collect: bool = True
    held_out: bool = False
    must_agree: bool = False
    must_pass: bool = False


_NAMES = tuple(one.name for one in fields(TestMarks))


def marks_of(item: pytest.Item) -> TestMarks:
    """Return the marks of a test, the nearest first; raise `pytest.UsageError` for keywords that mean nothing."""
    values: dict[str, bool] = {}
    for mark in item.iter_markers("distil"):
        unknown = [repr(one) for one in mark.args] + sorted(set(mark.kwargs) - set(_NAMES))
        if unknown:
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.distil does not know {', '.join(unknown)}; it takes {', '.join(_NAMES)}"
            )
        values = {**mark.kwargs, **values}
    return TestMarks(**values)
