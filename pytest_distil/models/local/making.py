"""From lines of messages to the folder of a trained model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_distil.core.files import write_json
from pytest_distil.core.prompt import Message
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import GGUF_FILE, TO_TRAIN, needs, vocabulary
from pytest_distil.models.local.device import device_of, quieten
from pytest_distil.models.local.server import CONTEXT, LlamaServer
from pytest_distil.models.local.template import Lesson, Template

Lines = Sequence[Sequence[Message]]

_LEAST_STEPS = 60
_MOST_EPOCHS = 3
_MOST_LOOKS = 12
"""Validations in a training: more often than that, of few lines, the loss rises twice by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user wants of a training; None where the default is to hold."""

    epochs: float | None = None
    steps: int | None = None
    minutes: float | None = None
    lr: float = 1e-3
    rank: int = 16
    batch: int = 8
    device: str = "auto"
    seed: int = 0


def steps_of(wish: Wish, lines: int) -> int:
    """Return how many steps to train: by default the larger of 60 and three epochs."""
    if wish.steps is not None:
        return wish.steps
    per_epoch = math.ceil(lines / wish.batch)
    if wish.epochs is not None:
        return max(1, math.ceil(wish.epochs * per_epoch))
    return max(_LEAST_STEPS, _MOST_EPOCHS * per_epoch)


def make(  # noqa: PLR0913 - each is needed
    base: Path, folder: Path, lines: Lines, watched: Lines, wish: Wish, *, resume: bool, tell: Callable[[Any], None]
) -> dict[str, Any]:
    """Train, and leave in the folder the adapter, the merged GGUF and how it went, which is returned.

    `tell` gets a `Standing` after each step. Raises `ModelError` where something is missing or does not fit.
    """
    needs(TO_TRAIN)
    quieten()
    from pytest_distil.models.local import lora
    from pytest_distil.models.local.export import export
    from pytest_distil.models.local.train import Plan, train

    folder.mkdir(parents=True, exist_ok=True)
    lessons, validation = _lessons(base, lines, watched)
    steps = steps_of(wish, len(lessons))
    plan = Plan(
        steps=steps,
        every=max(math.ceil(len(lessons) / wish.batch), math.ceil(steps / _MOST_LOOKS)),
        batch=wish.batch,
        lr=wish.lr,
        rank=wish.rank,
        seed=wish.seed,
        device=device_of(wish.device),
        minutes=wish.minutes,
    )
    kept = folder / "checkpoint.safetensors"
    model, went = train(base, lessons, validation, plan, kept=kept, resume=resume, tell=tell)
    model.save_pretrained(folder / "adapter", save_embedding_layers=False)  # they are the base's
    export(base, lora.deltas(model), folder / GGUF_FILE, name=folder.name)
    _check_template(folder / GGUF_FILE, lines[0], lessons[0])
    write_json(folder / "training.json", went)
    return went


def _lessons(base: Path, lines: Lines, watched: Lines) -> tuple[list[Lesson], list[Lesson]]:
    """Return the lines as tokens; raise `ModelError` where one is too long to be asked."""
    with LlamaServer(base) as server:
        template = Template(server, vocabulary.read(base))
        lessons, validation = ([template.lesson(line) for line in part] for part in (lines, watched))
    longest = max(len(one.prompt) + len(one.reply) for one in lessons)
    if longest > CONTEXT:
        raise ModelError(f"the longest line has {longest:,} tokens, {CONTEXT:,} may be; leave it out")
    return lessons, validation


def _check_template(file: Path, line: Sequence[Message], lesson: Lesson) -> None:
    """Raise `ModelError` where the exported model renders a prompt to other tokens than it was trained on."""
    with LlamaServer(file) as server:
        if Template(server, vocabulary.read(file)).lesson(line) != lesson:
            raise ModelError(f"{file} renders prompts otherwise than the base; it is not to be used")
