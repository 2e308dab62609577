"""One training line, held against a provider's rules: a conversation, perhaps in two halves, or a preference pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pytest_distil.core.text import Json, canonical
from pytest_distil.formats.calling import Offer, beside_faults, offer_of
from pytest_distil.formats.finding import Faults
from pytest_distil.formats.providers import Provider
from pytest_distil.formats.turns import Schemas, each_fault, order_faults, system_text, turns_faults

Method = Literal["supervised", "dpo"]

_RAW = frozenset({"fn_name", "fn_repr", "resp"})
_LEGACY = frozenset({"prompt", "completion"})


def method_of(line: Json, rules: Provider) -> Method:
    """Return what a line is for, by its keys."""
    _, better, worse = rules.pairs
    return "dpo" if isinstance(line, dict) and (better in line or worse in line) else "supervised"


def parts(line: Mapping[str, Any], rules: Provider) -> tuple[Json, Json]:
    """Return what a line asks, with its tools, and what it has the model reply."""
    if method_of(line, rules) == "dpo":
        replies = rules.pairs[1:]
        rest = {key: value for key, value in line.items() if key not in replies}
        return rest, [line.get(key) for key in replies]
    if rules.halves and "messages" not in line:
        replied = rules.halves[1]
        return {key: value for key, value in line.items() if key != replied}, line.get(replied)
    messages = line.get("messages")
    if not isinstance(messages, list) or not messages:
        return line, None
    return {**line, "messages": messages[:-1]}, messages[-1]


def example_faults(line: Json, rules: Provider, *, method: Method, schemas: Schemas) -> Faults:
    """Yield what is wrong with a line of a file that is for `method`."""
    if not isinstance(line, dict):
        yield "", "is not a JSON object"
    elif line.keys() >= _RAW:
        yield "", "is a raw record, which is for export only; collect in another --distil-format"
    elif line.keys() >= _LEGACY and not rules.halves:
        yield "", "is of prompt and completion, the format of retired models; write messages"
    elif method_of(line, rules) != method:
        found = "a conversation among preference pairs" if method == "dpo" else "a preference pair among conversations"
        yield "", f"is {found}; a file is for one method"
    elif method == "dpo":
        yield from _pair_faults(line, rules)
    elif rules.halves and "messages" not in line:
        yield from _half_faults(line, rules.halves, rules, schemas)
    else:
        yield from _unknown(line, rules, {"messages"})
        yield from beside_faults(_known(line, rules))
        yield from turns_faults("messages", line.get("messages"), offer_of(line), rules, schemas)


def _half_faults(line: Mapping[str, Any], halves: tuple[str, str], rules: Provider, schemas: Schemas) -> Faults:
    """Yield what is wrong with a conversation that is written in two halves."""
    asked, replied = halves
    yield from _unknown(line, rules, set(halves))
    yield from beside_faults(_known(line, rules))
    yield from _asked_faults(asked, line.get(asked), rules)
    schema = schemas.get(system_text(line.get(asked)))
    yield from _reply_faults(replied, line.get(replied), offer_of(line), rules, schema=schema)


def _pair_faults(line: Mapping[str, Any], rules: Provider) -> Faults:
    """Yield what is wrong with a preference pair."""
    prompt, better, worse = rules.pairs
    nested = prompt == "input"
    asked = line.get(prompt) if nested else line
    at = f"{prompt}." if nested else ""
    yield from _unknown(line, rules, set(rules.pairs), beside=not nested)
    if not isinstance(asked, dict):
        yield prompt, "is not an object with messages"
        return
    if nested:
        yield from _unknown(asked, rules, {"messages"}, at=at)
    yield from beside_faults(_known(asked, rules), at=at)
    known = offer_of(asked)
    yield from _asked_faults(f"{at}messages" if nested else prompt, asked.get("messages" if nested else prompt), rules)
    for key in (better, worse):
        yield from _reply_faults(key, line.get(key), known, rules)
    if better in line and worse in line and canonical(line[better]) == canonical(line[worse]):
        yield worse, f"is the same as {better}, so that there is nothing to prefer"


def _asked_faults(at: str, messages: Json, rules: Provider) -> Faults:
    """Yield what is wrong with the messages that a pair's replies follow."""
    if not isinstance(messages, list) or not messages:
        yield at, "is not a list of messages"
        return
    yield from each_fault(at, messages, Offer(), rules)
    yield from order_faults(at, messages, rules)
    last = messages[-1]
    if isinstance(last, dict) and last.get("role") == "assistant":
        yield f"{at}[{len(messages) - 1}].role", "is the assistant's; its turn is what is to be learned"


def _reply_faults(at: str, messages: Json, known: Offer, rules: Provider, *, schema: Json = None) -> Faults:
    """Yield what is wrong with what is to be learned, and with either side of a pair."""
    if not isinstance(messages, list) or not messages:
        yield at, "is not a list of messages"
        return
    if rules.pair_messages and len(messages) > rules.pair_messages:
        yield at, f"has {len(messages)} messages; {rules.title} takes {rules.pair_messages}"
    roles = [one.get("role") if isinstance(one, dict) else None for one in messages]
    if "assistant" not in roles:
        yield at, "has no assistant turn"
    # What is not to be preferred may be anything that a model says: no JSON, or off the schema.
    for field, wrong in each_fault(at, messages, known, rules, schema=schema):
        if at != rules.pairs[2] or not _of_reply(field):
            yield field, wrong


def _of_reply(field: str) -> bool:
    """Tell whether a fault is in what a model said, and not in the shape of its message."""
    return ".arguments" in field or field.endswith((".content", "function.name"))


def _unknown(line: Mapping[str, Any], rules: Provider, own: set[str], *, at: str = "", beside: bool = True) -> Faults:
    """Yield keys that the provider refuses."""
    taken = own | rules.beside if beside else own
    for key in sorted(line.keys() - taken):
        yield f"{at}{key}", f"is a key that {rules.title} does not take; it takes {', '.join(sorted(taken))}"


def _known(line: Mapping[str, Any], rules: Provider) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key in rules.beside}
