"""A model behind a server that speaks the Chat Completions interface."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI

from pytest_distil.core.prompt import Answer, Prompt, Unanswered
from pytest_distil.models.client import NO_KEY, make
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.response import read
from pytest_distil.models.trouble import body_without, refused_parameter, too_long, unanswered, unreached

PATH = "/chat/completions"


class Chat:
    """One model at one endpoint."""

    def __init__(self, client: AsyncOpenAI, model: str, *, timeout: float, url: str = PATH) -> None:
        """Take a client, and where to ask: whole, that spares the SDK work; clients that know deployments need PATH."""
        self._client = client
        self._model = model
        self._url = url
        self._timeout = timeout
        """Seconds that one request may take, from connecting to its response's last byte."""
        self._refused: set[str] = set()
        """Parameters that the endpoint does not take, found by asking."""

    @classmethod
    def at(cls, endpoint: Endpoint, model: str, *, concurrency: int, timeout: float) -> Chat:
        """Return the model of that id at an endpoint."""
        client = make(endpoint.base_url, endpoint.key, timeout, concurrency)
        return cls(client, model, timeout=timeout, url=str(client.base_url.join(PATH.lstrip("/"))))

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer one prompt; where the endpoint refuses a parameter, ask again at once without it, now and later."""
        requests = 0
        while True:
            requests += 1
            body = body_without(prompt.body, self._refused)
            try:
                response = await self._send(body)
            except TimeoutError as error:
                raise Unanswered(f"no answer within {self._timeout:g} s", retry=True, silent=True) from error
            except APIConnectionError as error:
                raise unreached(error, secret=self._client.api_key) from error
            except APIStatusError as error:
                if too_long(error):
                    return Answer(invalid="too long", requests=requests)
                parameter = refused_parameter(error, body)
                if parameter is None:
                    raise unanswered(error, secret=self._client.api_key) from error
                self._refused.add(parameter)
            else:
                return read(response.content, requests=requests)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _send(self, body: Mapping[str, Any]) -> httpx2.Response:
        """Send a request and return the response as it came: what is in it is judged by us, not by the SDK."""
        request = {"model": self._model, **body}
        async with asyncio.timeout(self._timeout):
            return await self._client.post(self._url, cast_to=httpx2.Response, body=request)


async def warm_up(concurrency: int) -> None:
    """Do once, without a network, what the first request would else wait for: a tenth of a second of imports."""
    make("http://localhost", None, 1.0, concurrency)
    nowhere = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={})))
    async with AsyncOpenAI(base_url="http://localhost", api_key=NO_KEY, max_retries=0, http_client=nowhere) as client:
        await Chat(client, "nobody", timeout=1.0).ask(Prompt("", {}, {"messages": []}))
