"""`pytest_distil_encode`, `pytest_distil_decode`, `pytest_distil_schema`: types that JSON knows nothing of."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from support.suites import Session, Suite

THINGS = """
    import pytest
    from pytest_distil import distil

    class Point:
        def __init__(self, x, y):
            self.x, self.y = x, y

    class Span:
        __slots__ = ("start", "end", "cache")

        def __init__(self, start, end):
            self.start, self.end = start, end

    class Stranger:
        pass

    @distil
    def turned(p: Point) -> list[Point] | None:
        return [Point(p.y, p.x)] if p.x % 3 else None

    @distil
    def bare(p):
        return Point(p.x + 1, p.y)

    @distil
    def span(n: int) -> Span:
        made = Span(n, n + 1)
        if n == 1:
            made.cache = "lost on the way"
        return made

    @distil
    def stranger(n: int) -> Stranger:
        return Stranger()

    @pytest.mark.parametrize("n", range(20))
    def test_all(n):
        point = Point(n, 2)
        found = turned(point)
        assert found is None or (found[0].x, found[0].y) == (2, n)
        assert bare(point).x == n + 1
        assert span(n).end == n + 1
        assert type(stranger(n)) is Stranger
"""

CONFTEST = """
    def pytest_distil_encode(value):
        kind = type(value).__name__
        if kind == "Point":
            return {"y": value.y, "x": value.x}
        if kind == "Span":
            return {"start": value.start, "end": value.end}

    def pytest_distil_decode(kind, data):
        if kind.__name__ == "Point":
            return kind(data["x"], data["y"])
        if kind.__name__ == "Span":
            return kind(data["start"], data["end"])

    def pytest_distil_schema(kind):
        if kind.__name__ == "Point":
            whole = {"type": "integer"}
            return {"type": "object", "properties": {"x": whole, "y": whole}, "required": ["x", "y"]}
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Functions of such types, and a conftest that says how they are written."""
    suite = Suite(pytester)
    suite.write(THINGS, "test_things")
    pytester.makeconftest(CONFTEST)
    return suite


def of(session: Session, task: str) -> list[tuple[Any, Any]]:
    """Return arguments and results of a task's examples."""
    return [(one["arguments"], one["result"]) for one in session.examples if one["task"] == f"test_things.{task}"]


def line(session: Session, task: str) -> list[str]:
    """Return the contents of a task's first training line."""
    text = (session.folder / f"test_things.{task}.train.jsonl").read_text(encoding="utf-8").partition("\n")[0]
    return [message["content"] for message in json.loads(text)["messages"]]


def test_values_are_recorded(suite: Suite) -> None:
    """Everywhere: as arguments and results, in containers, with and without annotations."""
    session = suite.collect()

    assert 20 == len(of(session, "turned"))
    assert ({"p": {"y": 2, "x": 1}}, [{"y": 1, "x": 2}]) in of(session, "turned")
    assert ({"p": {"y": 2, "x": 3}}, None) in of(session, "turned")
    assert ({"p": {"y": 2, "x": 3}}, {"y": 2, "x": 4}) in of(session, "bare")
    assert ({"n": 0}, {"start": 0, "end": 1}) in of(session, "span")


def test_lossless_or_left_out(suite: Suite) -> None:
    """An attribute that does not come back keeps a value out, and so does a type that nobody says anything of."""
    result = suite.run("--distil-collect", "-vv")
    [folder] = suite.sessions()
    session = Session(folder)

    assert 19 == len(of(session, "span"))
    assert {"the result cannot be recorded": 21} == session.left_out
    said = " ".join(result.stdout.str().split())
    assert "test_things.span in test_things.py::test_all[1]: $: a Span does not come back from JSON as it was" in said
    assert "test_things.stranger in test_things.py::test_all[0]: $: a Stranger has no JSON form" in said


def test_the_schema_is_given_or_inferred(suite: Suite) -> None:
    """Prompts name the fields either way, replies have their order, and the summary says what was inferred."""
    result = suite.run("--distil-collect")
    [folder] = suite.sessions()
    asked, _, reply = line(Session(folder), "turned")
    system, *_ = line(Session(folder), "span")
    said = " ".join(result.stdout.str().split())

    assert "-> list[Point] | None" in asked
    assert "{x: integer, y: integer}[] | null" in asked
    assert json.dumps(json.loads(reply)["value"]).startswith(("null", '[{"x"'))
    assert "start: integer" in system
    assert "test_things.span: no pytest_distil_schema describes what it returns, and its schema is inferred" in said
    assert "test_things.bare: it has no return annotation, and its schema is inferred" in said
    assert "test_things.turned: no pytest" not in said


def test_a_model_answers_with_such_values(suite: Suite) -> None:
    """Tests receive values of the type, and equal ones agree."""
    suite.run("--distil-collect")
    result = suite.run("--distil-eval=memory:lookup", "--distil-gate-on=all")
    seen = [row.split() for row in result.outlines if row.startswith(("turned ", "bare ", "span "))]

    assert ["bare", "span", "turned"] == sorted(row[0] for row in seen)
    assert [["100", "%"]] * 3 == [row[-4:-2] for row in seen]


FAULTS = {
    "def pytest_distil_encode(value): raise OSError('no')": "pytest_distil_encode raised OSError: no (conftest.py:1)",
    "def pytest_distil_encode(value): return {1, 2}": "pytest_distil_encode returned what is no JSON: ",
    "def pytest_distil_encode(value): return '\\ud800'": "pytest_distil_encode returned what is no JSON: ",
    "def pytest_distil_encode(value): return 1": "pytest_distil_decode returned nothing for a Point",
    """
    def pytest_distil_encode(value): return 1
    def pytest_distil_decode(kind, data): return data["x"]
    """: "pytest_distil_decode raised TypeError: 'int' object is not subscriptable (conftest.py:2)",
    """
    def pytest_distil_encode(value): return {"x": value.x}
    def pytest_distil_decode(kind, data): return kind(data["x"], 3)
    """: "$.y: an int does not come back from JSON as it was",
    """
    def pytest_distil_encode(value): return {"x": value.x}
    def pytest_distil_decode(kind, data): return kind(data["x"], 2)
    def pytest_distil_schema(kind): return {"type": "object", "required": ["y"]}
    """: "$.y: is missing, as pytest_distil_schema says",
    """
    def pytest_distil_encode(value): return 1
    def pytest_distil_schema(kind): raise ValueError("no")
    """: "pytest_distil_schema raised ValueError: no (conftest.py:2)",
    """
    def pytest_distil_encode(value): return 1
    def pytest_distil_schema(kind): return {"$ref": "#/$defs/Point"}
    """: "pytest_distil_schema returned a schema with references for a Point",
}


@pytest.mark.parametrize(("conftest", "said"), FAULTS.items())
def test_what_a_hook_does_wrong_is_said(pytester: pytest.Pytester, conftest: str, said: str) -> None:
    """The call is left out, with the name of the hook, and no test notices."""
    suite = Suite(pytester)
    module = suite.write("""
        from pytest_distil import distil

        class Point:
            def __init__(self, x, y):
                self.x, self.y = x, y

        @distil
        def point(n: int) -> Point:
            return Point(n, 2)

        def test_it():
            assert point(1).x == 1
    """)
    pytester.makeconftest(conftest)
    result = suite.run("--distil-collect")
    [folder] = suite.sessions()

    result.assert_outcomes(passed=1)
    assert [] == Session(folder).examples
    [left_out] = Session(folder).manifest["left_out_examples"].values()
    assert f"{module}.point" == left_out["task"]
    assert said in left_out["detail"]


@pytest.mark.slow
def test_workers_see_the_same(suite: Suite) -> None:
    """The session is byte-identical with two workers."""
    alone = suite.collect()
    together = suite.collect("-p", "xdist", "-n2", subprocess=True)

    assert alone.files() == together.files()


def test_without_a_conftest_the_command_line_says_so(suite: Suite) -> None:
    """`pytest-distil eval` hears no conftest, and does not guess."""
    suite.run("--distil-collect")
    result = suite.pytester.run(sys.executable, "-m", "pytest_distil", "eval", "memory:nearest")

    assert 2 == result.ret
    result.stderr.fnmatch_lines(["*where a conftest says how it is written, run its tests instead*"])
