"""What the messages of a conversation say: everything that a model knows of a task.

The return type's fields always stand in the system text, because servers do not show a request's schema to the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.formats.schema import per_brief
from pytest_distil.formats.typetext import type_text

TASK = "Predict the result of this function:"
ASK_JSON = "Reply with JSON"
"""What stands before the type of a reply. It holds the word without which OpenAI refuses requests for a JSON object."""


def messages(brief: Brief, user: str, *, ask: str = ASK_JSON) -> list[dict[str, Any]]:
    """Return the messages of a request; `ask` says how the result is to be given."""
    return [
        {"role": "system", "content": f"{_task_text(brief)}\n\n{ask}:\n{type_text(brief)}"},
        {"role": "user", "content": user},
    ]


@per_brief
def _task_text(brief: Brief) -> str:
    """Return the function's signature and what it does, as its docstring or its instructions say."""
    if brief.instructions is None:
        return f"{TASK}\n\n{definition(brief)}"
    return f"{TASK}\n\ndef {brief.signature}\n{brief.instructions}".rstrip()


def definition(brief: Brief) -> str:
    """Return the function as its source begins: signature and docstring."""
    return f'def {brief.signature}\n"""{brief.docstring}"""' if brief.docstring else f"def {brief.signature}"


def arguments_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call's arguments as one compact JSON object, in signature order."""
    return f"{{{','.join(f'{compact(name)}:{text}' for name, text in argument_texts(brief, arguments))}}}"


def call_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call as an expression, values as JSON: `multiply(a=2, b="x")`."""
    return f"{brief.name}({', '.join(f'{name}={text}' for name, text in argument_texts(brief, arguments))})"


def argument_texts(brief: Brief, arguments: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield each argument's name and JSON, in signature order; those that the signature does not name come last.

    Keys inside a value are sorted: a call is the same, and must read the same, whether it was just encoded or comes
    from a file of sorted JSON.
    """
    known = [name for name in brief.parameters if name in arguments]
    for name in (*known, *sorted(arguments.keys() - set(known))):
        yield name, canonical(arguments[name])
