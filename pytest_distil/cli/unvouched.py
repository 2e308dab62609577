"""`import` and `label`: sessions that no test vouches for, of production's lines and of files of inputs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from pytest_distil.cli import values
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.phrases import plural
from pytest_distil.core.redaction import rules_of
from pytest_distil.core.settings import Settings
from pytest_distil.formats import FORMATS
from pytest_distil.run.importing import Imported, import_lines, known_briefs
from pytest_distil.run.inputs import read_inputs
from pytest_distil.run.labelling import Labelling
from pytest_distil.run.named import briefs_of, task_named
from pytest_distil.store.home import Home

_INTERRUPTED = 130
_SHOWN = 5
"""Inputs without a label that are shown one by one."""


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logs", metavar="LOGS", nargs="+", type=Path, help="files of lines that log handlers wrote")
    parser.add_argument(
        "--module",
        metavar="MODULE",
        action="append",
        default=[],
        help="what marks the functions; default: the sessions",
    )
    _common(parser)
    parser.set_defaults(run=_import)


def _add_label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help="a task's name, module:function or module:Class.method")
    parser.add_argument("inputs", metavar="INPUTS", type=Path, help="a file of calls, one JSON object a line")
    parser.add_argument("--concurrency", metavar="N", type=values.count, default=1, help="calls at once (default: 1)")
    _common(parser)
    parser.set_defaults(run=_label)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="the shape of conversations (default: the task's)")
    parser.add_argument(
        "--pythonpath", metavar="DIR", action="append", default=[], help="where modules are (default: here)"
    )
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"import": _add_import, "label": _add_label}


def _import(args: argparse.Namespace) -> int:
    home, settings, path = Home(Path(args.dir)), _settings(args), args.pythonpath or ["."]
    briefs = briefs_of(args.module, path=path, redact=settings.redact) if args.module else known_briefs(home)
    done = import_lines(args.logs, briefs, home, settings)
    print(_written(done.folder, done.manifest))
    _print_unread(done)
    return 0


def _label(args: argparse.Namespace) -> int:
    home = Home(Path(args.dir))
    task = task_named(args.task, home, path=args.pythonpath or ["."])
    inputs = read_inputs(task, args.inputs)
    labelling, status = Labelling(task, _settings(args)), 0
    try:
        labelling.run(inputs, at_once=args.concurrency)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    written = labelling.write(home)
    print(_written(*written) if written else "no call got a label")
    for one in labelling.left_out[:_SHOWN]:
        print(f"{one.test}: {one.reason}: {one.detail}")
    if len(labelling.left_out) > _SHOWN:
        print(f"... and {plural(len(labelling.left_out) - _SHOWN, 'more input')} without a label")
    return status


def _settings(args: argparse.Namespace) -> Settings:
    return Settings(mode="collect", dir=args.dir, format=args.format, redact=rules_of(os.environ))


def _written(folder: Path, manifest: Manifest) -> str:
    """Say what a session holds, and what it is good for."""
    kinds = plural(len(manifest.tasks), "task")
    return (
        f"{folder}: {plural(manifest.examples, 'example')} of {kinds}, not vouched by tests\n"
        f"Train on its files; no gate judges by it unless it is named: --distil-session={folder.name}"
    )


def _print_unread(done: Imported) -> None:
    """Say which lines are in no session."""
    if done.unread:
        print(f"{plural(done.unread.total(), 'line')} left out, the first at {done.first}:")
    for reason, times in done.unread.most_common():
        print(f"  {times:,} {reason}")
