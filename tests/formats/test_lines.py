"""Training lines."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from pytest_distil.formats import FORMATS
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.raw import record
from pytest_distil.mark.errors import SettingError
from support.briefs import brief_of

ALLOWED = {"messages", "tools", "parallel_tool_calls", "functions"}
"""The keys of a supervised example in OpenAI's reference (`FineTuneChatRequestInput`)."""


class Ticket(BaseModel):
    label: str


TICKET = brief_of(Ticket)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("json_schema", ["messages"]),
        ("tools", ["messages", "tools", "parallel_tool_calls"]),
        ("functions", ["messages", "functions"]),
    ],
)
def test_a_line_has_only_keys_that_providers_take(name: str, keys: list[str]) -> None:
    """Beside the messages stand tools or functions, never how the answer is forced, never a key of ours."""
    line = training_line(name, TICKET, {"email": "x"}, {"label": "bug"})
    example = json.loads(line)

    assert keys == list(example)
    assert ALLOWED >= set(keys)
    assert ["system", "user", "assistant"] == [message["role"] for message in example["messages"]]


def test_a_line_is_one_compact_line() -> None:
    """A line is UTF-8 as it is, without white space between and without an end."""
    line = training_line("json_schema", TICKET, {"email": "Größe\u2028\n"}, {"label": "№"})

    assert "\n" not in line
    assert '{"role":"assistant","content":"{\\"label\\":\\"№\\"}"}]}' in line
    assert "Größe\u2028\\\\n" in line


@pytest.mark.parametrize("text", ["\0", "\\u0000", '"', '"\\u0000"', "{}", "%s"])
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "raw"])
def test_no_text_is_taken_for_the_frames_own(name: str, text: str) -> None:
    """Whatever a docstring, an argument or a result holds, each stands in its place."""
    brief = brief_of(Ticket, docstring=text, name="f")
    messages = json.loads(training_line(name, brief, {"email": text}, {"label": text}))["messages"]

    assert f'"""{text}"""' in messages[0]["content"]
    assert json.dumps(text, ensure_ascii=False) in messages[1]["content"]
    assert "assistant" == messages[2]["role"]


def test_a_raw_line_is_its_record() -> None:
    """Raw is written by the same call, though it cannot be asked."""
    line = training_line("raw", TICKET, {"email": "x"}, {"label": "bug"})

    assert record(TICKET, {"email": "x"}, {"label": "bug"}) == json.loads(line)


def test_an_unknown_format_is_refused() -> None:
    """A name that no format has writes nothing."""
    with pytest.raises(SettingError, match="there is no format 'xml'"):
        training_line("xml", TICKET, {}, {"label": "bug"})
