"""Recording runs code of the user's types a second time; the program under test does not see that."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from pytest_distil import distil
from pytest_distil.core import call as reasons
from support.watching import watched

log = logging.getLogger(__name__)


@distil
def helper(value: int) -> int:
    """Serve validators."""
    return value


class Noisy(BaseModel):
    """Makes noise in every way when it is read or written."""

    a: int

    @field_validator("a")
    @classmethod
    def reads(cls, value: int) -> int:
        sys.stdout.write("noise\n")
        sys.stderr.write("noise\n")
        log.warning("noise")
        warnings.warn("noise", UserWarning, stacklevel=1)
        return helper(value)

    @field_serializer("a")
    def writes(self, value: int) -> int:
        sys.stdout.write("noise\n")
        warnings.warn("noise", UserWarning, stacklevel=1)
        return helper(value)


@distil
def noisy(value: Any, of: Noisy) -> Noisy:
    """Return a model that was made before."""
    return of


@distil
def quiet(value: int) -> int:
    """Say nothing."""
    return value


@pytest.fixture
def made() -> Iterator[Noisy]:
    """Return a noisy model, made in peace."""
    with warnings.catch_warnings(action="ignore"):
        yield Noisy(a=1)


def test_nothing_is_heard(made: Noisy, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """What validators and serializers print, warn of and log is not heard twice, where warnings are errors too."""
    capfd.readouterr()
    caplog.clear()
    with watched() as seen, warnings.catch_warnings(action="error"):
        assert made is noisy([made], made)

    assert ("", "") == tuple(capfd.readouterr())
    assert [] == caplog.records
    assert [({"value": [{"a": 1}], "of": {"a": 1}}, {"a": 1})] == seen.calls


def test_no_call_is_counted(made: Noisy) -> None:
    """A marked function that a validator calls for our sake is no call; one that it calls for the user's is."""
    with watched() as seen:
        noisy(1, made)
        with warnings.catch_warnings(action="ignore"):
            Noisy(a=5)

    assert {f"{__name__}.noisy": 1, f"{__name__}.helper": 1} == seen.times


class Fragile(BaseModel):
    """Cannot be read or written."""

    a: int

    @field_validator("a")
    @classmethod
    def reads(cls, _: int) -> int:
        raise ZeroDivisionError("reading")


class Unwritable(BaseModel):
    """Cannot be written."""

    a: int

    @field_serializer("a")
    def writes(self, _: int) -> int:
        raise RecursionError("writing")


@distil
def fragile() -> Fragile:
    """Return what cannot be read again."""
    return Fragile.model_construct(a=1)


@distil
def unwritable() -> Unwritable:
    """Return what cannot be written."""
    return Unwritable(a=1)


def test_code_that_raises() -> None:
    """A validator or serializer that fails for our sake fails nobody: the call is counted, with what it said."""
    with watched() as seen:
        fragile()
        unwritable()

    assert {reasons.RESULT: 2} == seen.left_out
    assert "$: ZeroDivisionError: reading" in seen.details


class Warned(BaseModel):
    """Makes pydantic warn wherever it can: a default without JSON, a field of the wrong type."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    a: int = Field(default_factory=lambda: 1)
    b: Any = object()


@distil
def warned(value: int) -> Warned:
    """Return a model that pydantic would warn of."""
    return Warned.model_construct(a="not a number", b=1)


def test_pydantic_does_not_warn() -> None:
    """Neither making a schema nor writing a value of the wrong type is warned of."""
    with watched() as seen, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        warned(1)
    with watched() as again, warnings.catch_warnings(action="error"):
        warned(1)

    assert [] == heard
    assert seen.left_out == again.left_out == {reasons.RESULT: 1}


class Meta(type):
    """Makes classes that nothing may be asked."""

    def __instancecheck__(cls, _: object) -> bool:
        raise RuntimeError("not now")

    def __getattr__(cls, name: str) -> Any:
        raise RuntimeError(name)

    __hash__ = None  # type: ignore[assignment]


class Hostile(metaclass=Meta):
    """Raises whatever is done with it."""

    def __eq__(self, _: object) -> bool:
        raise RuntimeError("not now")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("not now")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        raise RuntimeError("not now")


@distil
def anything(value: Any) -> Any:
    """Return what is given."""
    return value


@pytest.mark.parametrize(
    "wrap", [lambda one: one, lambda one: [one], lambda one: {"k": one}], ids=["bare", "list", "dict"]
)
def test_hostile_objects(wrap: Any) -> None:
    """An object that raises whatever is asked of it goes through as ever."""
    given = wrap(Hostile())
    with watched() as seen:
        assert given is anything(given)

    assert {reasons.ARGUMENT: 1} == seen.left_out


class Keyed:
    """A key whose comparisons raise, once it is in a dict."""

    calm = True

    def __hash__(self) -> int:
        if self.calm:
            return 1
        raise RuntimeError("not now")


def test_hostile_keys() -> None:
    """A dict with a key that raises goes through as ever."""
    key = Keyed()
    given = {key: 1}
    key.calm = False
    with watched() as seen:
        assert given is anything(given)

    assert 1 == sum(seen.left_out.values())
