"""Invariant 1 of DESIGN.md: a model is asked exactly as it was trained, over types and values made up by hypothesis."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import InvalidReply
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.formats import FORMATS, load
from pytest_distil.formats.conversation import Conversation
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.strict import shape
from support.grammar import accepts, nodes
from support.returns import TEXT, briefs_with_results, recorded_results

CONVERSATIONS = [load(name) for name in FORMATS if name != "raw"]
STRICT_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "$ref", "$defs"}

every_format = pytest.mark.parametrize("form", CONVERSATIONS, ids=[form.name for form in CONVERSATIONS])
examples = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
calls = st.fixed_dictionaries({"urgent": json_values, "email": json_values})


def json_text(form: Conversation, message: dict[str, Any]) -> str:
    """Return the result's JSON in a reply, found by the shape's own keys."""
    if form.name == "tools":
        return str(message["tool_calls"][0]["function"]["arguments"])
    return str(message["function_call"]["arguments"] if form.name == "functions" else message["content"])


@every_format
@examples
@given(drawn=briefs_with_results(), arguments=calls)
def test_a_request_is_the_line_without_its_last_turn(
    form: Conversation, drawn: tuple[Brief, Json], arguments: dict[str, Json]
) -> None:
    """Messages, tools and functions of a request stand in the training line byte for byte, then the reply."""
    brief, result = drawn
    asked = form.prompt(brief, arguments)

    line = training_line(form.name, brief, arguments, result)

    taught = {"messages": [*asked["messages"], form.reply(brief, result)]}
    taught |= {key: asked[key] for key in ("tools", "parallel_tool_calls", "functions") if key in asked}

    assert compact(taught) == line


@every_format
@examples
@given(drawn=briefs_with_results())
def test_a_reply_reads_back_as_the_result(form: Conversation, drawn: tuple[Brief, Json]) -> None:
    """Parsing what a model is trained to reply gives the result, numbers and booleans told apart."""
    brief, result = drawn

    parsed = form.parse(brief, form.reply(brief, result))

    assert canonical(result) == canonical(parsed)


@every_format
@examples
@given(drawn=briefs_with_results())
def test_the_schema_accepts_every_reply(form: Conversation, drawn: tuple[Brief, Json]) -> None:
    """A grammar made from the schema of the request accepts the reply, at every level in the schema's order."""
    brief, result = drawn

    text = json_text(form, form.reply(brief, result))

    assert accepts(shape(brief).schema, text), (shape(brief).schema, text)


@every_format
@examples
@given(drawn=recorded_results())
def test_what_is_recorded_can_be_replied(form: Conversation, drawn: tuple[Brief, Json]) -> None:
    """The grammar accepts the reply of every result that is recorded; where floats may be nan, those are not."""
    brief, result = drawn

    text = json_text(form, form.reply(brief, result))

    assert accepts(shape(brief).schema, text), (shape(brief).schema, text)


@examples
@given(drawn=briefs_with_results())
def test_strict_schemas_hold_what_strict_mode_takes(drawn: tuple[Brief, Json]) -> None:
    """Strict schemas use nine keywords, close every object, require every key and name the type of every value."""
    of = shape(drawn[0])
    if not of.strict:
        return

    assert of.schema["type"] == "object"
    for node in nodes(of.schema):
        assert set(node) <= STRICT_KEYWORDS
        assert {"type", "anyOf", "$ref"} & set(node)
        assert "$ref" not in node or len(node) == 1
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert list(node["properties"]) == node["required"]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in of.schema.get("$defs", {}))


@every_format
@examples
@given(drawn=briefs_with_results(), arguments=calls)
def test_equal_calls_read_the_same(form: Conversation, drawn: tuple[Brief, Json], arguments: dict[str, Json]) -> None:
    """Sorting the keys of arguments and result, as files do, changes no byte of a line."""
    brief, result = drawn
    line = training_line(form.name, brief, arguments, result)

    again = training_line(form.name, brief, json.loads(canonical(arguments)), json.loads(canonical(result)))

    assert line == again


@every_format
@examples
@given(drawn=briefs_with_results())
def test_no_address_and_no_module(form: Conversation, drawn: tuple[Brief, Json]) -> None:
    """Nothing in a request differs from run to run: no address, no module of a type."""
    text = compact(form.prompt(drawn[0], {}))

    assert not re.search(r"0x[0-9a-f]{4}|\bsupport|returns__|__main__", text)


@every_format
@examples
@given(drawn=briefs_with_results(), text=TEXT | json_values.map(compact))
def test_parsing_anything_gives_a_value_or_a_reason(form: Conversation, drawn: tuple[Brief, Json], text: str) -> None:
    """Whatever a model writes, parsing it gives JSON or raises `InvalidReply` with a reason."""
    brief, _ = drawn
    message = form.message(brief, text)

    try:
        compact(form.parse(brief, message))
    except InvalidReply as invalid:
        reason = invalid.args[0]
    else:
        reason = "a value"

    assert reason
