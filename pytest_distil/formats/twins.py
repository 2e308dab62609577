"""Lines that ask the same: repeated, contradicting each other, or both trained on and kept from training.

A digest of each prompt and reply goes to temporary files, one for each first hexadecimal digit pair, and each of them
is looked through by itself: memory does not grow with the files that are checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from struct import Struct
from tempfile import TemporaryFile
from typing import IO, Literal, Self

from pytest_distil.core.text import Json, canonical

_BUCKETS = 64
"""Files; with ten million lines each holds 5 MB."""

_RECORD = Struct("<16s8sHI")
"""Digest of the prompt, digest of the reply, number of the file, number of the line."""

Kind = Literal["repeated", "contradicted", "leaked"]


@dataclass(frozen=True, slots=True)
class Twin:
    """A line that asks what an earlier one asks."""

    kind: Kind
    file: int
    line: int
    earlier_file: int
    earlier_line: int


class Prompts:
    """What was asked and replied, on disk."""

    def __init__(self) -> None:
        self._open = ExitStack()
        files = [TemporaryFile() for _ in range(_BUCKETS)]  # noqa: SIM115 - closed together
        self._buckets: list[IO[bytes]] = [self._open.enter_context(file) for file in files]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, prompt: Json, reply: Json, *, file: int, line: int) -> None:
        """Remember what line `line` of file number `file` asks and replies."""
        asked = _digest(prompt, 16)
        self._buckets[asked[0] % _BUCKETS].write(_RECORD.pack(asked, _digest(reply, 8), file, line))

    def twins(self, *, trained: set[int]) -> Iterator[Twin]:
        """Yield the lines that ask what a line of a file that is trained on asks; those files were added first."""
        for bucket in self._buckets:
            bucket.seek(0)
            first: dict[bytes, tuple[bytes, int, int]] = {}
            for asked, reply, file, line in _RECORD.iter_unpack(bucket.read()):
                known = first.get(asked)
                if known is not None:
                    yield Twin(_kind(same=known[0] == reply, trained=file in trained), file, line, *known[1:])
                elif file in trained:
                    first[asked] = reply, file, line


def _kind(*, same: bool, trained: bool) -> Kind:
    if not trained:
        return "leaked"
    return "repeated" if same else "contradicted"


def _digest(value: Json, size: int) -> bytes:
    return hashlib.blake2b(canonical(value).encode(errors="surrogatepass"), digest_size=size).digest()
