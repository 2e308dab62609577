"""The loss of a batch: on replies only, with what all prompts share computed once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache

from pytest_distil.models.local.device import lowered
from pytest_distil.models.local.template import Lesson


def loss_of(model: Any, lessons: Sequence[Lesson]) -> Any:
    """Return the mean loss over the tokens of the replies, their ends included; `model` is a causal one."""
    with lowered(model):
        logits, targets = _replies(model, lessons)
    return torch.nn.functional.cross_entropy(logits.float(), targets)


def _replies(model: Any, lessons: Sequence[Lesson]) -> tuple[Any, Any]:
    """Return the logits where a reply's tokens are predicted, and those tokens."""
    shared = shared_prefix(lessons)
    device = model.device
    cache = None
    if shared:
        cache = DynamicCache(config=model.config)
        prefix = torch.tensor([lessons[0].prompt[:shared]], device=device)
        model.get_decoder()(input_ids=prefix, cache=cache, use_cache=True)
        cache.batch_repeat_interleave(len(lessons))
    inputs, targets, seen = (one.to(device) for one in _padded(lessons, shared))
    hidden = model.get_decoder()(
        input_ids=inputs, attention_mask=seen, cache=cache, use_cache=cache is not None
    ).last_hidden_state
    chosen = targets >= 0
    return model.get_output_embeddings()(hidden[chosen]), targets[chosen]


def shared_prefix(lessons: Sequence[Lesson]) -> int:
    """Return how many tokens the prompts begin with in common; each keeps at least its last one."""
    prompts = [one.prompt for one in lessons]
    alike = takewhile(lambda tokens: len(set(tokens)) == 1, zip(*prompts, strict=False))
    return min(sum(1 for _ in alike), min(map(len, prompts)) - 1)


def _padded(lessons: Sequence[Lesson], shared: int) -> tuple[Any, Any, Any]:
    """Return what follows the prefix: tokens, the tokens to predict (-1 for none), and what may be looked at."""
    rows = [(*one.prompt[shared:], *one.reply) for one in lessons]
    width = max(map(len, rows)) - 1
    inputs = torch.zeros(len(rows), width, dtype=torch.long)
    targets = torch.full((len(rows), width), -1)
    seen = torch.zeros(len(rows), shared + width, dtype=torch.long)
    for place, (row, one) in enumerate(zip(rows, lessons, strict=True)):
        length = len(row) - 1
        inputs[place, :length] = torch.tensor(row[:-1])
        targets[place, length - len(one.reply) : length] = torch.tensor(one.reply)
        seen[place, : shared + length] = 1
    return inputs, targets, seen
