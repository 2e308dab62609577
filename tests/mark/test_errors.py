"""What errors say, and what they can be caught as."""

from __future__ import annotations

import pickle

import pytest

from pytest_distil import (
    DataError,
    DeclarationError,
    DistilError,
    EncodingError,
    InvalidAnswer,
    ModelError,
    SettingError,
)

ERRORS = [
    (DeclarationError("marked twice"), "marked twice", TypeError),
    (SettingError("--distil-holdout", "must be less"), "--distil-holdout: must be less", ValueError),
    (EncodingError("$.a[0]", "a set"), "$.a[0]: a set", ValueError),
    (DataError("calls.jsonl", "not JSON", line=3), "calls.jsonl:3: not JSON", ValueError),
    (DataError("session.json", "not JSON"), "session.json: not JSON", ValueError),
    (ModelError("there is no model"), "there is no model", Exception),
    (InvalidAnswer("shop.price", "not JSON"), "the model's answer for shop.price is invalid: not JSON", Exception),
]


@pytest.mark.parametrize(("error", "text", "kind"), ERRORS)
def test_what_is_said(error: DistilError, text: str, kind: type[Exception]) -> None:
    """Each error says where and what, and is of a kind that the standard library knows."""
    assert text == str(error)
    assert isinstance(error, DistilError)
    assert isinstance(error, kind)


@pytest.mark.parametrize(("error", "text", "kind"), ERRORS)
def test_pickling(error: DistilError, text: str, kind: type[Exception]) -> None:
    """An error survives the way between processes."""
    assert text == str(pickle.loads(pickle.dumps(error)))  # noqa: S301 - our own
