from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.training_lines import (
    TOOL,
    call_change,
    calling,
    check,
    halved,
    message,
    messages,
    old_calling,
    paired,
    plain,
    tool_change,
    write,
)

SEEDED = {
    "no JSON": ("openai", "{", "", "is not JSON"),
    "no object": ("openai", "[1]", "", "is not a JSON object"),
    "not a number": ("openai", '{"messages": NaN}', "", "NaN is no number of JSON"),
    "empty line": ("openai", "   ", "", "is empty"),
    "Latin 1": ("openai", '{"messages":"é"}'.encode("latin-1"), "", "is not UTF-8: byte 14"),
    "half a pair": ("openai", '{"messages":"\\ud83d"}', "", "half of a surrogate pair"),
    "raw record": ("openai", {"fn_name": "f", "fn_repr": "def f", "resp": 1, "args": []}, "", "raw record"),
    "prompt and completion": ("openai", {"prompt": "a", "completion": "b"}, "", "retired models"),
    "unknown key": ("openai", plain(3, response_format={}), "response_format", "does not take"),
    "functions": ("together", old_calling(3), "functions", "Together does not take"),
    "parallel": ("fireworks", calling(3), "parallel_tool_calls", "Fireworks does not take"),
    "unknown key of a message": ("openai", message(1, id="x"), "messages[1].id", "does not take in a message"),
    "no messages": ("openai", {"messages": []}, "messages", "not a list of messages"),
    "no message": ("openai", {"messages": ["hello"]}, "messages[0]", "not an object"),
    "unknown role": ("openai", message(1, role="human"), "messages[1].role", "is 'human'"),
    "developer": ("together", message(0, role="developer"), "messages[0].role", "is 'developer'"),
    "no content": ("openai", message(1, content=None), "messages[1].content", "is missing"),
    "content of another kind": ("openai", message(1, content=3), "messages[1].content", "neither text nor a list"),
    "part without type": ("openai", message(1, content=[{"text": "a"}]), "messages[1].content", "without a type"),
    "empty reply": ("openai", message(2, content=""), "messages[2].content", "is empty"),
    "no reply": ("openai", messages("system", "user"), "messages", "no assistant turn"),
    "ends with the user": ("openai", messages("user", "assistant", "user"), "messages[2].role", "ends the line"),
    "twice the assistant": ("openai", messages("user", "assistant", "assistant"), "messages[2].role", "in a row"),
    "twice the user": ("together", messages("user", "user", "assistant"), "messages[1].role", "in a row"),
    "assistant first": ("together", messages("system", "assistant", "user", "assistant"), "messages[1].role", "before"),
    "system later": ("fireworks", messages("user", "system", "assistant"), "messages[1].role", "after the first"),
    "weight": ("openai", message(2, weight=0.5), "messages[2].weight", "neither 0 nor 1"),
    "all weights 0": ("openai", message(2, weight=0), "messages", "only assistant turns of weight 0"),
    "weight of a user": ("openai", message(1, weight=1), "messages[1].weight", "not the assistant's"),
    "name of a speaker": ("openai", message(1, name="Ms. X"), "messages[1].name", "1 to 64 of the characters"),
    "reply cut off": ("openai", message(2, content='{"topic":'), "messages[2].content", "is not JSON"),
    "call without tools": (
        "openai",
        {"messages": calling(3)["messages"]},
        "messages[2].tool_calls",
        "the line has no tools",
    ),
    "function call without functions": (
        "openai",
        {"messages": old_calling(3)["messages"]},
        "messages[2].function_call",
        "has no functions",
    ),
    "name of a call": (
        "openai",
        call_change(name="tri age"),
        "messages[2].tool_calls[0].function.name",
        "1 to 64 of the characters",
    ),
    "call of another tool": (
        "openai",
        call_change(name="sort"),
        "messages[2].tool_calls[0].function.name",
        "it offers triage",
    ),
    "arguments as an object": (
        "openai",
        call_change(arguments={}),
        "messages[2].tool_calls[0].function.arguments",
        "not a string that holds JSON",
    ),
    "arguments as text": (
        "trl",
        {key: value for key, value in calling(3).items() if key != "parallel_tool_calls"},
        "messages[2].tool_calls[0].function.arguments",
        "not an object, as chat templates want",
    ),
    "arguments cut off": (
        "openai",
        call_change(arguments='{"topic"'),
        "messages[2].tool_calls[0].function.arguments",
        "is not JSON",
    ),
    "off the schema": (
        "openai",
        call_change(arguments='{"topic":"bug","price":"3.5"}'),
        "messages[2].tool_calls[0].function.arguments.price",
        "is string, not number",
    ),
    "off the choices": (
        "openai",
        call_change(arguments='{"topic":"spam","price":1}'),
        "messages[2].tool_calls[0].function.arguments.topic",
        'is "spam", not one of "bug", "other"',
    ),
    "key too many": (
        "openai",
        call_change(arguments='{"topic":"bug","price":1,"note":""}'),
        "messages[2].tool_calls[0].function.arguments.note",
        "a key that the schema does not have",
    ),
    "key missing": (
        "openai",
        call_change(arguments='{"topic":"bug"}'),
        "messages[2].tool_calls[0].function.arguments.price",
        "is missing",
    ),
    "no list of calls": ("openai", message(2, calling(3), tool_calls={}), "messages[2].tool_calls", "list of calls"),
    "call without id": (
        "openai",
        message(2, calling(3), tool_calls=[{"type": "function", "function": call_change()["tools"][0]["function"]}]),
        "messages[2].tool_calls[0].id",
        "is missing",
    ),
    "tools of another kind": ("openai", calling(3, tools={}), "tools", "not a list"),
    "tool of another type": ("openai", calling(3, tools=[TOOL, {"type": "web"}]), "tools[1].type", "not 'function'"),
    "tool twice": ("openai", calling(3, tools=[TOOL, TOOL]), "tools[1].function.name", "a second time"),
    "name of a tool": ("openai", tool_change(name="x" * 65), "tools[0].function.name", "1 to 64 of the characters"),
    "key of a tool": ("openai", tool_change(returns={}), "tools[0].function.returns", "unknown key"),
    "parameters of a tool": (
        "openai",
        tool_change(parameters=[]),
        "tools[0].function.parameters",
        "schema of an object",
    ),
    "parallel of another kind": ("openai", calling(3, parallel_tool_calls="no"), "parallel_tool_calls", "neither true"),
    "answer to no call": (
        "openai",
        {"messages": [{"role": "tool", "content": "1", "tool_call_id": "a"}, *plain(3)["messages"]]},
        "messages[0].tool_call_id",
        "answers no call",
    ),
    "pair among conversations": ("openai", paired(3), "", "a preference pair among conversations"),
    "too long": ("openai", message(1, content="x" * 70_000), "", "65,536 are the most"),
}


@pytest.mark.parametrize(("rules", "line", "field", "said"), SEEDED.values(), ids=SEEDED.keys())
def test_every_seeded_fault_is_found(tmp_path: Path, rules: str, line: Any, field: str, said: str) -> None:
    """A fault in one line of a good file is found at that line, in that field, and nothing else is."""
    good = [*(plain(number) for number in range(100, 112))]
    path = write(tmp_path / "triage.train.jsonl", [*good[:6], line, *good[6:]])

    found = [one for one in check(path, rules=rules) if one.line]

    assert (str(path), 7, field) in [(one.path, one.line, one.field) for one in found], "\n".join(map(str, found))
    assert {7} == {one.line for one in found}
    assert said in next(one.message for one in found if one.field == field)


SEEDED_PAIRS = {
    "no prompt": ("openai", paired(3, input=[]), "input", "not an object with messages"),
    "unknown key": ("openai", paired(3, weight=1), "weight", "does not take"),
    "unknown key inside": ("openai", paired(3, input={**paired(3)["input"], "n": 1}), "input.n", "does not take"),
    "no list": ("openai", paired(3, preferred_output={}), "preferred_output", "not a list of messages"),
    "both sides equal": (
        "openai",
        paired(3, non_preferred_output=paired(3)["preferred_output"]),
        "non_preferred_output",
        "nothing to prefer",
    ),
    "two messages": (
        "together",
        paired(3, preferred_output=paired(3)["preferred_output"] * 2),
        "preferred_output",
        "1",
    ),
    "nobody answers": (
        "openai",
        paired(3, preferred_output=[{"role": "tool", "content": "a", "tool_call_id": "b"}]),
        "preferred_output",
        "no assistant turn",
    ),
    "ends with the assistant": (
        "openai",
        paired(3, input=plain(3)),
        "input.messages[2].role",
        "what is to be learned",
    ),
    "preferred is cut off": (
        "openai",
        paired(3, preferred_output=[{"role": "assistant", "content": '{"a'}]),
        "preferred_output[0].content",
        "is not JSON",
    ),
    "a conversation": ("openai", plain(3), "", "a conversation among preference pairs"),
}


@pytest.mark.parametrize(("rules", "line", "field", "said"), SEEDED_PAIRS.values(), ids=SEEDED_PAIRS.keys())
def test_every_seeded_fault_of_pairs_is_found(tmp_path: Path, rules: str, line: Any, field: str, said: str) -> None:
    """A fault in one preference pair is found at its line, in its field."""
    path = write(tmp_path / "triage.dpo.train.jsonl", [*(paired(number) for number in range(100, 112)), line])

    found = [one for one in check(path, rules=rules) if one.line]

    assert (13, field) in [(one.line, one.field) for one in found], "\n".join(map(str, found))
    assert {13} == {one.line for one in found}
    assert said in next(one.message for one in found if one.field == field)


SEEDED_HALVES = {
    "nothing asked": (halved(3, prompt=None), "prompt", "not a list of messages"),
    "plain text": (halved(3, prompt="Sort e-mails."), "prompt", "not a list of messages"),
    "nothing replied": (halved(3, completion=[]), "completion", "not a list of messages"),
    "unknown key": (halved(3, seed=1), "seed", "it takes completion, prompt, tools"),
    "two replies": (halved(3, completion=halved(3)["completion"] * 2), "completion", "has 2 messages"),
    "nobody answers": (halved(3, completion=halved(3)["prompt"][1:]), "completion", "no assistant turn"),
    "ends with the assistant": (halved(3, prompt=plain(3)["messages"]), "prompt[2].role", "what is to be learned"),
    "cut off": (
        halved(3, completion=[{"role": "assistant", "content": '{"a'}]),
        "completion[0].content",
        "is not JSON",
    ),
    "off the schema": (
        halved(3, completion=[{"role": "assistant", "content": '{"topic":"spam"}'}]),
        "completion[0].content.topic",
        'is "spam"',
    ),
    "another reply": (
        halved(100, completion=[{"role": "assistant", "content": '{"topic":"other"}'}]),
        "prompt",
        "contradicts",
    ),
}


@pytest.mark.parametrize(("line", "field", "said"), SEEDED_HALVES.values(), ids=SEEDED_HALVES.keys())
def test_every_seeded_fault_of_halves_is_found(tmp_path: Path, line: Any, field: str, said: str) -> None:
    """A fault in a line of prompt and completion is found at its line, in its field."""
    path = write(tmp_path / "triage.train.jsonl", [*(halved(number) for number in range(100, 112)), line])
    schemas = {"Sort e-mails.": {"properties": {"topic": {"enum": ["bug", "other"]}}}}

    found = [one for one in check(path, rules="trl", schemas=schemas) if one.line]

    assert (13, field) in [(one.line, one.field) for one in found], "\n".join(map(str, found))
    assert {13} == {one.line for one in found}
    assert said in next(one.message for one in found if one.field == field)
