"""From a call to a prompt, and from an answer to a value: the server is trusted in nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core.prompt import Answer
from pytest_distil.formats import load
from pytest_distil.run.translate import Translator, max_tokens
from pytest_distil.run.typed import TypedTask
from support.calls import said, task


def translator(longest: int | None = None) -> Translator:
    """Return who words calls of `double`."""
    return Translator(TypedTask(task()), load("json_schema"), longest_reply=longest)


def test_a_prompt() -> None:
    """A request is the training line without its last turn, with the parameters of the run."""
    typed = TypedTask(task())
    prompt = translator(10).prompt('{"n":1}')
    body = load("json_schema").prompt(typed.brief, {"n": 1})

    assert ("calls.double", {"n": 1}) == (prompt.task, prompt.arguments)
    assert {**body, "temperature": 0, "max_tokens": 64} == prompt.body


@pytest.mark.parametrize(
    ("longest", "tokens"), [(None, 1024), (0, 64), (64, 64), (65, 128), (1000, 1024), (1025, 2048)]
)
def test_limits(longest: int | None, tokens: int) -> None:
    """The limit is twice the longest reply's tokens, which have two bytes at least; a power of two from 64."""
    assert tokens == max_tokens(longest)


@pytest.mark.parametrize(
    ("answer", "verdict", "reason"),
    [
        (said(2), "value", None),
        (said(2.0), "value", None),
        (said("2"), "value", None),  # as lenient as pydantic is
        (said("two"), "invalid", "off schema"),
        (said(None), "invalid", "off schema"),
        (Answer(result="2"), "value", None),
        (Answer(result='"two"'), "invalid", "off schema"),
        (Answer(message={"content": '```json\n{"value": 2}\n```'}), "value", None),
        (Answer(message={"content": "two"}), "invalid", "not JSON"),
        (Answer(message={"content": '{"value": 2'}, finish_reason="length"), "invalid", "truncated"),
        (Answer(message={"content": ""}, finish_reason="content_filter"), "invalid", "content filter"),
        (Answer(message={"content": "[" * 100_000}), "invalid", ""),
        (Answer(message={"content": '{"value": ' + "9" * 5_000 + "}"}), "invalid", ""),
        (Answer(message={"content": '{"value": NaN}'}), "invalid", ""),
        (Answer(message={"content": '{"value": "\\ud800"}'}), "invalid", ""),
        (Answer(message={"refusal": "I must not"}), "invalid", "refus"),
        (Answer(message={}), "invalid", ""),
        (Answer(), "invalid", "no message"),
        (Answer(invalid="no choices"), "invalid", "no choices"),
        (Answer(failed="no network"), "failed", "no network"),
    ],
)
def test_reading(answer: Answer, verdict: str, reason: str | None) -> None:
    """Whatever comes back is a value of the return type, or has a verdict and a reason."""
    reading = translator().read(answer)

    assert verdict == reading.verdict
    assert (reason is None) == (reading.reason is None)
    assert (reason or "") in (reading.reason or "")
    assert (verdict == "value") == (reading.text == "2")


@pytest.mark.parametrize("sent", [said("three"), Answer(message={"content": "two"})])
def test_what_was_sent(sent: Any) -> None:
    """An invalid answer is kept as it was sent, so that one can see why."""
    assert sent.message["content"] in (translator().read(sent).sent or "").replace("\\", "")
