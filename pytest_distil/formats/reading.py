"""The JSON that a model wrote, read without trust."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from pytest_distil.core.prompt import InvalidReply, Message
from pytest_distil.core.text import Json, compact

_FENCED = re.compile(r"```[A-Za-z]*[ \t]*\n(.*)\n?[ \t]*```", re.DOTALL)
_MOST_LEVELS = 201
"""Arrays and objects inside each other: 200 that pydantic's parser takes, which reads results after us, and one around
them."""
_EXCERPT = 60
"""Characters of a model's own words in a reason."""
_OPENING = frozenset('{["')


def content_of(message: Message) -> str:
    """Return a message's text; raise `InvalidReply` where it refused or said nothing.

    Text in parts is refused: such parts hold thoughts or citations, and which of them is the answer is a guess.
    """
    refusal = message.get("refusal")
    if refusal:
        raise InvalidReply(f"refused: {excerpt(refusal)}")
    content = message.get("content")
    if content is None:
        raise InvalidReply("no content")
    if not isinstance(content, str):
        raise InvalidReply(f"the content is a {type(content).__name__}, not text")
    return content


def call_of(message: Message, call: object, name: str) -> str:
    """Return the text of the arguments that `call` gives the function `name`.

    Without any call, it is the message's content: servers whose chat template knows no tools let the model write
    there what it was forced to pass, and what counts is the value, whose check is the same. Raises `InvalidReply`.
    """
    if call is None:
        return content_of(message)
    function = call if isinstance(call, Mapping) else {}
    if function.get("name") != name:
        raise InvalidReply(f"a call of {excerpt(function.get('name'))!r}, not of {name!r}")
    if not isinstance(function.get("arguments"), str):
        raise InvalidReply("the call's arguments are no text")
    return str(function["arguments"])


def read(text: str) -> Json:
    """Return the JSON value that is the whole of a text, or of the one Markdown fence around it.

    Raises `InvalidReply` for anything else: text around it, keys given twice, nan and infinities, numbers too large
    for a float, nesting too deep for pydantic, text that is no Unicode.
    """
    stripped = text.strip()
    fenced = _FENCED.fullmatch(stripped)
    body = fenced[1].strip() if fenced else stripped
    if not body:
        raise InvalidReply("empty")
    try:
        value = _loads(body)
    except json.JSONDecodeError as error:
        raise InvalidReply(_why(body, error)) from None
    except RecursionError:
        raise InvalidReply(f"nested deeper than {_MOST_LEVELS} levels") from None
    except ValueError:
        raise InvalidReply("a number with too many digits") from None
    _refuse_deep(body, value)
    _refuse_surrogates(body, value)
    return value


def excerpt(text: object) -> str:
    """Return the beginning of what a model wrote, on one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}..."


def _why(body: str, error: json.JSONDecodeError) -> str:
    """Say what is wrong with a text that is no JSON."""
    if error.msg == "Extra data":
        return f"text after the JSON: {excerpt(body[error.pos :])}"
    if body[0] not in _OPENING and any(bracket in body for bracket in "{["):
        return f"text before the JSON: {excerpt(body)}"
    return f"not JSON: {error.msg.lower()} at character {error.pos + 1}"


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object; of a key given twice, one value would be dropped unseen."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidReply(f"the key {excerpt(twice)!r} is given twice")
    return made


def _constant(name: str) -> Any:
    raise InvalidReply(f"{name} is no JSON")


def _float(digits: str) -> float:
    """Read a number; `1e999` is no infinity."""
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidReply(f"the number {excerpt(digits)} is too large")
    return number


_loads = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float).decode


def _refuse_deep(body: str, value: Json) -> None:
    """Refuse what later readers and writers would fail on; counted only where there are brackets enough."""
    if body.count("[") + body.count("{") <= _MOST_LEVELS:
        return
    levels, layer = 0, [value]
    while layer := [one for one in layer if isinstance(one, (list, dict))]:
        levels += 1
        if levels > _MOST_LEVELS:
            raise InvalidReply(f"nested deeper than {_MOST_LEVELS} levels")
        layer = [inner for one in layer for inner in _inside(one)]


def _inside(value: list[Json] | dict[str, Json]) -> list[Json]:
    return value if isinstance(value, list) else list(value.values())


def _refuse_surrogates(body: str, value: Json) -> None:
    """Refuse lone surrogates, which are no text and cannot be written."""
    if "\\u" in body or not body.isascii():
        try:
            compact(value).encode()
        except UnicodeEncodeError:
            raise InvalidReply("a lone surrogate, which is no text") from None
