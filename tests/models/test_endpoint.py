from __future__ import annotations

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.endpoint import Endpoint, endpoint

OURS = {"DISTIL_BASE_URL": "http://ours/v1", "DISTIL_API_KEY": "our-key"}
OPENAIS = {"OPENAI_BASE_URL": "http://theirs/v1", "OPENAI_API_KEY": "their-key"}


@pytest.mark.parametrize(
    ("variables", "setting", "base_url", "key"),
    [
        (OURS | OPENAIS, "http://setting/v1", "http://ours/v1", "our-key"),
        (OPENAIS, "http://setting/v1", "http://setting/v1", "their-key"),
        (OPENAIS, None, "http://theirs/v1", "their-key"),
        ({"DISTIL_BASE_URL": "http://ours/v1"}, None, "http://ours/v1", None),
        ({"OPENAI_API_KEY": "their-key"}, None, "https://api.openai.com/v1", "their-key"),
        ({"DISTIL_API_KEY": " our-key\n"}, None, "https://api.openai.com/v1", "our-key"),
        ({"DISTIL_BASE_URL": "", "DISTIL_API_KEY": ""} | OPENAIS, None, "http://theirs/v1", "their-key"),
    ],
)
def test_endpoint(variables: dict[str, str], setting: str | None, base_url: str, key: str | None) -> None:
    """Our variables stand before the setting, the setting before OpenAI's; empty ones are not set."""
    assert Endpoint(base_url, key) == endpoint(variables, base_url=setting)


def test_nothing_set() -> None:
    """Without a base URL and a key one sentence says what to set."""
    with pytest.raises(ModelError, match=r"set DISTIL_BASE_URL .* or DISTIL_API_KEY"):
        endpoint({})


def test_nothing_needed() -> None:
    """Where only stored answers count nothing need be set."""
    assert "https://api.openai.com/v1" == endpoint({}, needed=False).base_url


@pytest.mark.parametrize("url", ["localhost:8000", "/v1", "ftp://host/v1", "http://"])
def test_no_url(url: str) -> None:
    """What is no base URL is refused."""
    with pytest.raises(ModelError, match="like http://localhost:8000/v1"):
        endpoint({"DISTIL_BASE_URL": url})


@pytest.mark.parametrize("key", ["sk-…", "sk-1\nsk-2"])
def test_no_key(key: str) -> None:
    """What cannot be a key is refused, without being shown."""
    with pytest.raises(ModelError, match=r"^the API key has characters that no key has") as refusal:
        endpoint({"OPENAI_API_KEY": key})

    assert "sk-" not in str(refusal.value)


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("http://user:secret@host:8000/v1/?key=secret#secret", "http://host:8000/v1"),
        ("https://secret@host/v1", "https://host/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
    ],
)
def test_shown_without_secrets(base_url: str, shown: str) -> None:
    """A base URL is shown without what lets one in, and a slash at its end makes no difference."""
    assert shown == Endpoint(base_url, "key").shown


def test_key_is_not_printed() -> None:
    """A key does not slip into a traceback or a log."""
    assert "secret" not in repr(Endpoint("http://host/v1", "secret"))
