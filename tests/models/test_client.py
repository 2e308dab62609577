from __future__ import annotations

import pytest

from pytest_distil.models.client import make


def test_no_retries_of_its_own() -> None:
    """Retrying is ours: the SDK's would hide what the server says."""
    assert 0 == make("http://localhost/v1", "key", 1.0, 8).max_retries


def test_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Base URL and key are those given, whatever the environment says."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    client = make("http://localhost/v1", "key", 1.0, 8)

    assert ("http://localhost/v1/", "key") == (str(client.base_url), client.api_key)


def test_local_servers_need_no_key() -> None:
    """Without a key a placeholder is sent, because the SDK insists on one."""
    assert make("http://localhost/v1", None, 1.0, 8).api_key


@pytest.mark.parametrize(("concurrency", "transport"), [(63, "AsyncHTTPTransport"), (64, "AiohttpTransport")])
def test_transport(concurrency: int, transport: str) -> None:
    """From 64 requests in flight on it is aiohttp that sends them."""
    pytest.importorskip("aiohttp")
    client = make("http://localhost/v1", None, 1.0, concurrency)

    assert transport == type(client._client._transport).__name__


def test_transport_without_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiohttp the default transport sends them."""
    monkeypatch.setattr("pytest_distil.models.client.find_spec", lambda name: None)
    client = make("http://localhost/v1", None, 1.0, 64)

    assert "AsyncHTTPTransport" == type(client._client._transport).__name__
