"""What the messages of a conversation say; everything that a model knows of a task is said here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, compact
from pytest_distil.formats.schema import per_brief
from pytest_distil.formats.typetext import type_text


@per_brief
def system_text(brief: Brief) -> str:
    """Return the function's signature, what it does, and the object to reply with.

    The fields always stand here, because servers do not show a request's schema to the model; and the word JSON,
    without which OpenAI refuses requests for a JSON object.
    """
    return "\n\n".join(_paragraphs(brief))


def _paragraphs(brief: Brief) -> Iterator[str]:
    yield "Predict the result of this function:"
    told = brief.instructions if brief.instructions is not None else _quoted(brief.docstring)
    yield f"def {brief.signature}\n{told}".rstrip()
    yield f"Reply with JSON:\n{type_text(brief)}"


def _quoted(docstring: str) -> str:
    return f'"""{docstring}"""' if docstring else ""


def arguments_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call's arguments as one compact JSON object, in signature order."""
    return compact(dict(_in_order(brief, arguments)))


def call_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call as an expression, values as JSON: `multiply(a=2, b="x")`."""
    return f"{brief.name}({', '.join(f'{name}={compact(value)}' for name, value in _in_order(brief, arguments))})"


def messages(brief: Brief, user: str) -> list[dict[str, Any]]:
    """Return the messages of a request."""
    return [{"role": "system", "content": system_text(brief)}, {"role": "user", "content": user}]


def _in_order(brief: Brief, arguments: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield arguments in signature order; those that the signature does not name come last."""
    for name in brief.parameters:
        if name in arguments:
            yield name, arguments[name]
    for name, value in arguments.items():
        if name not in brief.parameters:
            yield name, value
