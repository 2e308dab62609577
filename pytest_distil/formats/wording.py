"""What the messages of a conversation say: everything that a model knows of a task."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, compact, sorted_keys
from pytest_distil.formats.typetext import type_text

_TASK = "Predict the result of this function:"


def system_text(brief: Brief, *, ask: str) -> str:
    """Return the function's signature, what it does, and after `ask` the object that is wanted.

    The return type's fields always stand here, because servers do not show a request's schema to the model.
    """
    return f"{_TASK}\n\n{_told(brief)}\n\n{ask}:\n{type_text(brief)}"


def _told(brief: Brief) -> str:
    """Return the signature with the instructions, or with the docstring where there are none."""
    return definition(brief) if brief.instructions is None else f"def {brief.signature}\n{brief.instructions}".rstrip()


def definition(brief: Brief) -> str:
    """Return the function as its source begins: signature and docstring."""
    return f'def {brief.signature}\n"""{brief.docstring}"""' if brief.docstring else f"def {brief.signature}"


def arguments_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call's arguments as one compact JSON object, in signature order."""
    return compact(in_order(brief, arguments))


def call_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call as an expression, values as JSON: `multiply(a=2, b="x")`."""
    given = in_order(brief, arguments)
    return f"{brief.name}({', '.join(f'{name}={compact(value)}' for name, value in given.items())})"


def in_order(brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """Return arguments in signature order; those that the signature does not name come last, sorted.

    Keys inside a value are sorted: equal calls must read the same, whether they were just encoded or come from a file
    of sorted JSON.
    """
    ordered = {name: sorted_keys(arguments[name]) for name in brief.parameters if name in arguments}
    if len(ordered) < len(arguments):
        ordered |= {name: sorted_keys(arguments[name]) for name in sorted(arguments.keys() - ordered.keys())}
    return ordered
