"""Training lines with nothing wrong in them, and what breaks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_distil.formats.finding import Finding
from pytest_distil.formats.lint import Checked, Lint, Part, part_of
from pytest_distil.formats.providers import provider
from pytest_distil.formats.tokens import Counter

Line = dict[str, Any]

CHARACTERS = Counter(len, "characters", exact=True)

PARAMETERS = {
    "type": "object",
    "properties": {"topic": {"enum": ["bug", "other"]}, "price": {"type": "number"}},
    "required": ["topic", "price"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "triage", "description": "Sort.", "parameters": PARAMETERS}}


def plain(number: int, **changes: Any) -> Line:
    """Return a line with nothing wrong in it."""
    messages = [
        {"role": "system", "content": "Sort e-mails."},
        {"role": "user", "content": f"mail {number}"},
        {"role": "assistant", "content": '{"topic":"bug"}'},
    ]
    return {"messages": messages, **changes}


def calling(number: int, arguments: str = '{"topic":"bug","price":3.5}', **changes: Any) -> Line:
    """Return a line whose reply is a tool call."""
    call = {"id": "call00001", "type": "function", "function": {"name": "triage", "arguments": arguments}}
    line = plain(number)
    line["messages"][2] = {"role": "assistant", "tool_calls": [call]}
    return {**line, "tools": [TOOL], "parallel_tool_calls": False, **changes}


def old_calling(number: int, **changes: Any) -> Line:
    """Return a line whose reply is a function call."""
    line = plain(number)
    call = {"name": "triage", "arguments": '{"topic":"bug","price":1}'}
    line["messages"][2] = {"role": "assistant", "content": None, "function_call": call}
    return {**line, "functions": [TOOL["function"]], **changes}


def paired(number: int, **changes: Any) -> Line:
    """Return a preference pair."""
    line = plain(number)
    better, worse = line["messages"][2], {"role": "assistant", "content": "no JSON at all {"}
    return {
        "input": {"messages": line["messages"][:2]},
        "preferred_output": [better],
        "non_preferred_output": [worse],
        **changes,
    }


def halved(number: int, **changes: Any) -> Line:
    """Return a line in two halves, as TRL takes it."""
    *asked, reply = plain(number)["messages"]
    return {"prompt": asked, "completion": [reply], **changes}


def message(index: int, line: Line | None = None, **changes: Any) -> Line:
    """Return a line one of whose messages is changed; what is None is taken out."""
    line = line or plain(3)
    changed = {**line["messages"][index], **changes}
    line["messages"][index] = {key: value for key, value in changed.items() if value is not None}
    return line


def messages(*roles: str) -> Line:
    """Return a line in which these speak."""
    return {"messages": [{"role": role, "content": f"{index}"} for index, role in enumerate(roles)]}


def call_change(**changes: Any) -> Line:
    """Return a line with a changed tool call."""
    line = calling(3)
    line["messages"][2]["tool_calls"][0]["function"].update(changes)
    return line


def tool_change(**changes: Any) -> Line:
    """Return a line with a changed tool."""
    return calling(3, tools=[{"type": "function", "function": {**TOOL["function"], **changes}}])  # type: ignore[dict-item]


def write(path: Path, lines: list[Any]) -> Path:
    """Write lines; text and bytes as they are."""
    with path.open("wb") as file:
        for line in lines:
            text = line if isinstance(line, (str, bytes)) else json.dumps(line)
            file.write((text if isinstance(text, bytes) else text.encode()) + b"\n")
    return path


def check(*paths: Path, rules: str = "openai", parts: list[Part] | None = None, **options: Any) -> list[Finding]:
    """Return what is found in files."""
    kinds = parts or [part_of(path) for path in paths]
    files = [Checked(path, part) for path, part in zip(paths, kinds, strict=True)]
    return list(Lint(provider(rules), CHARACTERS, **options).findings(files))
