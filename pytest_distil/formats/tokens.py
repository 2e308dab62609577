"""How many tokens a line has: counted where a tokenizer is installed, else estimated, and it says which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_distil.core.text import Json, compact
from pytest_distil.mark.errors import SettingError

_BYTES_A_TOKEN = 4
"""Of English text and JSON, in the tokenizers of today; other scripts have fewer bytes a token."""

_PER_MESSAGE = 3
_PER_LINE = 3
"""What a conversation costs beside its text, by OpenAI's cookbook, "How to count tokens with tiktoken"."""

_NEWEST = "o200k_base"
"""The encoding of gpt-4o and everything after it."""

_SECONDS_TO_LOAD = 20.0
"""tiktoken downloads its data when it is first used, without a limit of its own."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts tokens of text."""

    count: Callable[[str], int]
    by: str
    """What counts: the name of an encoding or a file; why it is an estimate, where it is one."""
    exact: bool

    def line(self, example: Json) -> int:
        """Return the tokens of one training line: its text, what surrounds messages, and its tools as JSON."""
        return _PER_LINE + sum(self.count(text) + extra for text, extra in _texts(example))


def counter(model: str | None = None, *, tokenizer: str | None = None) -> Counter:
    """Return what counts for a base model: a `tokenizer.json`, the model's tiktoken encoding, else an estimate.

    Raises `SettingError` where `tokenizer` is no such file or the library `tokenizers` is missing.
    """
    if tokenizer is not None:
        return _by_file(Path(tokenizer))
    if find_spec("tiktoken") is None:
        return _estimate("install tiktoken, or give --tokenizer, to count")
    name = _encoding_of(model)
    found = _loaded(name or _NEWEST)
    if isinstance(found, str):
        return _estimate(f"tiktoken could not load its data: {found}")
    count = _cached(lambda text: len(found.encode_ordinary(text)))
    if name is None:
        return Counter(count, f"{_NEWEST}, as tiktoken does not know {model!r}; --tokenizer counts", exact=False)
    return Counter(count, found.name, exact=True)


def _estimate(why: str) -> Counter:
    return Counter(lambda text: -(-len(text.encode(errors="replace")) // _BYTES_A_TOKEN), why, exact=False)


def _by_file(path: Path) -> Counter:
    """Count by a `tokenizer.json`, or by the folder of a model that holds one."""
    path = path / "tokenizer.json" if path.is_dir() else path
    if find_spec("tokenizers") is None:
        raise SettingError("--tokenizer", "needs the library tokenizers: python -m pip install tokenizers")
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise SettingError("--tokenizer", f"{str(path)!r} is no tokenizer.json: {error}") from error
    return Counter(_cached(lambda text: len(found.encode(text, add_special_tokens=False).ids)), path.name, exact=True)


def _encoding_of(model: str | None) -> str | None:
    """Return the name of a model's encoding, the newest where no model is given; None where tiktoken knows none."""
    import tiktoken

    try:
        return tiktoken.encoding_name_for_model(model) if model else _NEWEST
    except KeyError:
        return None


def _loaded(name: str) -> Any:
    """Return an encoding, or in words why it cannot be had."""
    import tiktoken

    result: list[Any] = []

    def load() -> None:
        try:
            result.append(tiktoken.get_encoding(name))
        except Exception as error:  # a download can fail in any way
            result.append(type(error).__name__)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(_SECONDS_TO_LOAD)
    return result[0] if result else f"no answer in {_SECONDS_TO_LOAD:.0f} seconds"


def _cached(count: Callable[[str], int]) -> Callable[[str], int]:
    """Remember the counts of a few texts: the system text of a task stands in every line."""
    return lru_cache(maxsize=256)(count)


def _texts(example: Json) -> Iterator[tuple[str, int]]:
    """Yield every text of a line with the tokens around it."""
    if not isinstance(example, dict):
        return
    for key, value in example.items():
        if key == "input" and isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, list) and key not in ("tools", "functions"):
            yield from ((text, extra) for one in value for text, extra in _message_texts(one))
        elif isinstance(value, list):
            yield compact(value), 0


def _message_texts(message: Json) -> Iterator[tuple[str, int]]:
    if not isinstance(message, dict):
        return
    yield "", _PER_MESSAGE
    for value in message.values():
        if isinstance(value, (str, list, dict)):
            yield (value if isinstance(value, str) else compact(value)), 0
