"""The messages of a training line: each by itself, and who speaks after whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_distil.core.text import Json
from pytest_distil.formats.calling import Offer, call_faults, name_fault, under
from pytest_distil.formats.conform import faults
from pytest_distil.formats.finding import Faults
from pytest_distil.formats.providers import Provider

_SYSTEM = ("system", "developer")
_ANSWERING = ("tool", "function")

Schemas = Mapping[str, Json]
"""The schema of replies by system text, where the session tells it; training lines do not hold it."""


def turns_faults(at: str, messages: Json, known: Offer, rules: Provider, schemas: Schemas) -> Faults:
    """Yield what is wrong with the messages of a whole conversation, which ends with what is to be learned."""
    if not isinstance(messages, list) or not messages:
        yield at, "is not a list of messages"
        return
    yield from each_fault(at, messages, known, rules, schema=schemas.get(system_text(messages)))
    yield from _learned_faults(at, messages)
    yield from order_faults(at, messages, rules)


def each_fault(at: str, messages: list[Json], known: Offer, rules: Provider, *, schema: Json = None) -> Faults:
    """Yield what is wrong with each message by itself; replies are held against `schema`."""
    for index, message in enumerate(messages):
        where = f"{at}[{index}]"
        if not isinstance(message, dict):
            yield where, "is not an object with role and content"
            continue
        for key in sorted(message.keys() - rules.message_keys):
            yield f"{where}.{key}", f"is a key that {rules.title} does not take in a message"
        role = message.get("role")
        if role not in rules.roles:
            yield f"{where}.role", f"is {role!r}; {rules.title} takes {', '.join(sorted(rules.roles))}"
        if "name" in message and (wrong := name_fault(message["name"])):
            yield f"{where}.name", wrong
        yield from _content_faults(f"{where}.content", message)
        if role == "assistant":
            yield from _assistant_faults(where, message, known, rules, schema)
        else:
            yield from _foreign_faults(where, message)


def order_faults(at: str, messages: list[Json], rules: Provider) -> Faults:
    """Yield who speaks at the wrong moment."""
    roles = [one.get("role") if isinstance(one, dict) else None for one in messages]
    called: set[Json] = set()
    for index, role in enumerate(roles):
        before = roles[index - 1] if index else None
        where = f"{at}[{index}].role"
        if role == "assistant" == before:
            yield where, "is the assistant's a second time in a row"
        if role in _SYSTEM and index and rules.system_first:
            yield where, f"is {role!r} after the first message, which {rules.title} does not take"
        if rules.alternate and role == "user" == before:
            yield where, f"is the user's a second time in a row, which {rules.title} does not take"
        if rules.alternate and role == "assistant" and before in (None, *_SYSTEM):
            yield where, f"is the assistant's before the user's, which {rules.title} does not take"
        if role == "tool" and messages[index].get("tool_call_id") not in called:
            yield f"{at}[{index}].tool_call_id", "answers no call that was made before"
        called.update(_call_ids(messages[index]))


def _learned_faults(at: str, messages: list[Json]) -> Faults:
    """Yield that there is nothing to learn."""
    spoken = [one for one in messages if isinstance(one, dict) and one.get("role") == "assistant"]
    if not spoken:
        yield at, "has no assistant turn, so that there is nothing to learn"
        return
    last = messages[-1]
    if not isinstance(last, dict) or last.get("role") != "assistant":
        yield f"{at}[{len(messages) - 1}].role", "ends the line; the assistant's turn must be the last"
    if all(one.get("weight") == 0 for one in spoken):
        yield at, "has only assistant turns of weight 0, so that there is nothing to learn"


def _content_faults(at: str, message: Mapping[str, Any]) -> Faults:
    """Yield what is wrong with content, which an assistant that calls something may lack."""
    content, assistant = message.get("content"), message.get("role") == "assistant"
    said = content is not None or any(message.get(key) for key in ("tool_calls", "function_call", "refusal"))
    if content is None and not (assistant and said):
        yield at, "is missing"
    elif assistant and content in ("", []) and not message.get("tool_calls"):
        yield at, "is empty, so that there is nothing to learn"
    elif content is not None and not isinstance(content, (str, list)):
        yield at, "is neither text nor a list of parts"
    elif isinstance(content, list) and not all(isinstance(part, dict) and "type" in part for part in content):
        yield at, "has a part without a type"


def _assistant_faults(at: str, message: Mapping[str, Any], known: Offer, rules: Provider, schema: Json) -> Faults:
    """Yield what is wrong with what is to be learned."""
    if message.get("weight") not in (None, 0, 1) or isinstance(message.get("weight"), bool):
        yield f"{at}.weight", f"is {message['weight']!r}, neither 0 nor 1"
    yield from call_faults(at, message, known, rules)
    content = message.get("content")
    if isinstance(content, str) and (schema is not None or content.lstrip()[:1] in ("{", "[")):
        yield from _json_faults(f"{at}.content", content, schema)


def _json_faults(at: str, content: str, schema: Json) -> Faults:
    """Yield where a reply is no JSON, or not what the schema says."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        yield at, f"is not JSON: {error}"
        return
    for path, wrong in faults(True if schema is None else schema, value):
        yield under(at, path), wrong


def _foreign_faults(at: str, message: Mapping[str, Any]) -> Faults:
    """Yield what only an assistant's message may have."""
    for key in ("tool_calls", "function_call", "weight"):
        if message.get(key) is not None:
            yield f"{at}.{key}", "stands in a message that is not the assistant's"
    if message.get("role") in _ANSWERING and not message.get("tool_call_id" if message["role"] == "tool" else "name"):
        yield at, "does not say which call it answers"


def _call_ids(message: Json) -> list[Json]:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    return [one.get("id") for one in calls if isinstance(one, dict)] if isinstance(calls, list) else []


def system_text(messages: Json) -> str:
    """Return what the system says in a conversation; empty where it says nothing."""
    first = messages[0] if isinstance(messages, list) and messages else None
    content = first.get("content") if isinstance(first, dict) else None
    return content if isinstance(content, str) else ""
