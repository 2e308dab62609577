from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, canonical
from pytest_distil.formats import FORMATS
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.unwording import Unwording
from support.briefs import brief_of
from support.returns import TEXT, briefs_with_results

every_format = pytest.mark.parametrize("shape", FORMATS)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def line(shape: str, brief: Brief, arguments: dict[str, Json], result: Json) -> Any:
    """Return a training line as a file gives it back."""
    return json.loads(training_line(shape, brief, arguments, result))


@every_format
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=briefs_with_results(), arguments=st.fixed_dictionaries({"urgent": values, "email": values}))
def test_every_line_reads_back(shape: str, drawn: tuple[Brief, Json], arguments: dict[str, Json]) -> None:
    """What is worded here says task, arguments and result again, in every format."""
    brief, result = drawn
    others = [brief_of(int, task="other"), brief_of(int, task="another", docstring="Another.")]

    found = Unwording([*others, brief]).read(line(shape, brief, arguments, result))

    assert (brief.schema, canonical(arguments), canonical(result)) == (
        found.brief.schema,
        canonical(found.arguments),
        canonical(found.result),
    )


KNOWN = brief_of(int)
GOOD = line("functions", KNOWN, {"email": "a", "urgent": False}, 3)


def changed(turn: int, **keys: Any) -> dict[str, Any]:
    """Return a good line with one turn changed."""
    messages = [dict(one) for one in GOOD["messages"]]
    messages[turn] |= keys
    return {**GOOD, "messages": messages}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (7, "no known task is asked so"),
        ({}, "no known task is asked so"),
        ({"messages": "x"}, "no known task is asked so"),
        (changed(0, content="Predict the results of this function:"), "no known task is asked so"),
        (changed(0, content=["x"]), "no known task is asked so"),
        (changed(1, content="Return `triage(269, 656)`"), "its call of mail.triage cannot be read"),
        (changed(1, content=None), "its call of mail.triage cannot be read"),
        (changed(1, content='Return `triage(email="a", urgent=false) `'), "its call of mail.triage cannot be read"),
        (changed(1, content='Return `triage(urgent=false, email="a")`'), "not a line as this version words"),
        (changed(2, function_call={"name": "triage", "arguments": "no"}), "its reply is no result of mail.triage"),
        (changed(2, function_call=None, content=None), "its reply is no result of mail.triage"),
        (GOOD | {"functions": []}, "not a line as this version words mail.triage in the format 'functions'"),
        ({"fn_name": "f", "fn_repr": "def f()", "kwargs": {}, "resp": 1, "schema": {}}, "no known task is defined so"),
        ({"fn_name": "f", "fn_repr": 7, "kwargs": {}, "resp": 1, "schema": {}}, "no known task is defined so"),
    ],
)
def test_what_is_not_sure(found: Any, reason: str) -> None:
    """A line that these tasks would not be worded as is refused with its reason, whatever it holds."""
    with pytest.raises(ValueError, match=reason):
        Unwording([KNOWN]).read(found)


def test_results_are_values_of_the_task() -> None:
    """The first task that is worded so has the line."""
    first, second = brief_of(int, task="first"), brief_of(int, task="second")

    assert "first" == Unwording([first, second]).read(GOOD).brief.task
