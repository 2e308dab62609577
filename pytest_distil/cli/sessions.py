"""`sessions`, `export`, `recover` and `merge`: what is done with the files of collecting runs."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from pytest_distil.cli.feed import add_feed_arguments, feed, is_asked
from pytest_distil.cli.listing import as_json, as_table, listed
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.phrases import plural, some
from pytest_distil.formats import FORMATS
from pytest_distil.mark.errors import DataError
from pytest_distil.reports.collected import collected
from pytest_distil.run.collection import recover
from pytest_distil.run.exporting import export
from pytest_distil.run.merging import changed_sources, merge
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session, find_torn


def _add_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", default=".distil", help="where sessions are kept (default: %(default)s)")


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    _add_dir(parser)
    parser.add_argument("--json", action="store_true", help="print everything, as JSON")
    parser.set_defaults(run=_sessions)


def _add_export(parser: argparse.ArgumentParser) -> None:
    _add_dir(parser)
    parser.add_argument("session", metavar="SESSION", nargs="?", help="name or folder of a session (default: latest)")
    parser.add_argument("--format", choices=FORMATS, help="the shape of conversations (default: the session's)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: export/ in the session)")
    parser.add_argument("--tasks", metavar="TASK", nargs="+", default=[], help="only these tasks")
    add_feed_arguments(parser)
    parser.set_defaults(run=_export)


def _add_recover(parser: argparse.ArgumentParser) -> None:
    _add_dir(parser)
    parser.add_argument("session", metavar="SESSION", nargs="?", help="name or folder (default: all that were killed)")
    parser.set_defaults(run=_recover)


def _add_merge(parser: argparse.ArgumentParser) -> None:
    _add_dir(parser)
    parser.add_argument("sessions", metavar="SESSION", nargs="+", help="name or folder of a session")
    parser.set_defaults(run=_merge)


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "sessions": _add_sessions,
    "export": _add_export,
    "recover": _add_recover,
    "merge": _add_merge,
}


def _sessions(args: argparse.Namespace) -> None:
    """List all sessions."""
    found = listed(Home(Path(args.dir)))
    if args.json:
        print(json.dumps([as_json(one) for one in found], indent=1))
    elif found:
        print(*as_table(found), sep="\n")
    else:
        print(f"no sessions in {args.dir}; `pytest --distil-collect` makes one")


def _export(args: argparse.Namespace) -> None:
    """Write a session's files in another format and say where they are."""
    if is_asked(args):
        feed(args)
        return
    folder = _session(args.session or "latest", args.dir)
    out = args.out or folder / "export"
    for name, lines in export(folder, out, format_name=args.format, tasks=args.tasks).items():
        print(f"{out / name}: {plural(lines, 'line')}")


def _recover(args: argparse.Namespace) -> int:
    """Make sessions of journals; go on with the next where one cannot be read."""
    home = Home(Path(args.dir))
    torn = [find_torn(home, args.session)] if args.session else home.torn_sessions()
    if not torn:
        print(f"nothing to recover in {args.dir}: no run was killed")
    failed = False
    for folder in torn:
        try:
            _recover_one(folder)
        except DataError as error:
            print(f"pytest-distil: {error}", file=sys.stderr)
            failed = True
    return 2 if failed else 0


def _recover_one(folder: Path) -> None:
    """Recover one session and say what was in it."""
    manifest = recover(folder)
    if manifest is None:
        print(f"{folder.name}: no test had ended; removed")
    else:
        _show(manifest, folder)


def _merge(args: argparse.Namespace) -> None:
    """Merge sessions and say what they are together."""
    given = next((one for one in args.sessions if one.endswith(".json")), None)
    if given:
        raise DataError(given, "no session but a file; reports are joined by `pytest-distil gate REPORT...`")
    folders = [_session(one, args.dir) for one in args.sessions]
    folder, manifest = merge(folders, Home(Path(args.dir)))
    _show(manifest, folder)
    changed = changed_sources(folders)
    if changed:
        print(f"the source text of {some(changed)} differs between the sessions: results may be older than the code")


def _session(wanted: str, root: str) -> Path:
    """Return the folder of a session; raise `DataError` where there is none."""
    folder = find_session(Home(Path(root)), wanted)
    if folder is None:
        raise DataError(root, f"no session {wanted!r}; `pytest-distil sessions` lists them")
    return folder


def _show(manifest: Manifest, folder: Path) -> None:
    """Print the summary of a session."""
    print(*(line.text for line in collected(manifest, str(folder), width=_width())), sep="\n")


def _width() -> int:
    return shutil.get_terminal_size().columns
