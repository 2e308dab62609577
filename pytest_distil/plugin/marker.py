"""What is said of a test: by `@pytest.mark.distil(...)`, by its other markers, and by the fixtures that it uses."""

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


def uses(item: pytest.Item) -> set[str]:
    """Return the names of a test's fixtures, of those that it asked for by name so far too, and of its markers.

    A marker is `pytest.mark.NAME`.
    """
    request = getattr(item, "_request", item)  # there is no public way; a kind of test may have no request at all
    return {*getattr(request, "fixturenames", ()), *(f"pytest.mark.{mark.name}" for mark in item.iter_markers())}
