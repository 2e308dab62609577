"""Answers read from a file: `recorded:FILE`, one JSON object a line.

    {"prompt": "<Prompt.digest()>", "message": {"content": "..."}, "finish_reason": "stop", "usage": {...}}

Everything but `prompt` and one of `message` and `invalid` may be missing; other names are passed over, so that what
`pytest-distil answers export` writes can be replayed as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_distil.core.files import read_lines
from pytest_distil.core.prompt import Answer, Prompt, Unanswered, Usage
from pytest_distil.mark.errors import DataError


class Recorded:
    """A model that knows by heart what was recorded."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    @classmethod
    def read(cls, path: Path) -> Recorded:
        """Read a recording; raise `DataError` where the file holds something else, or two answers to one prompt."""
        answers: dict[str, Answer] = {}
        for number, line in read_lines(path):
            prompt, answer = _answer(path, number, line)
            if answers.setdefault(prompt, answer) != answer:
                raise DataError(path, f"another answer to prompt {prompt!r}; keep one of them", line=number)
        return cls(answers)

    async def ask(self, prompt: Prompt) -> Answer:
        """Return the recorded answer."""
        try:
            return self._answers[prompt.digest()]
        except KeyError:
            raise Unanswered("not recorded: no line of the file is for this prompt") from None

    async def aclose(self) -> None:
        """Nothing is held."""


def _answer(path: Path, number: int, line: Any) -> tuple[str, Answer]:
    """Return digest and answer of one line."""
    if not isinstance(line, Mapping) or not isinstance(line.get("prompt"), str):
        raise DataError(path, "no recorded answer: 'prompt' is missing", line=number)
    message, invalid, usage = line.get("message"), line.get("invalid"), line.get("usage") or {}
    if not isinstance(message, Mapping) and not isinstance(invalid, str):
        raise DataError(path, "no recorded answer: neither 'message' nor 'invalid'", line=number)
    try:
        return line["prompt"], Answer(
            message=message,
            invalid=invalid,
            finish_reason=line.get("finish_reason"),
            served_model=line.get("served_model"),
            usage=Usage(**usage),
        )
    except TypeError as error:
        raise DataError(path, f"no recorded answer: 'usage' is not as it is exported: {error}", line=number) from error
