"""What looks like a secret is seen by its name or its shape, and what people write is not taken for one."""

from __future__ import annotations

import string
from typing import Any

import pytest

from pytest_distil.core.secrets import secrets

LETTERS = (string.ascii_letters + string.digits) * 3

LIKE_SECRETS: list[dict[str, Any]] = [
    {"password": "x"},
    {"db_passwd": "x"},
    {"apiKey": "x"},
    {"API_KEY": "x"},
    {"client_secret": "x"},
    {"accessToken": "x"},
    {"headers": {"Authorization": "Basic dTpw"}},
    {"headers": [{"x-api-key": "x"}]},
    {"key": "f3b1c2d4e5a697885746352413f2e1d0"},
    {"auth_token": "x"},
    {"text": f"use sk-proj-{LETTERS[:40]}"},
    {"text": f"sk-ant-api03-{LETTERS[:40]}"},
    {"text": f"ghp_{LETTERS[:36]}"},
    {"text": "AKIAIOSFODNN7EXAMPLE"},
    {"text": f"AIza{LETTERS[:35]}"},
    {"text": "xoxb-1234567890-abcdefghij"},
    {"text": f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:20]}.{LETTERS[:20]}"},
    {"text": f"Authorization: Bearer {LETTERS[:30]}"},
    {"text": "-----BEGIN RSA PRIVATE KEY-----"},
    {"url": "postgres://me:hunter2@localhost/db"},
    {f"ghp_{LETTERS[:36]}": 1},
]


@pytest.mark.parametrize("arguments", LIKE_SECRETS, ids=range(len(LIKE_SECRETS)))
def test_secrets(arguments: dict[str, Any]) -> None:
    """Names, and shapes of keys anywhere in an argument, name the argument that has them."""
    assert {"given"} == secrets({"given": arguments, "other": "x"})
    assert len(secrets(arguments)) <= 1


HARMLESS: list[dict[str, Any]] = [
    {"key": "title"},
    {"sort_key": "last name"},
    {"token": "hello"},
    {"tokens": ["a", "b"], "max_tokens": 5},
    {"author": "Ann", "authors": ["Bob"]},
    {"keyboard": "qwertz1234567890abc"},
    {"keys": ["0123456789abcdef0123"]},
    {"password": ""},
    {"password": None},
    {"secret": True},
    {"password": "[redacted]"},
    {"text": "My password for order 10417 does not work; a bearer of bad news, risk-taking sk-1."},
    {"text": "https://example.org:8000/a@b", "mail": "mailto:a@b.org"},
    {"text": "AKIA is a company in ASIA and eyJafjallajokull a volcano"},
]


@pytest.mark.parametrize("arguments", HARMLESS, ids=range(len(HARMLESS)))
def test_what_is_no_secret(arguments: dict[str, Any]) -> None:
    """Keys to sort by, tokens of a text, flags, what is empty, and what only speaks of secrets, are none."""
    assert set() == secrets(arguments)
