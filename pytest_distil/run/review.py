"""What a suite says of calls before they are kept: it keeps, changes or leaves out what would become an example."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import DECLINED, FAULTY, Example, LeftOut, fingerprint
from pytest_distil.core.hooked import EXAMPLE_HOOK, raised
from pytest_distil.core.same import an
from pytest_distil.core.text import Json, canonical, compact, parse
from pytest_distil.formats.conform import at, faults

Reviewer = Callable[[Example], Example | str | None]
"""Returns the example with other arguments or another result, why it is left out, or None for one that is kept."""

_MAY_CHANGE = ("arguments", "result")


class Review:
    """Asks a reviewer about every call of an attempt that vouches; before the journal, which then needs nobody."""

    def __init__(self, reviewer: Reviewer) -> None:
        self._reviewer = reviewer
        self._briefs: dict[str, Brief] = {}

    def reviewed(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what an attempt has to say, as far as it is kept."""
        self._briefs |= {brief["task"]: Brief.from_json(brief) for brief in event["briefs"]}
        if not event["vouched"]:
            return event
        rows, left_out = [], list(event["left_out"])
        for task, arguments, result, times in event["rows"]:
            kept = self._row(event, self._briefs[task], arguments, result)
            if isinstance(kept, LeftOut):
                left_out.append([asdict(kept), times])
            else:
                rows.append([task, *kept, times])
        return {**event, "rows": rows, "left_out": left_out}

    def _row(self, event: Mapping[str, Any], brief: Brief, arguments: str, result: str) -> tuple[str, str] | LeftOut:
        """Return the arguments and the result of one call, or why it is left out."""
        example = _example(event, brief, arguments, result)
        try:
            said = self._reviewer(example)
        except Exception as error:  # the suite's own code; the run goes on, and says at its end what is missing
            return LeftOut(FAULTY, brief.task, raised(EXAMPLE_HOOK, error), event["test"])
        if isinstance(said, str):
            return LeftOut(DECLINED, brief.task, said, event["test"])
        try:
            kept = example if said is None else said
            _check(kept, example, parse(arguments).keys())
            return _arguments(kept, arguments), _result(kept, result, brief)
        except (TypeError, ValueError) as error:
            return LeftOut(FAULTY, brief.task, f"{EXAMPLE_HOOK} {error}", event["test"])


def _example(event: Mapping[str, Any], brief: Brief, arguments: str, result: str) -> Example:
    """Return a call as one test vouches for it."""
    bound = parse(arguments)
    return Example(
        task=brief.task,
        dataset=brief.dataset,
        fingerprint=fingerprint(brief.task, bound),
        arguments=bound,
        result=parse(result),
        held_out="pattern" if event["held_out"] else False,
        group=canonical(bound[brief.group]) if brief.group and brief.group in bound else None,
        tests=(event["test"],),
    )


def _check(said: Example, example: Example, names: Collection[str]) -> None:
    """Raise `TypeError` or `ValueError` for what is not that example; it may have been changed in place."""
    if not isinstance(said, Example):
        raise TypeError(f"returned {an(type(said))}; return an Example, a reason to leave it out, or None")
    if replace(said, **{name: getattr(example, name) for name in _MAY_CHANGE}) != example:
        raise ValueError(f"changed more than {' and '.join(_MAY_CHANGE)}; the rest follows from them")
    if said.arguments.keys() != names:
        raise ValueError("added or took away arguments; the model is asked with all of them")


def _arguments(said: Example, before: str) -> str:
    """Return the arguments in their order as text; what has not changed as it was."""
    known = parse(before)
    text = _text({name: said.arguments[name] for name in known})
    return before if text == compact(known) else text


def _result(said: Example, before: str, brief: Brief) -> str:
    """Return the result as text; raise `ValueError` where it has become no value of the return type."""
    text = _text(said.result)
    if text == compact(parse(before)):
        return before
    for path, fault in faults(brief.schema, parse(text)) if brief.schema else ():
        raise ValueError(f"made its result what its type is not: {at(path)} {fault}")
    return text


def _text(value: Json) -> str:
    """Return JSON text that every file can hold."""
    try:
        text = compact(value)
        text.encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"made it what is no JSON: {error}") from error
    return text
