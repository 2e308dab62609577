"""What a GGUF file says of its tokens: which one ends a reply, and which are no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pytest_distil.mark.errors import ModelError


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens of a model that need care."""

    end: int
    """The token that ends a reply."""
    special: Mapping[str, int]
    """The tokens that stand for no text, by the name that they have in text."""


def read(file: Path) -> Vocabulary:
    """Return the vocabulary of a GGUF file; raise `ModelError` where it does not say how replies end."""
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(file: Path, changed: int) -> Vocabulary:  # noqa: ARG001 - a part of the key
    """Read once for all servers of a model: 150,000 tokens take seconds."""
    from gguf import GGUFReader, TokenType

    fields = GGUFReader(file).fields
    end, tokens, kinds = (
        fields[name].contents() if name in fields else None
        for name in ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type")
    )
    if not isinstance(end, int):
        raise ModelError(f"{file} does not say which token ends a reply (tokenizer.ggml.eos_token_id)")
    no_text = (TokenType.CONTROL, TokenType.UNKNOWN)
    named = zip(tokens or (), kinds or (), strict=True)
    return Vocabulary(end, {name: token for token, (name, kind) in enumerate(named) if kind in no_text})
