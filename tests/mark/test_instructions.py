from __future__ import annotations

import asyncio
import enum
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pytest_distil import DeclarationError, FinetuneFormat, Instructions
from pytest_distil.core.brief import Brief
from pytest_distil.mark.task import find
from support.in_production import QUICK_START, Lines, call_of, ours, run
from support.suites import Suite, collected
from support.watching import watched


class Multiply(BaseModel):
    a: int
    b: int
    result: int


class Theirs(enum.Enum):
    """The ancestor's own enum."""

    RAW = "raw"


def test_quick_start(tmp_path: Path) -> None:
    """The article's first example runs with only the import changed: ten calls, ten lines, no key, no noise."""
    printed = run(tmp_path, ours(QUICK_START)).splitlines()

    lines = [json.loads(line) for line in (tmp_path / "math_finetunes.jsonl").read_text().splitlines()]
    results = [call_of(line)[1] for line in lines]
    assert 10 == len(lines)
    assert [f"a={one['a']} b={one['b']} result={one['a'] * one['b']}" for one in results] == printed
    assert [f"Return `fn(a={one['a']}, b={one['b']})`" for one in results] == [call_of(line)[0] for line in lines]


def test_under_pytest_the_name_is_the_dataset(pytester: pytest.Pytester) -> None:
    """In a collecting run the handlers get nothing, and the tasks of all instructions of one name share files."""
    session = collected(
        pytester,
        """
        import logging
        from pytest_distil import Instructions

        class Never(logging.Handler):
            def emit(self, record):
                raise AssertionError(record)

        math = Instructions(name="math", log_handlers=[Never()], openai_client=object())

        @math.distil
        def add(a: int, b: int) -> int:
            return a + b

        @Instructions(name="math").distil(mode="dispatch", model="nobody")
        def mul(a: int, b: int) -> int:
            return a * b

        def test_both():
            assert (add(2, 3), mul(2, 3)) == (5, 6)
        """,
    )

    assert [5, 6] == sorted(one["result"] for one in session.examples)
    assert {"math"} == {one["dataset"] for one in session.examples}
    assert ["functions"] * 2 == [task["format"] for task in session.manifest["tasks"]]


def test_without_a_name_each_task_is_its_own_dataset() -> None:
    """Only what has a name belongs together."""

    @Instructions().distil
    def alone(a: int) -> int:
        return a

    name = f"{__name__}.{test_without_a_name_each_task_is_its_own_dataset.__qualname__}.<locals>.alone"
    task = find(name)

    assert 1 == alone(1)
    assert task is not None
    assert name == task.dataset


@pytest.mark.parametrize(
    ("given", "conversation", "written"),
    [
        (FinetuneFormat.MESSAGES, "functions", {"messages", "functions"}),
        ("messages", "functions", {"messages", "functions"}),
        ("functions", "functions", {"messages", "functions"}),
        ("raw", "functions", {"fn_name", "fn_repr", "args", "kwargs", "resp", "schema"}),
        (Theirs.RAW, "functions", {"fn_name", "fn_repr", "args", "kwargs", "resp", "schema"}),
        ("json_schema", "json_schema", {"messages"}),
        (FinetuneFormat.TOOLS, "tools", {"messages", "tools", "parallel_tool_calls"}),
    ],
)
def test_formats(given: Any, conversation: str, written: set[str]) -> None:
    """A format may be ours, the ancestor's, or a name; `raw` says how to write, and models are asked as ever."""
    handler = Lines()
    name = f"test_formats[{given}]"

    @Instructions(log_handlers=[handler], finetune_format="json_schema").distil(name=name, fine_tune_format=given)
    def fn(a: int, b: int) -> Multiply:
        return Multiply(a=a, b=b, result=a * b)

    fn(2, 3)
    task = find(name)

    assert task is not None
    assert conversation == task.format
    assert [written] == [set(line) for line in handler.lines]


def test_unknown_format() -> None:
    """Another format is refused, with those that there are."""
    with pytest.raises(DeclarationError, match="is one of 'messages', 'raw', 'json_schema', 'tools', not 'xml'"):
        Instructions(finetune_format="xml")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"mode": "despatch"}, "mode is 'distil' or 'dispatch', not 'despatch'"),
        ({"fallback": "zero"}, "fallback is 'original' or 'raise', not 'zero'"),
        ({"shadow": 5}, "shadow is a share of calls from 0 to 1, not 5"),
        ({"timeout": 0}, "timeout is in seconds, above 0, not 0"),
        ({"fine_tune_format": "xml"}, "not 'xml'"),
    ],
)
def test_bad_options(options: dict[str, Any], fault: str) -> None:
    """What cannot be meant is refused where it stands."""
    with pytest.raises(DeclarationError, match=fault):
        Instructions().distil(**options)


def test_methods_and_coroutines() -> None:
    """Everything that `distil` marks can be marked here, with and without parentheses."""
    handler = Lines()
    instructions = Instructions(name="kinds", log_handlers=[handler])

    class Shop:
        @instructions.distil
        def price(self, count: int) -> int:
            return 2 * count

        @staticmethod
        @instructions.distil()
        def tax(amount: int) -> int:
            return amount // 5

    @instructions.distil
    async def later(n: int) -> int:
        return n + 1

    assert [6, 2, 8] == [Shop().price(3), Shop.tax(10), asyncio.run(later(7))]
    assert ["Return `price(count=3)`", "Return `tax(amount=10)`", "Return `later(n=7)`"] == [
        call_of(line)[0] for line in handler.lines
    ]


def test_local_types() -> None:
    """Annotations that are text mean what they mean where the mark stands."""
    handler = Lines()

    class Local(BaseModel):
        value: int

    @Instructions(log_handlers=[handler]).distil(name="local types")
    def made(value: int) -> Local:
        return Local(value=value)

    made(4)

    assert [{"value": 4}] == [call_of(line)[1] for line in handler.lines]


def test_include_code_body() -> None:
    """The body is said once, without signature and mark, in place of the docstring that it holds."""
    handler = Lines()
    instructions = Instructions(log_handlers=[handler], include_code_body=True)

    @instructions.distil(name="with its body")
    def doubled(
        n: int,
    ) -> int:
        """Double a number."""
        if n:
            return 2 * n
        return 0

    @instructions.distil(name="on one line")
    def named(n: int) -> str: return "ä" * n  # fmt: skip

    doubled(2)
    named(2)
    first, second = (line["messages"][0]["content"] for line in handler.lines)

    assert 'def doubled(n: int) -> int\n"""Double a number."""\nif n:\n    return 2 * n\nreturn 0\n\n' in first
    assert 'def named(n: int) -> str\nreturn "ä" * n' in second
    assert 1 == first.count("Double a number")
    assert 1 == first.count("def doubled")


def test_include_code_body_without_source() -> None:
    """A body that nobody can read is refused at once, not at the first call."""
    scope: dict[str, Any] = {}
    exec("def made(n: int) -> int:\n    return n", scope)  # noqa: S102 - a function without a file

    with pytest.raises(DeclarationError, match="include_code_body: the source of"):
        Instructions(include_code_body=True).distil(scope["made"])


def multiply(a: int, b: int = 2) -> Multiply:
    """Multiply."""
    raise AssertionError(a, b)


def unannotated(a, b):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, D103 - as people write it
    raise AssertionError(a, b)


@pytest.mark.parametrize("function", [multiply, unannotated])
def test_track(function: Any) -> None:
    """A call that was made elsewhere gets its line, and the function does not run; its result says its type."""
    handler = Lines()
    instructions = Instructions(name="tracked", log_handlers=[handler])
    for factor in (3, 4):
        instructions.track(function, (7,), {"b": factor}, Multiply(a=7, b=factor, result=7 * factor))

    name = function.__name__
    assert [
        (f"Return `{name}(a=7, b=3)`", {"a": 7, "b": 3, "result": 21}),
        (f"Return `{name}(a=7, b=4)`", {"a": 7, "b": 4, "result": 28}),
    ] == [call_of(line) for line in handler.lines]
    assert ["tracked", "tracked"] == [record.name for record in handler.records]


def test_track_formats_and_names() -> None:
    """`track` takes a name and a format of its own, and `messages` is its default whatever the instructions say."""
    handler = Lines()
    instructions = Instructions(log_handlers=[handler], finetune_format="json_schema")
    result = Multiply(a=1, b=2, result=2)
    instructions.track(multiply, (1,), {}, result, name="times", finetune_format=FinetuneFormat.RAW)
    instructions.track(multiply, (1,), {}, result)

    raw, messages = handler.lines
    assert {"a": 1, "b": 2} == raw["kwargs"]
    assert ("Return `multiply(a=1, b=2)`", result.model_dump()) == call_of(messages)
    assert "times" == handler.records[0].name


def test_track_without_handlers() -> None:
    """Where nobody listens, nothing happens."""
    Instructions().track(multiply, (1,), {}, Multiply(a=1, b=2, result=2))


def test_track_is_collected() -> None:
    """In a collecting run a tracked call is a call like any other."""
    handler = Lines()
    instructions = Instructions(name="tracked", log_handlers=[handler])
    with watched() as seen:
        instructions.track(multiply, (1,), {}, Multiply(a=1, b=2, result=2))

    [brief] = [Brief.from_json(one) for one in seen.payload["briefs"]]
    assert [({"a": 1, "b": 2}, {"a": 1, "b": 2, "result": 2})] == seen.calls
    assert ("tracked", "functions") == (brief.dataset, brief.format)
    assert [] == handler.lines


def test_the_ancestors_attributes() -> None:
    """What the ancestor's instructions say of themselves, these do too; each has an id."""
    one = Instructions("math", "id-1", [logging.NullHandler()], FinetuneFormat.RAW, 4, True)
    other = Instructions()

    assert ("math", "id-1", FinetuneFormat.RAW, 4, True) == (
        one.name,
        one.id,
        one.finetune_format,
        one.indent,
        one.include_code_body,
    )
    assert other.id != Instructions().id


def test_track_is_evaluated(pytester: pytest.Pytester) -> None:
    """In an evaluating run a tracked call is compared, and nothing is substituted: there is nobody to hand it to."""
    suite = Suite(pytester)
    suite.write(
        """
        import pytest
        from pytest_distil import Instructions

        instructions = Instructions(name="math")

        def double(n: int) -> int:
            raise AssertionError(n)

        @pytest.mark.parametrize("n", range(30))
        def test_double(n):
            assert instructions.track(double, (n,), {}, 2 * n) is None
        """
    )
    suite.collect()
    result = suite.run("--distil-eval=memory:lookup", "--distil-gate-on=all")
    [report] = (suite.home / "reports").iterdir()
    found = json.loads(report.read_text(encoding="utf-8"))

    result.assert_outcomes(passed=30)
    assert 30 == found["totals"]["agree"] + found["totals"]["invalid"]
    assert found["totals"]["agree"] > 0
    assert 0 == found["tests"]["disagreed"]
