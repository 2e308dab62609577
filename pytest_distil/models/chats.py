"""The models that one event loop asks for a long time: one client for each server, shared by all its models."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from openai import AsyncOpenAI, OpenAI

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.chat import PATH, Chat
from pytest_distil.models.client import make
from pytest_distil.models.endpoint import Endpoint

_PATIENCE = 600.0
"""Seconds that a client waits by itself, the SDK's own; whoever asks keeps time."""

_MOST_THREADS = 64
"""Requests at once through clients that block."""


class Chats:
    """Chat models at endpoints."""

    def __init__(self, *, concurrency: int) -> None:
        self._concurrency = concurrency
        self._clients: dict[Endpoint, AsyncOpenAI] = {}

    def at(self, endpoint: Endpoint, model: str, *, timeout: float) -> Chat:
        """Return the model of that id at an endpoint."""
        client = self._clients.get(endpoint)
        if client is None:
            client = make(endpoint.base_url, endpoint.key, _PATIENCE, self._concurrency)
            self._clients[endpoint] = client
        return Chat(client, model, timeout=timeout)


class LentChat(Chat):
    """A chat model behind a client that the user brought: asked as it is, with its own retries."""

    def __init__(self, client: OpenAI | AsyncOpenAI, model: str, *, timeout: float) -> None:
        """Take a client; one that blocks is used in threads of ours."""
        self.blocks = isinstance(client, OpenAI)
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="distil-client") if self.blocks else None
        super().__init__(client, model, timeout=timeout)  # type: ignore[arg-type] # either is posted to

    async def aclose(self) -> None:
        """Let go of threads; a client for event loops is closed, because its connections end with the loop."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        else:
            await super().aclose()

    async def _send(self, body: Any) -> httpx2.Response:
        """Send a request in the way of the client."""
        if self._threads is None:
            return await super()._send(body)
        async with asyncio.timeout(self._timeout):
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._post, body)

    def _post(self, body: Any) -> httpx2.Response:
        """Send a request and block; the client gives up by itself, once nobody waits any more."""
        client: Any = self._client
        request = {"model": self._model, **body}
        response: httpx2.Response = client.post(
            PATH, cast_to=httpx2.Response, body=request, options={"timeout": self._timeout}
        )
        return response


def lent(given: Any, model: str, *, timeout: float) -> LentChat:
    """Return the model of that id behind a client that the user gave; raise `ModelError` where it is no client."""
    return LentChat(_client_of(given), model, timeout=timeout)


def _client_of(given: Any) -> OpenAI | AsyncOpenAI:
    """Return the SDK's client, also out of the one that `instructor` makes around it."""
    for one in (given, getattr(given, "client", None)):
        if isinstance(one, (OpenAI, AsyncOpenAI)):
            return one
    raise ModelError(f"client is an OpenAI or AsyncOpenAI, not a {type(given).__qualname__}")
