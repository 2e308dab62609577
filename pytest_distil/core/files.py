"""Files written whole or not at all; lines of JSON read with their place."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TextIO

from pytest_distil.core.text import Json
from pytest_distil.mark.errors import DataError


def open_for_lines(path: Path, mode: Literal["w", "a"] = "w") -> TextIO:
    """Open a file for lines of JSON: UTF-8, a lone surrogate (of a path that is not UTF-8) as JSON's own escape."""
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines, each ended by a newline, so that the file is there completely or as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open_for_lines(half) as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def write_json(path: Path, value: Json) -> None:
    """Write a JSON document for people and programs: indented, UTF-8 as it is."""
    write_lines(path, [json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)])


def read_json(path: Path) -> Json:
    """Read a JSON document; raise `DataError` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(path, _why(error)) from error


def read_lines(path: Path, *, torn_end: bool = False) -> Iterator[tuple[int, Any]]:
    """Yield line number and JSON value of each line that is not empty.

    Raises `DataError` for a line that is no JSON; with `torn_end` the last line may be one that was cut off.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if torn_end and not line.endswith(b"\n"):
                    return
                if line.strip():
                    yield number, _parse(path, number, line)
    except OSError as error:
        raise DataError(path, _why(error)) from error


def _parse(path: Path, number: int, line: bytes) -> Json:
    try:
        return json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DataError(path, _why(error), line=number) from error


def _refuse(constant: str) -> Json:
    """Refuse what Python reads beyond JSON: NaN and infinities, which nothing here could write again."""
    raise ValueError(f"not JSON: {constant}")


def _why(error: Exception) -> str:
    """Say what is wrong with a file, without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"not JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error)
