"""Few-shot without fine-tuning: the training examples that are shown before a call."""

from __future__ import annotations

from pytest_distil.core.call import Example
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.models.memory import neighbours, remember
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.translate import Shots


def nearest_examples(recorded: Recorded, task: str, *, k: int) -> Shots | None:
    """Return who finds the `k` training examples that are nearest to a call; None for no examples.

    A call that is itself among them is not shown: the answer would stand in the prompt.
    """
    if not k:
        return None
    by_text = {canonical(one.arguments): one for one in recorded.training(task)}
    memory = remember((one.arguments, compact(one.result)) for one in by_text.values())

    def find(arguments: Json) -> list[Example]:
        texts = [canonical(memory.calls[place]) for place in neighbours(memory, arguments, k=k + 1)]
        return [by_text[text] for text in texts if text != canonical(arguments)][:k]

    return find
