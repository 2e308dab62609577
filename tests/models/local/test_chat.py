from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.chat import LocalModel
from support.tiny_llama import needs_local, write_tiny

pytestmark = [pytest.mark.slow, *needs_local]

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}, "kind": {"enum": ["cat", "dog"]}},
    "required": ["n", "kind"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "t", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a tiny base model that has learned nothing."""
    return write_tiny(tmp_path_factory.mktemp("base") / "tiny.gguf")


def ask(base: Path, texts: list[str], *, constrained: bool = False, **body: Any) -> dict[str, Answer]:
    """Ask a model about texts, one after the other, and return its answers."""

    async def all_of_them() -> dict[str, Answer]:
        model = LocalModel(str(base), folder=None, constrained=constrained, timeout=60)
        try:
            return {text: await model.ask(Prompt("t", {}, {**asked(text), **body})) for text in texts}
        finally:
            await model.aclose()

    return asyncio.run(all_of_them())


def asked(text: str) -> dict[str, Any]:
    """Return a request's body."""
    messages = [{"role": "system", "content": "Say it."}, {"role": "user", "content": text}]
    return {"messages": messages, "temperature": 0, "max_tokens": 24, "response_format": FORMAT}


def test_an_answer_depends_on_its_prompt_alone(base: Path) -> None:
    """Asked in another order, every prompt has the same answer."""
    texts = [f"{'word ' * n}{n % 3}" for n in range(12)]
    forth, back = ask(base, texts), ask(base, texts[::-1])

    assert len({answer.message["content"] for answer in forth.values() if answer.message}) > 1
    assert {text: one.message for text, one in forth.items()} == {text: one.message for text, one in back.items()}


def test_constrained(base: Path) -> None:
    """Held to the schema, even a model that knows nothing answers as a trained one would; else it does not."""
    free, held = (ask(base, ["x"], constrained=constrained)["x"] for constrained in (False, True))
    assert held.message is not None
    value = json.loads(held.message["content"])

    assert "truncated" == free.invalid
    assert (None, "stop", ["n", "kind"]) == (held.invalid, held.finish_reason, list(value))
    assert compact(value) == held.message["content"]
    assert value["kind"] in ("cat", "dog")


def test_usage(base: Path) -> None:
    """Tokens are counted, and those that all prompts begin with are cached."""
    usage = ask(base, ["x", "y"])["y"].usage

    assert (24, True) == (usage.completion_tokens, 0 < usage.cached_tokens < usage.prompt_tokens)


def test_too_long(base: Path) -> None:
    """A prompt over the context is invalid, as everywhere."""
    assert "too long" == ask(base, ["x" * 5000])["x" * 5000].invalid


def test_other_formats_are_refused(base: Path) -> None:
    """A model of this machine is asked in one format."""
    with pytest.raises(ModelError, match="json_schema only"):
        ask(base, ["x"], tools=[])
