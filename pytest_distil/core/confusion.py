"""Agreement per value, for fields that have a closed set of values: enums, literals, booleans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_distil.core.text import Json, canonical
from pytest_distil.core.trial import Trial, covers, field_of, joined, leaves

Cell = tuple[str, str, str, str]
"""Field, the original's value and the model's as canonical text, and the verdict on this field."""


def cells(trials: Iterable[Trial], *, schema: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return how often which value was answered for which, sorted, for held-out and seen calls.

    `verdict` is `agree`, `differ`, `invalid` or `failed`; `model` is None unless it is `differ`.
    """
    closed = closed_fields(schema or {})
    found: dict[bool, Counter[Cell]] = {True: Counter(), False: Counter()}
    values: dict[str, Json] = {}
    for trial in trials if closed else ():
        for path, original, model, verdict in _answered(trial):
            if field_of(path) in closed:
                cell = (field_of(path), canonical(original), canonical(model), verdict)
                values.update(zip(cell[1:3], (original, model), strict=True))
                found[bool(trial.held_out)][cell] += 1
    return [
        {"path": path, "original": values[original], "model": values[model], "verdict": verdict}
        | {"held_out": found[True][cell], "seen": found[False][cell]}
        for cell in sorted(found[True] | found[False])
        for path, original, model, verdict in [cell]
    ]


def closed_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that a JSON schema gives an `enum`, a `const` or the type `boolean`."""
    return frozenset(path or "$" for path in _closed(schema, schema.get("$defs", {}), "", ()))


def _closed(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], path: str, inside: tuple[str, ...]
) -> Iterator[str]:
    """Yield the closed fields of one part of a schema, `inside` some definitions; unions are followed into each member.

    A definition that contains itself is entered once.
    """
    if "enum" in schema or "const" in schema or schema.get("type") == "boolean":
        yield path
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions and name not in inside:
        yield from _closed(definitions[name], definitions, path, (*inside, name))
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _closed(part, definitions, path, inside)
    for key, part in schema.get("properties", {}).items():
        yield from _closed(part, definitions, joined(path, key), inside)
    if isinstance(schema.get("items"), Mapping):
        yield from _closed(schema["items"], definitions, f"{path or '$'}[*]", inside)


def _answered(trial: Trial) -> Iterator[tuple[str, Json, Json, str]]:
    """Yield for each scalar of the original's value: its path, itself, the model's where it differs, the verdict."""
    answered = dict(leaves(trial.answer)) if trial.verdict == "differ" else {}
    for path, original in leaves(trial.original) if trial.scored else ():
        if trial.verdict != "differ":
            yield path, original, None, trial.verdict
        elif any(covers(one.path, path) for one in trial.differences):
            yield path, original, answered.get(path), "differ"
        else:
            yield path, original, None, "agree"
