"""Functions without return annotations are recorded by what they return, and asked with what was seen."""

from __future__ import annotations

import json

import pytest

from pytest_distil.core.settings import Settings
from pytest_distil.mark.task import find
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.recorded import Recorded
from support.suites import Suite

HEAD = """
    import datetime as dt
    import pytest
    from pytest_distil import distil

    @distil
    def span(n):
        return (n, [n, str(n)]) if n % 3 else None

    @distil
    def day(n):
        return dt.date(2024, 1, n + 1)

    @pytest.mark.parametrize("n", range(24))
    def test_span(n):
        found = span(n)
        assert found is None if n % 3 == 0 else type(found) is tuple and found == (n, [n, str(n)])
        assert type(day(n)) is dt.date
"""

SPAN = {
    "$comment": "inferred from the values seen",
    "anyOf": [
        {
            "type": "array",
            "items": {
                "anyOf": [
                    {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
                    {"type": "integer"},
                ]
            },
        },
        {"type": "null"},
    ],
}


def test_the_schema_is_what_was_seen(pytester: pytest.Pytester) -> None:
    """Tuples, None and dates are recorded, the manifest and the lines have the schema, and the summary warns."""
    suite = Suite(pytester)
    module = suite.write(HEAD)
    result = suite.run("--distil-collect")
    [folder] = suite.sessions()
    manifest = json.loads((folder / "session.json").read_text())
    schemas = {task["brief"]["name"]: task["brief"]["schema"] for task in manifest["tasks"]}
    line = json.loads((folder / f"{module}.span.train.jsonl").read_text().splitlines()[0])

    assert {} == manifest["left_out"]
    assert SPAN == schemas["span"]
    assert "string" == schemas["day"]["type"]
    assert "inferred" not in json.dumps(line)
    assert "string" in line["messages"][0]["content"]
    assert "its schema is inferred from the 24 examples" in " ".join(result.stdout.str().split())


def test_an_evaluation_asks_with_the_recorded_schema(pytester: pytest.Pytester) -> None:
    """The brief that is asked with is the session's, and the model's values have the types of the original's."""
    suite = Suite(pytester)
    suite.write(HEAD)
    suite.run("--distil-collect")
    result = suite.run("--distil-eval=memory:majority", "--distil-gate-on=all")

    assert "off schema" not in result.stdout.str()
    assert {"passed": 8, "disagreed": 16} == result.parseoutcomes()


def test_a_recorded_answer_is_the_originals_value(pytester: pytest.Pytester) -> None:
    """Where the model's answer is the recorded one, it agrees, and tests pass."""
    suite = Suite(pytester)
    suite.write(HEAD)
    suite.run("--distil-collect")
    result = suite.run("--distil-eval=memory:lookup")

    result.stdout.fnmatch_lines(["day *100 % of 18", "span *100 % of 18"])
    assert {"passed": 18, "disagreed": 6} == result.parseoutcomes()


def test_lines_and_requests_say_the_same(pytester: pytest.Pytester) -> None:
    """The brief of an evaluation's calls is the brief of the training lines, to the letter."""
    suite = Suite(pytester)
    suite.write(HEAD)
    suite.run("--distil-collect")
    [folder] = suite.sessions()
    recorded = Recorded.read(folder)
    evaluator = Evaluator(Settings(mode="eval", models={"": "memory:nearest"}), None, recorded)
    briefs = recorded.manifest.briefs()
    for name, brief in briefs.items():
        task = find(name)

        assert task is not None
        assert brief.digests() == evaluator.brief(task).digests()

    assert 2 == len(briefs)
