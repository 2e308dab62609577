"""`eval` and `answers`: a session evaluated without its tests, and the answers that were given so far."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_distil import reports
from pytest_distil.cli.judging import add_gate_options, gate_options, print_lines, width
from pytest_distil.cli.progress import Line, bar
from pytest_distil.core.files import write_lines
from pytest_distil.core.phrases import plural
from pytest_distil.core.prompt import Answer
from pytest_distil.core.readers import number
from pytest_distil.core.report import ReportJson
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DataError, SettingError
from pytest_distil.models import parse
from pytest_distil.reports.progress import Progress
from pytest_distil.reports.terminal import evaluated
from pytest_distil.run.announce import announced
from pytest_distil.run.asker import process
from pytest_distil.run.asker.client import connect
from pytest_distil.run.direct import Direct
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.trained import with_cards
from pytest_distil.run.wanted import asker_settings
from pytest_distil.store.answers import Answers
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session

_SECONDS_BETWEEN_LINES = 0.25

_MOST_DAYS = 36_500
"""Of an answer's age: a century."""

_OPTIONS = {
    "base_url": ("--base-url", "URL", "address of the model's server"),
    "format": ("--format", "NAME", "the shape of conversations"),
    "concurrency": ("--concurrency", "N", "requests in flight"),
    "sample": ("--sample", "PCT", "ask about a share of the calls"),
    "repeat": ("--repeat", "N", "ask N times about each call"),
    "timeout": ("--timeout", "SECONDS", "that one request may take"),
    "max_requests": ("--max-requests", "N", "prompts after which asking stops"),
    "prices": ("--prices", "PRICES", "what a million tokens cost, as in the ini setting distil_prices"),
    "shots": ("--shots", "K", "show the K nearest training examples before each call"),
}


def _add_eval(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit status: 0 holds (or nothing is asked for), 1 falls short, 2 cannot be judged."
    parser.add_argument("model", metavar="MODEL", help="as for pytest --distil-eval")
    parser.add_argument("session", metavar="SESSION", nargs="?", default="latest", help="name or folder")
    parser.add_argument("--dir", default=".distil", help="where sessions are kept (default: %(default)s)")
    parser.add_argument(
        "--path",
        metavar="FOLDER",
        action="append",
        default=["."],
        help="where the tasks' modules are, beside the working directory; repeatable (as pytest's pythonpath)",
    )
    parser.add_argument("--all", action="store_true", help="ask about the calls of the training side too")
    parser.add_argument("--offline", action="store_true", help="stored answers only")
    parser.add_argument("--refresh", action="store_true", help="ask again where an answer is stored")
    parser.add_argument("--out", metavar="PATH", type=Path, help="also write the report here: .json, .md or .html")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="list wrong calls; -vv lists all of them")
    for key, (name, metavar, what) in _OPTIONS.items():
        parser.add_argument(name, dest=key, metavar=metavar, help=what)
    add_gate_options(parser)
    parser.set_defaults(run=_eval)


def _add_answers(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    export = commands.add_parser("export", help="write stored answers to a file that can be committed")
    export.add_argument("file", metavar="FILE.jsonl", type=Path)
    export.set_defaults(run=_export)
    take = commands.add_parser("import", help="take answers from such a file, to replay them with no key")
    take.add_argument("file", metavar="FILE.jsonl", type=Path)
    take.set_defaults(run=_import)
    prune = commands.add_parser("prune", help="forget answers")
    prune.add_argument("--model", help="only those of this model")
    prune.add_argument("--older-than", metavar="DAYS", help="only those older than so many days")
    prune.set_defaults(run=_prune)
    for command in (export, take, prune):
        command.add_argument("--dir", default=".distil", help="where answers are kept (default: %(default)s)")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"eval": _add_eval, "answers": _add_answers}


def _eval(args: argparse.Namespace) -> int:
    """Ask about a session's calls, print the report and return the exit status of the gate."""
    home = Home(Path(args.dir))
    settings = with_cards(_settings(args), home)
    folder = find_session(home, settings.session)
    if folder is None:
        raise DataError(args.dir, "no finished session; `pytest --distil-collect` makes one")
    if args.out:
        reports.check(str(args.out))
    report = evaluate(settings, home, Recorded.read(folder), held_out_only=not args.all, path=args.path)
    path = home.new_report(report["model"])
    for one in (path, args.out) if args.out else (path,):
        reports.write(report, one)
    print_lines(evaluated(report, width=width(), verbosity=args.verbose, path=str(path)))
    return int(report["ruling"]["passed"] is False)


def evaluate(
    settings: Settings, home: Home, recorded: Recorded, *, path: Sequence[str], held_out_only: bool = True
) -> ReportJson:
    """Return the report; a terminal shows how many answers have come."""
    spec = parse(settings.models[""], option="MODEL")
    wanted = asker_settings(settings, home, recorded, os.environ)
    asker = process.start(concurrency=settings.concurrency if spec.kind == "chat" else None)
    try:
        client = connect(asker.address)
        direct = Direct(settings, client, recorded, held_out_only=held_out_only, path=path)
        if line := announced(settings, wanted, recorded, direct.examples):
            print(line, file=sys.stderr)
        client.configure(wanted)
        _follow(direct.ask())
        return direct.report()
    except KeyboardInterrupt:
        print("interrupted: what has arrived is stored; run it again for the rest", file=sys.stderr)
        raise
    finally:
        asker.close()


def _follow(tickets: Sequence[Future[Answer]]) -> None:
    """Wait for all answers; a terminal shows how many have come."""
    progress, left, failed = Progress(), set(tickets), 0
    with Line() as line:
        while left:
            done, left = wait(left, timeout=_SECONDS_BETWEEN_LINES)
            failed += sum(ticket.result().failed is not None for ticket in done)
            count, whole = len(tickets) - len(left), len(tickets)
            told = progress.told(count, whole, now=time.monotonic(), failed=failed)
            line.show(f"{bar(count, whole)} {told}")


def _settings(args: argparse.Namespace) -> Settings:
    """Return the settings of an evaluation that the command line asks for."""
    given: dict[str, tuple[str, Any]] = {"models": ("MODEL", [args.model])}
    given |= {key: (name, getattr(args, key)) for key, (name, _, _) in _OPTIONS.items() if getattr(args, key)}
    given |= {key: (f"--{key}", True) for key in ("offline", "refresh") if getattr(args, key)}
    given |= gate_options(args) | {"session": ("SESSION", args.session)}
    settings = Settings.read(given)
    if "" not in settings.models:
        raise SettingError("MODEL", "is one model for all tasks here")
    return settings


def _export(args: argparse.Namespace) -> None:
    """Write stored answers."""
    answers = _answers(args)
    lines = answers.export()
    answers.close()
    write_lines(args.file, lines)
    print(f"{args.file}: {plural(len(lines), 'answer')}")


def _import(args: argparse.Namespace) -> None:
    """Take answers in."""
    home = Home(Path(args.dir))
    home.make()
    answers = _answers(args)
    taken = answers.import_lines(args.file)
    answers.close()
    print(f"{args.dir}: {plural(taken, 'answer')} taken")


def _prune(args: argparse.Namespace) -> None:
    """Forget answers."""
    before = None if args.older_than is None else _days_ago(args.older_than)
    answers = _answers(args)
    gone = answers.prune(before=before, model=args.model)
    answers.close()
    print(f"{plural(gone, 'answer')} forgotten")


def _days_ago(text: str) -> datetime:
    days = number("--older-than", text)
    if not 0 <= days <= _MOST_DAYS:
        raise SettingError("--older-than", f"takes days from 0 to {_MOST_DAYS:,}, not {text!r}")
    return datetime.now(UTC) - timedelta(days=days)


def _answers(args: argparse.Namespace) -> Answers:
    return Answers(Home(Path(args.dir)).answers)
