"""One llama.cpp server asked so that an answer depends on its prompt alone, not on what was asked before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from pytest_distil.core.prompt import Answer, Unanswered, Usage
from pytest_distil.models.local import vocabulary
from pytest_distil.models.local.server import LlamaServer
from pytest_distil.models.local.template import Template

_PATH = "/completion"
_TOO_LONG = "exceed_context_size_error"
"""What llama.cpp calls a prompt that is longer than its context."""


class Completer:
    """A server of its own, and what it holds ready.

    llama.cpp computes anew what a prompt does not share with the one before it. How much that is changes the last
    digits, and with them one answer in some hundreds. So before each prompt the server goes back to the first message
    alone, which all calls of a task share.
    """

    def __init__(self, file: Path, *, alias: str) -> None:
        """Start the server; raise `ModelError` where that fails."""
        self._server = LlamaServer(file, alias=alias)
        self._alias = alias
        self._template = Template(self._server, vocabulary.read(file))
        self._ready: tuple[int, ...] = ()
        """The beginning that the server has computed in one piece."""

    def complete(self, body: Mapping[str, Any], *, schema: Any, seconds: float) -> Answer:
        """Answer a request's messages, by the schema's grammar where there is one; raise `Unanswered` for no answer."""
        messages = body["messages"]
        wish = {"prompt": self._template.prompt(messages), "temperature": body.get("temperature", 0)}
        wish |= {"n_predict": body["max_tokens"]} if "max_tokens" in body else {}
        wish |= {} if schema is None else {"json_schema": schema}
        try:
            self._go_back(self._template.beginning(messages[0]))
            return _read(self._server.post(_PATH, wish, seconds=seconds), served=self._alias)
        except httpx2.TimeoutException as error:
            raise Unanswered(f"no answer within {seconds:g} s", retry=True, silent=True) from error
        except httpx2.HTTPError as error:
            raise Unanswered(f"llama.cpp has ended: {self._server.last_words()}", fatal=True) from error

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def _go_back(self, beginning: tuple[int, ...]) -> None:
        """Have the server hold a prompt's beginning and nothing else."""
        wish = {"prompt": beginning, "n_predict": 0}
        if beginning != self._ready:
            self._server.post(_PATH, {**wish, "cache_prompt": False})
            self._ready = beginning
        self._server.post(_PATH, wish)


def _read(data: Any, *, served: str) -> Answer:
    """Return the answer in what llama.cpp completed, or in its refusal."""
    if error := data.get("error"):
        if error.get("type") != _TOO_LONG:
            raise Unanswered(f"llama.cpp: {error.get('message')}")
        return Answer(invalid="too long", requests=1)
    cut = data["stop_type"] == "limit"
    return Answer(
        message={"content": data["content"]} if data["content"] else {},
        finish_reason="length" if cut else "stop",
        invalid="truncated" if cut else None if data["content"] else "empty message",
        served_model=served,
        usage=Usage(
            prompt_tokens=data["tokens_evaluated"],
            cached_tokens=data["timings"]["cache_n"],
            completion_tokens=data["tokens_predicted"],
        ),
        requests=1,
    )
