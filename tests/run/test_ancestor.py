"""Our lines beside those of `instructor` 1.17 for the same calls: every difference is one that is agreed on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.in_production import ours
from support.other_pythons import ANCESTOR, python_of

pytestmark = pytest.mark.slow

Line = dict[str, Any]

CODE = '''
import logging
import sys
from typing import Optional

from pydantic import BaseModel, Field
from instructor import Instructions, FinetuneFormat

shape = FinetuneFormat(sys.argv[1])
instructions = Instructions(name="math", finetune_format=shape, log_handlers=[logging.FileHandler(sys.argv[2])])
instructions.logger = logging.getLogger("math")
instructions.logger.setLevel(logging.INFO)


class Multiply(BaseModel):
    """A product."""

    a: int
    b: int
    result: int = Field(description="The result of the multiplication")
    note: Optional[str] = None


@instructions.distil
def fn(a: int, b: int = 2, note: str = "") -> Multiply:
    """Return the result of the multiplication as an integer"""
    resp = a * b
    return Multiply(a=a, b=b, result=resp, note=note or None)


fn(133, 539)
fn(133, b=539)
fn(7)
fn(2, 3, "ü")
fn(2, 3, note="1")
instructions.track(fn, (2, 3), {"note": "x"}, Multiply(a=2, b=3, result=6, note="x"), finetune_format=shape)
'''

DEFINITION = (
    "def fn(a: int, b: int = 2, note: str = '') -> Multiply\n"
    '"""Return the result of the multiplication as an integer"""'
)
ARGUMENTS: list[dict[str, Any]] = [
    {"a": 133, "b": 539, "note": ""},
    {"a": 133, "b": 539, "note": ""},
    {"a": 7, "b": 2, "note": ""},
    {"a": 2, "b": 3, "note": "ü"},
    {"a": 2, "b": 3, "note": "1"},
    {"a": 2, "b": 3, "note": "x"},
]
"""Of each call in `CODE`, by name, defaults applied."""


@pytest.fixture
def python() -> Path:
    """A Python that has the ancestor."""
    return python_of(ANCESTOR)


def written(python: Path, text: str, shape: str, folder: Path) -> list[Line]:
    """Return the lines that a script writes."""
    folder.mkdir()
    (folder / "script.py").write_text(text, encoding="utf-8")
    out = folder / "lines.jsonl"
    subprocess.run(
        [str(python), "script.py", shape, str(out)],
        cwd=folder,
        env={**os.environ, "OPENAI_API_KEY": "none"},
        check=True,
        capture_output=True,
        timeout=120,
    )
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def types_without_modules(line: Line, number: int) -> None:
    """A type is named without its module, which differs between a script and an import."""
    line["messages"][0]["content"] = line["messages"][0]["content"].replace("__main__.", "")


def docstring_on_its_line(line: Line, number: int) -> None:
    """The docstring begins after its quotes, as it does in the source."""
    line["messages"][0]["content"] = re.sub(r'"""\n(.*)\n"""', r'"""\1"""', line["messages"][0]["content"])


def one_result(line: Line, number: int) -> None:
    """A function has one result."""
    line["messages"][0]["content"] = line["messages"][0]["content"].replace("the results of", "the result of")


def fields_in_words(line: Line, number: int) -> None:
    """What to call, and with which fields, stands in the prompt: no server shows a model the schema of a request."""
    line["messages"][0]["content"] += (
        "\n\nCall Multiply with JSON:\n{  // A product.\n  a: integer\n  b: integer\n"
        "  result: integer  // The result of the multiplication\n  note: string | null\n}"
    )


def arguments_by_name(line: Line, number: int) -> None:
    """Every argument has its name, defaults are applied, and text is quoted: `fn(1)` and `fn("1")` differ."""
    call = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in ARGUMENTS[number].items())
    line["messages"][1]["content"] = f"Return `fn({call})`"


def compact_reply(line: Line, number: int) -> None:
    """A reply is compact JSON: white space is paid for at each answer."""
    call = line["messages"][2]["function_call"]
    call["arguments"] = json.dumps(json.loads(call["arguments"]), separators=(",", ":"), ensure_ascii=False)


def own_description(line: Line, number: int) -> None:
    """The function is described as what it is for."""
    line["functions"][0]["description"] = "Take the result of fn."


def strict_schema(line: Line, number: int) -> None:
    """The schema is one that servers can hold a model to: closed, every field required, nothing said twice."""
    parameters = line["functions"][0]["parameters"]
    for field in parameters["properties"].values():
        for key in ("title", "description", "default"):
            field.pop(key, None)
    parameters["required"] = list(parameters["properties"])
    parameters["additionalProperties"] = False


def definition_only(line: Line, number: int) -> None:
    """The function's source does not stand there, once for its definition and once more for its body."""
    assert 2 == line["fn_repr"].count("resp = a * b")
    line["fn_repr"] = DEFINITION


def named_arguments(line: Line, number: int) -> None:
    """Every argument is under its name, defaults applied."""
    line["args"], line["kwargs"] = [], ARGUMENTS[number]


AGREED: dict[str, list[Callable[[Line, int], None]]] = {
    "messages": [
        types_without_modules,
        docstring_on_its_line,
        one_result,
        fields_in_words,
        arguments_by_name,
        compact_reply,
        own_description,
        strict_schema,
    ],
    "raw": [definition_only, named_arguments],
}


@pytest.mark.parametrize("shape", AGREED)
def test_the_agreed_differences(shape: str, python: Path, tmp_path: Path) -> None:
    """The ancestor's lines become ours by the agreed differences, each of which there is, and by nothing else."""
    theirs = written(python, CODE, shape, tmp_path / "theirs")
    mine = written(Path(sys.executable), ours(CODE), shape, tmp_path / "ours")
    for change in AGREED[shape]:
        before = json.dumps(theirs)
        for number, line in enumerate(theirs):
            change(line, number)
        assert before != json.dumps(theirs), f"no difference any more: {change.__doc__}"

    assert theirs == mine


NOT_RECORDED = {
    "a result that is no model": "def fn(a: int) -> int:\n    return a",
    "a coroutine function": "async def fn(a: int) -> Multiply:\n    return Multiply(a=a)",
    "an argument without a JSON form": "def fn(a: int, client=object()) -> Multiply:\n    return Multiply(a=a)",
}
USE = """
import asyncio, inspect, logging, sys
from pydantic import BaseModel
from instructor import Instructions

logging.basicConfig(level=logging.INFO, stream=open("root.log", "w"))
instructions = Instructions(name="math", log_handlers=[logging.FileHandler(sys.argv[2])])

class Multiply(BaseModel):
    a: int

@instructions.distil
{function}

found = fn(1, **({{"client": object()}} if "client" in inspect.signature(fn).parameters else {{}}))
print(asyncio.run(found) if inspect.iscoroutine(found) else found)
"""


@pytest.mark.parametrize("kind", NOT_RECORDED)
def test_what_only_one_of_us_takes(kind: str, python: Path, tmp_path: Path) -> None:
    """Where the ancestor's program stops with an error, ours goes on; what can be recorded is."""
    text = USE.format(function=NOT_RECORDED[kind])
    with pytest.raises(subprocess.CalledProcessError):
        written(python, text, "messages", tmp_path / "theirs")
    mine = written(Path(sys.executable), ours(text), "messages", tmp_path / "ours")

    assert (0 if "argument" in kind else 1) == len(mine)
