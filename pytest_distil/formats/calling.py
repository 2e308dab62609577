"""The tools of a training line, and the calls of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_distil.core.text import Json
from pytest_distil.formats.conform import faults
from pytest_distil.formats.finding import Faults
from pytest_distil.formats.providers import Provider

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FUNCTION_KEYS = frozenset({"name", "description", "parameters", "strict"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What the assistant may call: the schemas of parameters by name."""

    tools: Mapping[str, Json] = field(default_factory=dict)
    functions: Mapping[str, Json] = field(default_factory=dict)
    parallel: bool = True


def offer_of(line: Mapping[str, Any]) -> Offer:
    """Return what a line lets the assistant call, as far as it can be read."""
    tools = [one.get("function") for one in _dicts(line.get("tools"))]
    return Offer(
        _by_name(tools), _by_name(_dicts(line.get("functions"))), parallel=line.get("parallel_tool_calls") is not False
    )


def name_fault(name: Json) -> str | None:
    """Say what is wrong with the name of a function, a tool or a speaker."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return None
    return f"is {name!r}; a name has 1 to 64 of the characters A-Z a-z 0-9 _ -"


def beside_faults(line: Mapping[str, Any], *, at: str = "") -> Faults:
    """Yield what is wrong with what stands beside the messages: tools, functions, parallel_tool_calls."""
    if "tools" in line:
        yield from _list_faults(f"{at}tools", line["tools"], inner="function")
    if "functions" in line:
        yield from _list_faults(f"{at}functions", line["functions"], inner="")
    if not isinstance(line.get("parallel_tool_calls", False), bool):
        yield f"{at}parallel_tool_calls", "is neither true nor false"


def call_faults(at: str, message: Mapping[str, Any], known: Offer, rules: Provider) -> Faults:
    """Yield what is wrong with the calls of an assistant's message."""
    if "tool_calls" in message:
        yield from _tool_call_faults(f"{at}.tool_calls", message["tool_calls"], known, rules)
    if message.get("function_call") is not None:
        where = f"{at}.function_call"
        if not known.functions:
            yield where, "a function is called, but the line has no functions"
        yield from _one_call(where, message["function_call"], known.functions, as_object=False)


def _tool_call_faults(at: str, calls: Json, known: Offer, rules: Provider) -> Faults:
    if not isinstance(calls, list) or not calls:
        yield at, "is not a list of calls"
        return
    if not known.tools:
        yield at, "tools are called, but the line has no tools"
    if len(calls) > 1 and not known.parallel:
        yield at, f"has {len(calls)} calls, and parallel_tool_calls is false"
    for index, call in enumerate(calls):
        where = f"{at}[{index}]"
        if not isinstance(call, dict):
            yield where, "is not an object"
            continue
        if call.get("type", "function") != "function":
            yield f"{where}.type", f"is {call['type']!r}, not 'function'"
        if not rules.calls_as_objects and not isinstance(call.get("id"), str):
            yield f"{where}.id", "is missing"
        yield from _one_call(f"{where}.function", call.get("function"), known.tools, as_object=rules.calls_as_objects)


def _one_call(at: str, call: Json, known: Mapping[str, Json], *, as_object: bool) -> Faults:
    """Yield what is wrong with a name and its arguments."""
    if not isinstance(call, dict):
        yield at, "is not an object with name and arguments"
        return
    name = call.get("name")
    wrong = name_fault(name)
    if wrong:
        yield f"{at}.name", wrong
    elif known and name not in known:
        yield f"{at}.name", f"is {name!r}, which the line does not offer; it offers {', '.join(known)}"
    yield from _argument_faults(f"{at}.arguments", call.get("arguments"), known.get(str(name), True), as_object)


def _argument_faults(at: str, arguments: Json, schema: Json, as_object: bool) -> Faults:  # noqa: FBT001 - one caller
    """Yield where arguments are no JSON, or not what the parameters say."""
    if as_object:
        value = arguments
        if not isinstance(value, dict):
            yield at, "is not an object, as chat templates want it"
            return
    elif not isinstance(arguments, str):
        yield at, "is not a string that holds JSON"
        return
    else:
        try:
            value = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            yield at, f"is not JSON: {error}"
            return
    for path, wrong in faults(schema, value):
        yield under(at, path), wrong


def under(at: str, path: str) -> str:
    """Return a path below another."""
    return f"{at}.{path}" if path and not path.startswith("[") else f"{at}{path}"


def _list_faults(at: str, tools: Json, *, inner: str) -> Faults:
    """Yield what is wrong with a list of tools or functions."""
    if not isinstance(tools, list) or not tools:
        yield at, "is not a list of what can be called; leave it out where there is nothing"
        return
    names: set[Json] = set()
    for index, tool in enumerate(tools):
        where = f"{at}[{index}]"
        if inner and (not isinstance(tool, dict) or tool.get("type") != "function"):
            yield f"{where}.type", "is not 'function'"
            continue
        function = tool.get(inner) if inner else tool
        where = f"{where}.{inner}" if inner else where
        if not isinstance(function, dict):
            yield where, "is not an object with name and parameters"
            continue
        yield from _function_faults(where, function)
        name = function.get("name")
        if isinstance(name, str) and name in names:
            yield f"{where}.name", f"is {name!r} a second time"
        names.add(name if isinstance(name, str) else "")


def _function_faults(at: str, function: Mapping[str, Any]) -> Faults:
    for key in sorted(function.keys() - _FUNCTION_KEYS):
        yield f"{at}.{key}", "is an unknown key"
    wrong = name_fault(function.get("name"))
    if wrong:
        yield f"{at}.name", wrong
    parameters = function.get("parameters")
    if parameters is not None and not (isinstance(parameters, dict) and parameters.get("type") == "object"):
        yield f"{at}.parameters", "is not the schema of an object"


def _dicts(value: Json) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _by_name(functions: list[Any]) -> dict[str, Json]:
    known = (one for one in functions if isinstance(one, dict) and isinstance(one.get("name"), str))
    return {one["name"]: one.get("parameters") or True for one in known}
