"""What memorising the training examples alone would reach: looking up, taking the nearest, taking the commonest."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from pathlib import Path

from pytest_distil.core.files import read_lines
from pytest_distil.core.prompt import Answer, Prompt
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.mark.errors import DataError

_SHORT = 64
"""Characters up to which an argument is also compared by its parts of three characters: words alone tell short texts
and numbers apart or not at all."""

_MOST_FEATURES = 25
"""Of a call that is searched for, the rarest ones: common words cost most of the time and tell least. The number is
that of Lucene's MoreLikeThis."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Memory:
    """The training examples of one task, ready to be searched."""

    calls: tuple[Json, ...]
    """Encoded arguments, in the order of their canonical text."""
    results: tuple[str, ...]
    """The result of each call, as JSON text."""
    places: Mapping[str, int]
    """Place in `calls` by canonical text."""
    postings: Mapping[str, tuple[int, ...]]
    """By feature: the places of the calls that have it. Features that all calls have tell nothing and are left out."""
    lengths: tuple[float, ...]
    """Of each call the length of its vector of weights."""


def remember(examples: Iterable[tuple[Json, str]]) -> Memory:
    """Return the memory of (encoded arguments, result as JSON text); of equal calls the last one's result counts."""
    known = {canonical(arguments): (arguments, result) for arguments, result in examples}
    texts = sorted(known)
    postings: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for feature in features(known[text][0]):
            postings[feature].append(place)
    told = {feature: tuple(places) for feature, places in postings.items() if len(places) < len(texts)}
    return Memory(
        calls=tuple(known[text][0] for text in texts),
        results=tuple(known[text][1] for text in texts),
        places={text: place for place, text in enumerate(texts)},
        postings=told,
        lengths=_lengths(told, len(texts)),
    )


def lookup(memory: Memory, arguments: Json) -> str | None:
    """Return the result of exactly this call, None where it is not among the examples."""
    place = memory.places.get(canonical(arguments))
    return None if place is None else memory.results[place]


def nearest(memory: Memory, arguments: Json) -> str | None:
    """Return the result of the most similar call, None where there are no examples."""
    found = neighbours(memory, arguments, k=1)
    return memory.results[found[0]] if found else None


def majority(memory: Memory) -> str | None:
    """Return the commonest result, of equally common ones the first by its text; None where there are no examples."""
    counts = Counter(memory.results)
    return min(counts, key=lambda result: (-counts[result], result)) if counts else None


def neighbours(memory: Memory, arguments: Json, *, k: int) -> list[int]:
    """Return the places of the `k` most similar calls, the most similar first, ties in the order of their texts.

    An equal call is the most similar one. Else similarity is the cosine of binary features weighted by their inverse
    document frequency, ln(N / n): the usual measure of text search (Salton and Buckley, 1988).
    """
    total = len(memory.calls)
    scores: dict[int, float] = defaultdict(float)
    known = [places for feature in features(arguments) if (places := memory.postings.get(feature))]
    for places in sorted(known, key=len)[:_MOST_FEATURES]:
        weight = math.log(total / len(places)) ** 2
        for place in places:
            scores[place] += weight
    lengths = memory.lengths
    ranks = [(-score / lengths[place], place) for place, score in scores.items()]
    equal = memory.places.get(canonical(arguments))
    first = [] if equal is None else [equal]
    best = (place for _, place in nsmallest(k + 1, ranks))
    rest = islice((place for place in range(total) if place not in scores), k + 1)
    found = (place for place in (*best, *rest) if place != equal)
    return [*first, *found][:k]


def features(arguments: Json) -> list[str]:
    """Return what a call is compared by: of each argument its words, and of a short one its parts of three characters.

    Each bears the name of its parameter; sorted, so that sums come out the same in every process.
    """
    named = arguments if isinstance(arguments, Mapping) else {"": arguments}
    found: set[str] = set()
    for name, value in named.items():
        text = value if isinstance(value, str) else compact(value)
        folded = text.casefold()
        found.update(f"{name} {word}" for word in _WORD.findall(folded))
        if len(folded) <= _SHORT:
            framed = f"^{folded}$"
            found.update(f"{name}~{framed[at : at + 3]}" for at in range(len(framed) - 2))
    return sorted(found)


class MemoryModel:
    """A model that answers from the training examples of each task."""

    def __init__(self, how: str, memories: Mapping[str, Memory]) -> None:
        self._how = how
        self._memories = memories
        self._majorities = {task: majority(memory) for task, memory in memories.items()}

    @classmethod
    def read(cls, how: str, files: Sequence[Path]) -> MemoryModel:
        """Read the examples of `calls.jsonl` files that may be trained on; raise `DataError` for other files."""
        examples: dict[str, list[tuple[Json, str]]] = defaultdict(list)
        for file in files:
            for number, line in read_lines(file):
                try:
                    if line["held_out"] is False:
                        examples[line["task"]].append((line["arguments"], compact(line["result"])))
                except (TypeError, KeyError) as error:
                    raise DataError(file, f"not an example of a session: {error!r}", line=number) from error
        return cls(how, {task: remember(pairs) for task, pairs in examples.items()})

    async def ask(self, prompt: Prompt) -> Answer:
        """Answer a call by its task and arguments; the messages are not read."""
        result = self._result(prompt)
        return Answer(result=result) if result is not None else Answer(invalid="not among the training examples")

    async def aclose(self) -> None:
        """Nothing is held."""

    def _result(self, prompt: Prompt) -> str | None:
        memory = self._memories.get(prompt.task)
        if memory is None:
            return None
        if self._how == "majority":
            return self._majorities[prompt.task]
        return (lookup if self._how == "lookup" else nearest)(memory, prompt.arguments)


def _lengths(postings: Mapping[str, tuple[int, ...]], total: int) -> tuple[float, ...]:
    """Return the length of each call's vector; sums run over sorted features."""
    squares = [0.0] * total
    for feature in sorted(postings):
        places = postings[feature]
        weight = math.log(total / len(places)) ** 2
        for place in places:
            squares[place] += weight
    return tuple(math.sqrt(square) or 1.0 for square in squares)
