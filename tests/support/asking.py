"""Asking models from tests: prompts, and an asker that runs as long as a test needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_distil.core.prompt import Prompt
from pytest_distil.run.asker.client import AskerClient, connect
from pytest_distil.run.asker.process import AskerProcess, start
from pytest_distil.run.asker.wire import AskerSettings


def prompt(content: str = "hi", *, task: str = "task", **more: Any) -> Prompt:
    """Return a prompt that says this."""
    return Prompt(task, {"text": content}, {"messages": [{"role": "user", "content": content}], **more})


def content_of(body: dict[str, Any]) -> str:
    """Return what a request's last message says: a model that repeats it."""
    content: str = body["messages"][-1]["content"]
    return content


@contextmanager
def running(*, concurrency: int | None = None) -> Iterator[tuple[AskerProcess, AskerClient]]:
    """Run an asker that was told nothing yet."""
    process = start(concurrency=concurrency)
    try:
        client = connect(process.address)
        yield process, client
        client.close()
    finally:
        process.close()


@contextmanager
def asking(url: str | None = None, *, model: str = "student", **settings: Any) -> Iterator[AskerClient]:
    """Run an asker for a server."""
    with running() as (_, client):
        client.configure(AskerSettings(model, base_url=url, **settings))
        yield client
