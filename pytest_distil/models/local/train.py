"""LoRA on one machine: a plain loop over lessons."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import checkpoint, lora
from pytest_distil.models.local.batch import loss_of
from pytest_distil.models.local.template import Lesson

_WARM_UP = 0.05
"""Share of the steps in which the rate rises."""

_RISES = 2
"""Validations in a row that may be worse than the best one before training ends."""

_SMOOTH = 0.9

_NO_MEMORY = "out of memory; lower --batch or --rank, or take a smaller --base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train."""

    steps: int
    every: int
    """Steps from one validation to the next."""
    batch: int
    lr: float
    rank: int
    seed: int
    device: str
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where training stands."""

    step: int
    steps: int
    loss: float
    validation: float | None
    seconds_left: float


Told = Callable[[Standing], None]


def train(  # noqa: PLR0913 - each is needed
    base: Path,
    lessons: Sequence[Lesson],
    watched: Sequence[Lesson],
    plan: Plan,
    *,
    kept: Path,
    resume: bool,
    tell: Told,
) -> tuple[Any, dict[str, Any]]:
    """Return the model with its adapter, and how training went; Ctrl-C ends it early with what is trained.

    `kept` is the checkpoint's file. Raises `ModelError` where memory does not suffice.
    """
    torch.manual_seed(plan.seed)
    try:
        run = _Run(lora.load(base, rank=plan.rank, device=plan.device), lessons, watched, plan)
        if resume:
            run.resume(kept)
        return run.model, run.go(kept, tell)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ModelError(_NO_MEMORY) from error
    except RuntimeError as error:
        if "memory" in str(error):
            raise ModelError(_NO_MEMORY) from error
        raise


class _Run:
    """One training, with what changes while it goes on."""

    def __init__(self, model: Any, lessons: Sequence[Lesson], watched: Sequence[Lesson], plan: Plan) -> None:
        self.model, self._lessons, self._watched, self._plan = model, lessons, watched, plan
        self._optimizer = torch.optim.AdamW(lora.trained(model).values(), lr=plan.lr, weight_decay=0.0)
        self._step = 0
        self._loss: float | None = None
        self._validation: float | None = None
        self._best: tuple[float, dict[str, Any]] | None = None
        self._rises = 0
        self._seconds = 0.0

    def resume(self, kept: Path) -> None:
        """Go on from a checkpoint; raise `ModelError` for one of another plan."""
        adapter, state = checkpoint.load(kept, optimizer=self._optimizer)
        own = asdict(self._plan)
        changed = [key for key in ("batch", "rank", "seed") if state["plan"][key] != own[key]]
        if changed:
            raise ModelError(f"--resume: {', '.join(changed)} differ from the checkpoint's in {kept}")
        lora.restore(self.model, adapter)
        self._step, self._seconds = state["step"], state["seconds"]

    def go(self, kept: Path, tell: Told) -> dict[str, Any]:
        """Train to the end, to the limit of time, or until somebody interrupts."""
        began, interrupted = time.monotonic() - self._seconds, False
        try:
            while self._step < self._plan.steps and not self._out_of_time() and self._rises < _RISES:
                self._one_step()
                self._seconds = time.monotonic() - began
                if self._step % self._plan.every == 0 or self._step == self._plan.steps:
                    self._validate()
                    self._save(kept)
                tell(self._standing())
        except KeyboardInterrupt:
            interrupted = True
            self._save(kept)
        if self._best is not None and not interrupted:
            lora.restore(self.model, self._best[1])
        best = self._best[0] if self._best else None
        return {
            "steps": self._step,
            "loss": self._loss,
            "validation": best,
            "seconds": round(self._seconds),
            "interrupted": interrupted,
        }

    def _one_step(self) -> None:
        self.model.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.lr * self._rate()
        loss = loss_of(self.model.get_base_model(), self._batch())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(lora.trained(self.model).values(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        value = float(loss.detach())
        self._loss = value if self._loss is None else _SMOOTH * self._loss + (1 - _SMOOTH) * value
        self._step += 1

    def _batch(self) -> list[Lesson]:
        """Return the lessons of the next step; the order of an epoch follows from the seed and its number alone."""
        per_epoch = math.ceil(len(self._lessons) / self._plan.batch)
        epoch, place = divmod(self._step, per_epoch)
        order = list(range(len(self._lessons)))
        random.Random(f"{self._plan.seed} {epoch}").shuffle(order)  # noqa: S311 - an order, no secret
        return [self._lessons[one] for one in order[place * self._plan.batch : (place + 1) * self._plan.batch]]

    def _rate(self) -> float:
        """Return the share of the rate for this step: up in a line, then down to nothing in a cosine."""
        done = max(self._step / self._plan.steps, self._seconds / (60 * (self._plan.minutes or math.inf)))
        first = min(1.0, (self._step + 1) / max(1.0, _WARM_UP * self._plan.steps))
        return first * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def _out_of_time(self) -> bool:
        return self._plan.minutes is not None and self._seconds >= 60 * self._plan.minutes

    def _validate(self) -> None:
        if not self._watched:
            return
        self.model.eval()
        batch, whole, total = self._plan.batch, 0, 0.0
        with torch.no_grad():
            for start in range(0, len(self._watched), batch):
                part = self._watched[start : start + batch]
                tokens = sum(len(one.reply) for one in part)
                total += tokens * float(loss_of(self.model.get_base_model(), part))
                whole += tokens
        self._validation = total / whole
        if self._best is None or self._validation < self._best[0]:
            self._best, self._rises = (self._validation, lora.snapshot(self.model)), 0
        else:
            self._rises += 1

    def _save(self, kept: Path) -> None:
        state = {"plan": asdict(self._plan), "step": self._step, "seconds": self._seconds}
        checkpoint.save(kept, adapter=lora.trained(self.model), optimizer=self._optimizer, state=state)

    def _standing(self) -> Standing:
        left = self._seconds / self._step * (self._plan.steps - self._step)
        if self._plan.minutes is not None:
            left = min(left, 60 * self._plan.minutes - self._seconds)
        return Standing(self._step, self._plan.steps, self._loss or 0.0, self._validation, max(0.0, left))
