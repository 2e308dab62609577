"""Lines of files that others may have written: read in bounded memory, and every way to be no JSON told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pytest_distil.core.text import Json, canonical
from pytest_distil.mark.errors import DataError

BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_LONGEST = 16 * 2**20
"""Bytes of one line that are read; a file without line ends must not fill the memory."""


def lines_of(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Yield a file's first bytes as line 0, then each line with its number, None for one that is too long to be read.

    A byte-order mark is no part of line 1; a file in UTF-16 has no lines. Raises `DataError` where there is no file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(BOM))
            yield 0, head
            file.seek(len(head) if head == BOM else 0)
            if not head.startswith(UTF_16):
                yield from enumerate(_bounded(file), 1)
    except OSError as error:
        raise DataError(path, (error.strerror or str(error)).lower()) from error


def parsed(line: bytes | None) -> tuple[Json, str]:
    """Return a line's JSON and an empty text, or what is wrong with the line."""
    if line is None:
        return None, f"is longer than {_LONGEST:,} bytes; write one example a line"
    if not line.strip():
        return None, "is empty"
    try:
        value = json.loads(line.decode(), parse_constant=_refused)
        if b"\\u" in line:
            canonical(value).encode()
    except UnicodeDecodeError as error:
        return None, f"is not UTF-8: byte {error.start + 1} of the line"
    except UnicodeEncodeError:
        return None, "holds half of a surrogate pair, which is no text"
    except json.JSONDecodeError as error:
        return None, f"is not JSON: {error.msg.lower()} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:
        return None, f"is not JSON: {error}"
    return value, ""


def _bounded(file: IO[bytes]) -> Iterator[bytes | None]:
    while line := file.readline(_LONGEST):
        if len(line) < _LONGEST or line.endswith(b"\n"):
            yield line
            continue
        while len(line) == _LONGEST and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)
        yield None


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
