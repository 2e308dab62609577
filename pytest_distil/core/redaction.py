"""What is taken out of a call's arguments before anything is done with them, by the rules of `distil_redact`.

A rule that begins with `$` is a path into the arguments (`$.customer.email`); every other one is a regular expression,
for text and numbers anywhere in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_distil.core.path import Step, read_path
from pytest_distil.core.text import Json, compact, parse
from pytest_distil.mark.errors import EncodingError, RedactedError, SettingError

REDACTED = "[redacted]"
"""Stands where something was taken out."""

_MARK = re.compile(re.escape(REDACTED))

ENVIRONMENT = "DISTIL_REDACT"
"""The environment variable that has the rules outside of pytest, one a line."""

_SHORT = 4
"""Characters below which a text is only told where it stands alone: `3` is no part of `3.50`."""

_MAYBE_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[\*\])*")

Pattern = re.Pattern[str]


class Redacted(str):
    """The JSON text of a call's arguments, and what was taken out of them."""

    __slots__ = ("removed",)
    removed: frozenset[str]


class Redaction:
    """Some rules, read."""

    def __init__(self, rules: Sequence[str]) -> None:
        """Read the rules; raise `ValueError` for one that means nothing."""
        read = [_read(rule) for rule in rules]
        self._paths = [one for one in read if isinstance(one, tuple)]
        self._patterns = [one for one in read if isinstance(one, re.Pattern)]

    def arguments(self, text: str) -> Redacted:
        """Return the arguments of a call without what the rules name.

        Raises `EncodingError` where two keys of an object would become the same.
        """
        tree, removed = self.cut(parse(text))
        redacted = Redacted(compact(tree))
        redacted.removed = frozenset(removed)
        return redacted

    def cut(self, tree: dict[str, Json]) -> tuple[dict[str, Json], set[str]]:
        """Return arguments by name without what the rules name, which is returned beside them; `tree` may change."""
        removed: set[str] = set()
        for steps in self._paths:
            _cut(tree, steps, removed)
        return {name: self._scrubbed(value, removed) for name, value in tree.items()}, removed

    def refuse_told(self, result: str, arguments: str) -> None:
        """Raise `RedactedError` where a result tells what was taken out, or what would have been."""
        removed = {one.casefold() for one in arguments.removed} if isinstance(arguments, Redacted) else set()
        for text in _texts(parse(result)):
            if any(pattern.search(text) for pattern in self._patterns) or _tells(text.casefold(), removed):
                raise RedactedError("$", "it tells what was redacted")

    def _scrubbed(self, value: Json, removed: set[str]) -> Json:
        """Return a value without the text that patterns match."""
        if isinstance(value, dict):
            scrubbed = {self._text(key, removed): self._scrubbed(item, removed) for key, item in value.items()}
            if len(scrubbed) < len(value):
                raise EncodingError("$", "two keys are the same once they are redacted")
            return scrubbed
        if isinstance(value, list):
            return [self._scrubbed(item, removed) for item in value]
        if value is None or isinstance(value, bool):
            return value
        text = value if isinstance(value, str) else compact(value)
        scrubbed_text = self._text(text, removed)
        return value if scrubbed_text == text else scrubbed_text

    def _text(self, text: str, removed: set[str]) -> str:
        """Return text without what patterns match; what stands for it already stays, so that twice is once."""
        for pattern in self._patterns:
            marks = [mark.span() for mark in _MARK.finditer(text)]

            def take(found: re.Match[str], marks: Sequence[tuple[int, int]] = marks) -> str:
                if any(start <= found.start() and found.end() <= end for start, end in marks):
                    return found[0]
                removed.add(found[0])
                return REDACTED

            text = pattern.sub(take, text)
        return text


def read_rules(name: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Return rules, one a line; raise `SettingError` under the option's name for one that means nothing."""
    rules = tuple(line.strip() for line in lines if line.strip())
    try:
        Redaction(rules)
    except ValueError as error:
        raise SettingError(name, str(error)) from error
    return rules


def rules_of(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the rules that an environment has; raise `SettingError` for one that means nothing."""
    return read_rules(ENVIRONMENT, variables.get(ENVIRONMENT, "").splitlines())


def _read(rule: str) -> tuple[Step, ...] | Pattern:
    """Read a rule; raise `ValueError` where it means nothing, and where it may mean two things."""
    if rule.startswith("$"):
        steps = read_path(rule)
        if not steps:
            raise ValueError(f"{rule!r} names no argument; write it like $.customer.email")
        return steps
    if _MAYBE_PATH.fullmatch(rule):
        raise ValueError(f"{rule!r} may be a field or a text: write $.{rule} for the field, (?:{rule}) for the text")
    try:
        pattern = re.compile(rule)
    except (re.error, Warning) as error:
        raise ValueError(f"{rule!r} is no regular expression: {error}") from error
    if pattern.search(""):
        raise ValueError(f"{rule!r} matches where there is nothing")
    return pattern


def _cut(tree: Json, steps: Sequence[Step], removed: set[str]) -> None:
    """Put a mark in place of what a path leads to, where it leads anywhere; null tells nothing and stays."""
    first, *rest = steps
    keys: Iterable[Any] = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in [key for key in keys if first is None or key == first]:
        if rest:
            _cut(tree[key], rest, removed)
        elif tree[key] is not None:
            removed.update(_texts(tree[key]))
            tree[key] = REDACTED


def _texts(value: Json) -> Iterator[str]:
    """Yield every text and number in a value, and every key, as text."""
    if isinstance(value, dict):
        yield from value
        value = [*value.values()]
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield value if isinstance(value, str) else compact(value)


def _tells(text: str, removed: Iterable[str]) -> bool:
    """Return whether a text tells one of those that were taken out."""
    return any(one in text if len(one) >= _SHORT else one and one == text for one in removed)
