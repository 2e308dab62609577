"""One example, its answer and the verdict on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from pytest_distil.core.brief import digest
from pytest_distil.core.call import HeldOut
from pytest_distil.core.text import Json, canonical

T = TypeVar("T", bound="_Dataclass")

Verdict = Literal["agree", "differ", "invalid", "failed", "unscored"]
VERDICTS: tuple[Verdict, ...] = ("agree", "differ", "invalid", "failed", "unscored")
Apart = Literal["unrecorded", "fixture"]

CONTRADICTS = "the original gave different results for it"
UNREACHED = "no test reached it, and it was not asked about: its task is gone or made inside a test; collect again"
CHANGED = "its parameters have changed since it was recorded; collect again"
STALE = "its recorded result is no value of today's return type; collect again"
_MISSED = frozenset({UNREACHED, CHANGED, STALE})

_ALL, _NONE = Fraction(1), Fraction(0)
_INDEX = re.compile(r'("(?:[^"\\]|\\.)*")|\[\d+\]')
_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")


class _Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the model's value is not the original's."""

    path: str
    """Where, such as `items[0].price`; `$` is the whole value."""
    kind: str
    """What differs: `value`, `type`, `missing`, `added`, `order`."""
    original: Json = None
    model: Json = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """One difference that a rule says not to count; it carries no values."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """One of several answers to the same call."""

    verdict: Verdict
    reason: str | None = None
    answer: Json = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example, its answer, its verdict, its differences."""

    task: str
    fingerprint: str
    verdict: Verdict
    reason: str | None = None
    """Why invalid, failed or unscored, in a few words; trials are counted by it."""
    held_out: HeldOut = False
    apart: Apart | None = None
    """Scored, and never gated: a call that no session holds (only where there is a session), or a wide fixture's."""
    group: str | None = None
    """Canonical text of the group argument, where the task declares one."""
    tests: tuple[str, ...] = ()
    """The node ids of the tests that made the call."""
    arguments: Mapping[str, Json] | None = None
    original: Json = None
    digest: str | None = None
    """Digest of the original's result, by which a changed original is noticed; None where it raised."""
    answer: Json = None
    """The model's value; the text that it sent where that is invalid."""
    fields: tuple[str, ...] = ()
    """The fields of the original's value, as `fields_of` names them."""
    differences: tuple[Difference, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    pinned: bool = False
    seconds: float | None = None
    """What the answer took; None where nothing was asked."""
    repeats: tuple[Repeat, ...] | None = None
    """All answers, the first one included, where a call is asked more than once."""
    again: tuple[str, ...] | None = None
    """The fields in which the original, run a second time, contradicted itself; None where it ran once."""
    memory: Mapping[str, Verdict] | None = None
    """What `lookup`, `nearest` and `majority` would have got for this call."""

    @property
    def cluster(self) -> str:
        """Name what the call hangs together with: its group, else its (first) test, else nothing but itself."""
        if self.group is not None:
            return f"group {self.group}"
        return min(self.tests) if self.tests else self.fingerprint

    @property
    def scored(self) -> bool:
        """Say whether the trial counts in an agreement."""
        return self.verdict != "unscored"

    @property
    def missed(self) -> bool:
        """Say whether the session holds the call and the run could not compare it, through no fault of its tests."""
        return not self.scored and self.reason in _MISSED

    @property
    def share(self) -> Fraction:
        """Return the share of its answers that agree, 0 to 1."""
        if not self.repeats:
            return _ALL if self.verdict == "agree" else _NONE
        return Fraction(sum(one.verdict == "agree" for one in self.repeats), len(self.repeats))

    @property
    def unstable(self) -> bool:
        """Say whether its repeated answers had different verdicts, or different wrong values."""
        return len({(one.verdict, canonical(one.answer)) for one in self.repeats or ()}) > 1

    def to_json(self) -> dict[str, Any]:
        """Return the trial as plain JSON; one that agrees throughout carries no arguments and values."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        data["tests"], data["fields"] = list(self.tests), list(self.fields)
        data["differences"] = [asdict(one) for one in self.differences]
        data["ignored"] = [asdict(one) for one in self.ignored]
        data["repeats"] = None if self.repeats is None else [asdict(one) for one in self.repeats]
        data["again"] = None if self.again is None else list(self.again)
        data["digest"] = self.digest or (None if self.original is None else digest(self.original))
        if self.verdict == "agree" and self.share == 1:
            for key in ("arguments", "original", "answer"):
                del data[key]
            data["repeats"] = data["repeats"] and [one | {"answer": None} for one in data["repeats"]]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """Read what `to_json` made."""
        parts: dict[str, Any] = {key: tuple(data[key]) for key in ("tests", "fields")}
        parts["differences"] = tuple(known(Difference, one) for one in data["differences"])
        parts["ignored"] = tuple(known(Ignored, one) for one in data["ignored"])
        parts["repeats"] = None if data["repeats"] is None else tuple(known(Repeat, one) for one in data["repeats"])
        parts["again"] = None if data["again"] is None else tuple(data["again"])
        return known(cls, {**data, **parts})


def known(kind: type[T], data: Mapping[str, Any]) -> T:
    """Make a dataclass of the keys that it knows: files of the same version may hold more.

    Raises `TypeError` where a key is missing that has no default.
    """
    return kind(**{name: data[name] for name in kind.__dataclass_fields__ if name in data})


def fields_of(value: Json) -> tuple[str, ...]:
    """Return the fields of an encoded value, sorted: `total`, `items[*].price`; `$` for a value without fields.

    A list's items share one field; an empty list or object is a field itself. `$[*]` are the items of a value that
    is a list, and `prices["a.b"]` is a key that is no plain name.
    """
    return tuple(sorted({field_of(path) for path, _ in leaves(value)}))


def field_of(path: str) -> str:
    """Return the field that a path lies in: `items[0].price` is of `items[*].price`."""
    return _INDEX.sub(lambda found: found[1] or "[*]", path)


def joined(path: str, key: str) -> str:
    """Return the path of a key under a path; the empty path is the whole value."""
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path or '$'}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key


def covers(path: str, other: str) -> bool:
    """Say whether the path `other` is `path` or lies inside it."""
    if path in ("$", other):
        return True
    return other.startswith(path) and other[len(path)] in ".["


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield path and value of every part of an encoded value that has no parts itself."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, joined(path, key))
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from leaves(part, f"{path or '$'}[{index}]")
    else:
        yield path or "$", value
