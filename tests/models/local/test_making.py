from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.core.prompt import Prompt
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import GGUF_FILE
from pytest_distil.models.local.base import base_file
from pytest_distil.models.local.chat import LocalModel
from pytest_distil.models.local.making import Wish, make, steps_of
from support.tiny_llama import needs_local, write_tiny
from support.tiny_transformer import save_chat

pytestmark = [pytest.mark.slow, *needs_local]

LINES = [
    [
        {"role": "system", "content": "Say which animal it is."},
        {"role": "user", "content": json.dumps({"sound": sound})},
        {"role": "assistant", "content": json.dumps({"animal": animal})},
    ]
    for sound, animal in (("miaow", "cat"), ("woof", "dog"), ("moo", "cow"), ("baa", "ewe"))
]
WISH = Wish(steps=150, lr=2e-2, rank=8, batch=4, device="cpu")


def train(folder: Path, base: Path, wish: Wish = WISH, *, resume: bool = False) -> tuple[dict[str, Any], list[Any]]:
    """Train on the lines and return how it went, and what was told."""
    told: list[Any] = []
    return make(base, folder, LINES, [], wish, resume=resume, tell=told.append), told


async def answers(name: str, folder: Path) -> list[str]:
    """Return what a model replies to the lines' prompts."""
    model = LocalModel(name, folder=folder, constrained=False, timeout=60)
    try:
        found = [
            await model.ask(Prompt("t", {}, {"messages": line[:2], "temperature": 0, "max_tokens": 64}))
            for line in LINES
        ]
    finally:
        await model.aclose()
    return [str(one.message and one.message["content"]) for one in found]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a tiny base model."""
    return write_tiny(tmp_path_factory.mktemp("base") / "tiny.gguf")


def test_what_is_trained_is_what_is_served(base: Path, tmp_path: Path) -> None:
    """A model trained here, exported and served gives the replies that it was trained to give."""
    _, told = train(tmp_path / "animals", base)

    assert told[-1].loss < told[0].loss / 4
    assert [line[2]["content"] for line in LINES] == asyncio.run(answers("animals", tmp_path))


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_of_every_architecture(kind: str, tmp_path: Path) -> None:
    """Made of what transformers saved, a model is trained, exported and served in the same way."""
    widths = {"head_dim": 32} if kind == "qwen3" else {}
    folder = save_chat(tmp_path / "small", kind, number="bfloat16", **widths)
    base = base_file(str(folder), kept=tmp_path / "bases")
    _, told = train(tmp_path / "animals", base)

    assert told[-1].loss < told[0].loss / 4
    assert [line[2]["content"] for line in LINES] == asyncio.run(answers("animals", tmp_path))


def test_the_same_seed_gives_the_same_model(base: Path, tmp_path: Path) -> None:
    """Trained twice with one seed it is the same file, byte for byte; with another seed it is not."""
    few = Wish(steps=3, rank=4, batch=2, device="cpu")
    train(tmp_path / "a" / "m", base, few)
    train(tmp_path / "b" / "m", base, few)
    train(tmp_path / "c" / "m", base, Wish(steps=3, rank=4, batch=2, device="cpu", seed=1))
    first, second, other = ((tmp_path / part / "m" / GGUF_FILE).read_bytes() for part in "abc")

    assert first == second
    assert first != other


def interrupting(after: int) -> Iterator[None]:
    """Yield a few times, then be Ctrl-C."""
    for _ in range(after):
        yield
    raise KeyboardInterrupt


def test_interrupted_and_resumed(base: Path, tmp_path: Path) -> None:
    """Ctrl-C keeps what is trained, and resuming ends where an uninterrupted training ends."""
    few = Wish(steps=6, rank=4, batch=2, device="cpu")
    whole, halves = tmp_path / "whole" / "m", tmp_path / "halves" / "m"
    train(whole, base, few)
    stop = interrupting(3)
    went = make(base, halves, LINES, [], few, resume=False, tell=lambda _: next(stop))
    again, _ = train(halves, base, few, resume=True)

    assert (True, 4, 6) == (went["interrupted"], went["steps"], again["steps"])
    assert (whole / GGUF_FILE).read_bytes() == (halves / GGUF_FILE).read_bytes()


def test_it_stops_where_validation_loss_rises(base: Path, tmp_path: Path) -> None:
    """Where more training only makes others worse, it ends early and keeps what was best."""
    others = [[*line[:2], {"role": "assistant", "content": "no idea"}] for line in LINES]
    went = make(base, tmp_path / "m", LINES, others, WISH, resume=False, tell=lambda _: None)

    assert went["steps"] < WISH.steps
    assert not went["interrupted"]


def test_out_of_memory(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory does not suffice, it says what to lower."""
    import torch

    def too_much(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("pytest_distil.models.local.train.loss_of", too_much)

    with pytest.raises(ModelError, match="lower --batch or --rank"):
        train(tmp_path / "m", base)


def test_steps() -> None:
    """By default a training has the larger of 60 steps and three epochs."""
    assert [60, 135, 5, 8] == [
        steps_of(Wish(), 40),
        steps_of(Wish(), 360),
        steps_of(Wish(steps=5, epochs=9), 40),
        steps_of(Wish(epochs=2), 32),
    ]
