"""JSON that models wrote, read without trust."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json
from pytest_distil.formats.reading import call_of, content_of, excerpt, read


def refusal_of_text(text: str) -> str:
    """Return why a text is refused."""
    with pytest.raises(InvalidReply) as caught:
        read(text)
    return str(caught.value.args[0])


def refusal_of_message(message: dict[str, Any]) -> str:
    """Return why a message is refused for its content."""
    with pytest.raises(InvalidReply) as caught:
        content_of(message)
    return str(caught.value.args[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1}', {"a": 1}),
        (' \n{"a": 1.0}\t ', {"a": 1.0}),
        ('```json\n{"a":1}\n```', {"a": 1}),
        ('```\n{"a":1}\n```\n', {"a": 1}),
        ('```JSON  \n{"a":\n1}```', {"a": 1}),
        ('{"a":"```"}', {"a": "```"}),
        ('```json\n{"a":"```\\n"}\n```', {"a": "```\n"}),
        ('"ü\\ud83d\\ude00"', "ü😀"),
        ("null", None),
        ("1e308", 1e308),
    ],
)
def test_json_alone_or_in_one_fence_is_read(text: str, value: Json) -> None:
    """The text is the JSON, or one Markdown fence around it, with white space at most."""
    assert value == read(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("```json\n```", "empty"),
        ("```json\n\n```", "empty"),
        ('Sure! {"a": 1}', 'text before the JSON: Sure! {"a": 1}'),
        ('<think>hm</think>{"a": 1}', 'text before the JSON: <think>hm</think>{"a": 1}'),
        ('{"a": 1} Anything else?', "text after the JSON: Anything else?"),
        ('{"a":1}{"a":2}', 'text after the JSON: {"a":2}'),
        ('```json\n{"a":1}\n``` Done.', 'text before the JSON: ```json {"a":1} ``` Done.'),
        ("I cannot say.", "not JSON: expecting value at character 1"),
        ('{"a": 1', "not JSON: expecting ',' delimiter at character 8"),
        ("{'a': 1}", "not JSON: expecting property name enclosed in double quotes at character 2"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ('{"x": {"a": 1, "b": 1, "a": 1}}', "the key 'a' is given twice"),
        ('{"a": NaN}', "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("1e999", "the number 1e999 is too large"),
        ('{"a": -1e999}', "the number -1e999 is too large"),
        ("9" * 5000, "a number with too many digits"),
        ('"\\ud800"', "a lone surrogate, which is no text"),
        ('{"a\\udfff": 1}', "a lone surrogate, which is no text"),
        ('"\ud800"', "a lone surrogate, which is no text"),
        ("\ufeff{}", "text before the JSON: \ufeff{}"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, reason: str) -> None:
    """What is no JSON, or JSON that two readers read differently, is refused in one sentence."""
    assert reason == refusal_of_text(text)


@pytest.mark.parametrize("levels", [202, 900, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused(levels: int, opening: str) -> None:
    """Nesting that later readers fail on is refused, and no RecursionError escapes."""
    closing = {"[": "]", '{"a":': "}"}[opening]

    assert "nested deeper than 201 levels" == refusal_of_text(f"{opening * (levels - 1)}[]{closing * (levels - 1)}")


def test_what_pydantic_takes_is_not_too_deep() -> None:
    """A result of 200 levels in its wrapper is read."""
    deep = f'{{"value":{"[" * 200}{"]" * 200}}}'

    assert json.loads(deep) == read(deep)


def test_many_brackets_are_not_deep() -> None:
    """Breadth is no depth."""
    wide: Json = [[{}] for _ in range(1000)]

    assert wide == read(json.dumps(wide))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "no content"),
        ({"content": None}, "no content"),
        ({"content": None, "refusal": "I'm sorry, I cannot."}, "refused: I'm sorry, I cannot."),
        ({"content": '{"a":1}', "refusal": "No."}, "refused: No."),
        ({"content": [{"type": "text", "text": "{}"}]}, "the content is a list, not text"),
        ({"content": {"a": 1}}, "the content is a dict, not text"),
        ({"content": 1, "refusal": ""}, "the content is a int, not text"),
    ],
)
def test_a_message_without_text_is_refused(message: dict[str, Any], reason: str) -> None:
    """A refusal, no content, and content that is not text are told apart."""
    assert reason == refusal_of_message(message)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ({"name": "other", "arguments": "{}"}, "a call of 'other', not of 'triage'"),
        ({"arguments": "{}"}, "a call of 'None', not of 'triage'"),
        ("triage", "a call of 'None', not of 'triage'"),
        ({"name": "triage"}, "the call's arguments are no text"),
        ({"name": "triage", "arguments": {"a": 1}}, "the call's arguments are no text"),
        ({"name": "triage", "arguments": None}, "the call's arguments are no text"),
    ],
)
def test_a_call_that_is_not_the_one_is_refused(call: object, reason: str) -> None:
    """A call of another name, or with arguments that are no text, gives nothing."""
    with pytest.raises(InvalidReply) as caught:
        call_of({}, call, "triage")

    assert reason == caught.value.args[0]


def test_without_a_call_the_content_counts() -> None:
    """Where there is no call, the content is taken in its place."""
    assert "{}" == call_of({"content": "{}"}, None, "triage")


def test_an_excerpt_is_short_and_on_one_line() -> None:
    """Reasons quote the beginning of a model's words only."""
    assert "a b" == excerpt("a\n\n b")
    assert "x" * 60 + "..." == excerpt("x" * 61)
