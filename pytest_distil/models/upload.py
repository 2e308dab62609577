"""A file on its way to a server: read piece by piece, and told how far it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[int, int], None]
"""Called with the bytes that were read and the bytes that there are."""

_BOM = b"\xef\xbb\xbf"


class Upload(io.RawIOBase):
    """A file as the SDK reads it."""

    def __init__(self, path: Path, progress: Progress, *, bom: bool = False) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._progress = progress
        self._head = _BOM if bom else b""
        self._size = path.stat().st_size + len(self._head)
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read again, for another try."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read a piece; the mark is one of its own."""
        piece = self._head if self._at < len(self._head) else self._file.read(size)
        self._at += len(piece)
        self._progress(self._at, self._size)
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to the beginning or the end, all that an upload asks for."""
        if (offset, whence) == (0, io.SEEK_SET):
            self._at = self._file.seek(0)
        elif (offset, whence) == (0, io.SEEK_END):
            self._file.seek(0, io.SEEK_END)
            self._at = self._size
        elif (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation("an upload is read from its beginning")
        return self._at

    def tell(self) -> int:
        """Return how much was read."""
        return self._at

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()
