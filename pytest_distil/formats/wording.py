"""What the messages of a conversation say: everything that a model knows of a task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json, canonical, compact
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
    ordered = in_order(brief, arguments)
    if any(_has_keys(value) for value in ordered.values()):
        return f"{{{','.join(f'{compact(name)}:{text}' for name, text in texts(ordered))}}}"
    return compact(ordered)


def call_text(brief: Brief, arguments: Mapping[str, Json]) -> str:
    """Return a call as an expression, values as JSON: `multiply(a=2, b="x")`."""
    return f"{brief.name}({', '.join(f'{name}={text}' for name, text in texts(in_order(brief, arguments)))})"


def texts(arguments: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield each argument's name and JSON.

    Keys inside a value are sorted: equal calls must read the same, whether they were just encoded or come from a file
    of sorted JSON.
    """
    for name, value in arguments.items():
        yield name, canonical(value)


def _has_keys(value: Json) -> bool:
    """Return whether JSON holds an object, whose keys have an order."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_has_keys, value)))


def in_order(brief: Brief, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """Return arguments in signature order; those that the signature does not name come last, sorted."""
    ordered = {name: arguments[name] for name in brief.parameters if name in arguments}
    if len(ordered) < len(arguments):
        ordered |= {name: arguments[name] for name in sorted(arguments.keys() - ordered.keys())}
    return ordered
