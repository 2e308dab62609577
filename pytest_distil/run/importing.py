"""Lines that production wrote become a session, without a test that vouches for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import LeftOut
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.redaction import Redaction
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import compact
from pytest_distil.formats.unwording import Unwording
from pytest_distil.mark.errors import DataError
from pytest_distil.run.facts import Facts
from pytest_distil.run.stock import Stock
from pytest_distil.store.home import Home
from pytest_distil.store.session import read_manifest, write_manifest

UNREADABLE = "the line cannot be read back"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of some files of lines."""

    folder: Path
    manifest: Manifest
    unread: Counter[str]
    """Lines that are in no session, by reason."""
    first: str | None
    """Where the first of them stands: `path:line`."""


def known_briefs(home: Home) -> list[Brief]:
    """Return the briefs that the sessions of a home know, those of the newest first."""
    manifests = (read_manifest(folder) for folder in reversed(home.finished_sessions()))
    return [brief for manifest in manifests for brief in manifest.briefs().values()]


def import_lines(paths: Sequence[Path], briefs: Iterable[Brief], home: Home, settings: Settings) -> Imported:
    """Write a session of all lines that are of known tasks.

    Raises `DataError` for a file that cannot be read, and where no line is of a known task.
    """
    unwording, stock = Unwording(briefs), Stock(Facts.now(settings))
    unread: Counter[str] = Counter()
    first = None
    for place, line in _lines(paths):
        try:
            found = unwording.read(_json(line))
            arguments, result = _redacted(found.brief, compact(found.arguments), compact(found.result))
        except ValueError as error:
            unread[str(error)] += 1
            first = first or place
            stock.left_out[LeftOut(UNREADABLE, "", str(error), place)] += 1
            continue
        add(stock, found.brief, arguments, result)
    if not stock.briefs:
        reason = f"the first of {unread.total()} lines: {next(iter(unread))}" if unread else "there is none"
        raise DataError(first or paths[0], f"no line is of a known task ({reason}); name the modules with --module")
    folder, manifest = unvouched(stock, home)
    return Imported(folder, manifest, unread, first)


def add(stock: Stock, brief: Brief, arguments: str, result: str) -> None:
    """Add one call that no test made; arguments and result as JSON text."""
    stock.know(brief)
    stock.calls[brief.task] += 1
    stock.gathering.add(brief.task, arguments, result, tests=())


def unvouched(stock: Stock, home: Home, *, partial: bool = False) -> tuple[Path, Manifest]:
    """Write a session and say in it that no test vouches for it; `latest` stays what it is."""
    folder = home.new_session()
    manifest = replace(stock.write(folder, seconds=0.0, partial=partial), vouched=False)
    write_manifest(folder, manifest)
    return folder, manifest


def _redacted(brief: Brief, arguments: str, result: str) -> tuple[str, str]:
    """Return a call by the rules of its brief, which production may not have had; raise `ValueError` where it tells."""
    redaction = Redaction(brief.redaction)
    redacted = redaction.arguments(arguments)
    redaction.refuse_told(result, redacted)
    return redacted, result


def _lines(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield place and text of each line that is not empty."""
    for path in paths:
        try:
            with path.open(encoding="utf-8", newline="\n") as file:
                yield from ((f"{path}:{number}", line) for number, line in enumerate(file, 1) if line.strip())
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(path, f"cannot be read: {error}") from error


def _json(line: str) -> object:
    """Read a line; a handler's formatter may have put something before it."""
    try:
        return json.loads(line[max(line.find("{"), 0) :])
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
