from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer, Prompt, Unanswered, Usage
from pytest_distil.mark.errors import DataError
from pytest_distil.models.recorded import Recorded

PROMPT = Prompt("task", {"a": 1}, {"messages": [{"role": "user", "content": "hi"}]})
LINE = {"prompt": PROMPT.digest(), "message": {"content": "7"}}


def recording(folder: Path, *lines: Any) -> Path:
    """Write a recording."""
    path = folder / "answers.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def ask(path: Path, prompt: Prompt = PROMPT) -> Answer:
    """Ask what was recorded."""

    async def asking() -> Answer:
        model = Recorded.read(path)
        try:
            return await model.ask(prompt)
        finally:
            await model.aclose()

    return asyncio.run(asking())


def test_answer(tmp_path: Path) -> None:
    """A prompt gets the message of its line, and nothing else is needed."""
    assert Answer(message={"content": "7"}) == ask(recording(tmp_path, LINE))


def test_all_of_an_answer(tmp_path: Path) -> None:
    """What else is recorded comes back too; names that mean nothing here are passed over."""
    more = {"finish_reason": "length", "invalid": "truncated", "served_model": "s", "usage": {"prompt_tokens": 3}}
    path = recording(tmp_path, LINE | more | {"base_url": "http://host/v1", "seconds": 0.2})

    assert Answer(
        message={"content": "7"},
        finish_reason="length",
        invalid="truncated",
        served_model="s",
        usage=Usage(prompt_tokens=3),
    ) == ask(path)


def test_not_recorded(tmp_path: Path) -> None:
    """Another prompt, if only by a character, has no answer, and asking again is no use."""
    other = Prompt("task", {"a": 1}, {"messages": [{"role": "user", "content": "hi "}]})

    with pytest.raises(Unanswered, match="not recorded") as raised:
        ask(recording(tmp_path, LINE), other)

    assert not raised.value.retry


def test_repeated_lines(tmp_path: Path) -> None:
    """The same answer twice is no contradiction."""
    assert {"content": "7"} == ask(recording(tmp_path, LINE, LINE)).message


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ([], "'prompt' is missing"),
        ({"message": {}}, "'prompt' is missing"),
        ({"prompt": "abc"}, "neither 'message' nor 'invalid'"),
        ({"prompt": "abc", "message": "7"}, "neither 'message' nor 'invalid'"),
        (LINE | {"usage": {"tokens": 3}}, "'usage' is not as it is exported"),
        (LINE | {"message": {"content": "8"}}, "another answer to prompt"),
    ],
)
def test_other_files(tmp_path: Path, line: Any, fault: str) -> None:
    """A file that is no recording is refused, with the line."""
    with pytest.raises(DataError, match=f"answers.jsonl:2: .*{fault}"):
        Recorded.read(recording(tmp_path, LINE, line))
