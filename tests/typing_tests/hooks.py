"""What type checkers see of a conftest's hooks, and of a model of one's own.

Checked by `tox run -e types`, never run.
"""

from dataclasses import replace
from typing import assert_type

from pytest_distil import Answer, Example, Prompt, Unanswered, Usage


def pytest_distil_example(example: Example) -> Example | str | None:
    """Keep, change or leave out."""
    assert_type(example.tests, tuple[str, ...])
    return "why not" if example.held_out else replace(example, result=1)


class Student:
    """Answers."""

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt."""
        if not prompt.arguments:
            raise Unanswered("not yet", retry=True)
        return Answer(message={"content": "{}"}, usage=Usage(prompt_tokens=1))
