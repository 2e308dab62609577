"""The one client of the openai SDK."""

from __future__ import annotations

from importlib.util import find_spec

import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpx2Client, DefaultHttpx2Client, OpenAI

AIOHTTP_FROM = 64
"""Requests in flight from which the SDK's aiohttp transport is used where it is installed: the default transport's
own work then takes longer than the network."""

NO_KEY = "none"
"""What local servers get, which ask for no key; the SDK does not send a request without one."""

_SECONDS_TO_CONNECT = 5.0


def make(base_url: str, key: str | None, timeout: float, concurrency: int) -> AsyncOpenAI:
    """Return a client for `concurrency` requests in flight; it never retries.

    `timeout` (seconds) is for connecting and sending, and for a silent server on the default transport only: who asks
    keeps time. Everything that the SDK would read from the environment is given here.
    """
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    quick = concurrency >= AIOHTTP_FROM and find_spec("aiohttp") is not None
    # aiohttp 3.14.1 lets the time for reading run on in idle connections, and hands them out when it is over.
    silence = None if quick else timeout
    patience = httpx2.Timeout(timeout, connect=min(_SECONDS_TO_CONNECT, timeout), read=silence)
    transport = DefaultAioHttpClient if quick else DefaultAsyncHttpx2Client
    return AsyncOpenAI(
        base_url=base_url,
        api_key=key or NO_KEY,
        timeout=patience,
        max_retries=0,
        http_client=transport(limits=limits, timeout=patience),
    )


def make_sync(base_url: str, key: str | None, timeout: float) -> OpenAI:
    """Return a client for one request after the other, each of at most `timeout` seconds of silence; it never retries.

    Unlike `make`, it leaves organisation and project to the environment: jobs belong to one, answers do not.
    """
    patience = httpx2.Timeout(timeout, connect=min(_SECONDS_TO_CONNECT, timeout))
    transport = DefaultHttpx2Client(timeout=patience)
    return OpenAI(base_url=base_url, api_key=key or NO_KEY, timeout=patience, max_retries=0, http_client=transport)
