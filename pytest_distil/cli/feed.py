"""What `export` does beyond formats: files for a provider, preference pairs, training files that repeat mistakes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from pytest_distil.cli import values
from pytest_distil.core.phrases import plural
from pytest_distil.formats.providers import GENERIC, PROVIDERS, provider
from pytest_distil.mark.errors import DataError, SettingError
from pytest_distil.run.feedback import read_report
from pytest_distil.run.feeding import Fed, Feeding, feedback_of
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session

_TIMES = 2
"""How often a mistake is added: three times the weight of what the model knows."""


def add_feed_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    known = ", ".join(PROVIDERS)
    parser.add_argument("--provider", metavar="NAME", help=f"as a provider wants it: {known}")
    parser.add_argument("--method", choices=("dpo",), help="preference pairs from the REPORT of an evaluation")
    parser.add_argument("--hard", type=Path, metavar="REPORT", help="training lines, and what a model got wrong again")
    parser.add_argument(
        "--times", type=values.count, default=_TIMES, metavar="N", help="with --hard: default %(default)s"
    )
    parser.add_argument("--model", metavar="BASE", help="the base model, for the command that is printed")


def is_asked(args: argparse.Namespace) -> bool:
    """Tell whether an export is one of these."""
    return bool(args.provider or args.method or args.hard)


def feed(args: argparse.Namespace) -> int:
    """Write the files, and say what trains on them."""
    if args.method and args.hard:
        raise SettingError("--hard", "makes lines to train on; --method dpo makes pairs: give one of them")
    if args.method and not args.session:
        raise SettingError("--method", "makes pairs of an evaluation: give its REPORT")
    report = Path(args.session) if args.method else args.hard
    folder = _folder(args, report)
    out = args.out or folder / "export"
    feeding = Feeding(folder, out, provider(args.provider or GENERIC.name), format_name=args.format)
    told = [_one(feeding, dataset, args, report, folder) for dataset in _datasets(feeding, args)]
    for fed in told:
        print("\n".join(_words(fed)))
    if not any(fed.commands for fed in told):
        print("Nothing to train on was left.")
    return 0


def _one(feeding: Feeding, dataset: str, args: argparse.Namespace, report: Path | None, folder: Path) -> Fed:
    if report is None:
        return feeding.write(dataset, base=args.model)
    feedback = feedback_of(report, folder)
    if args.method:
        return feeding.write_pairs(dataset, feedback, base=args.model)
    return feeding.write_hard(dataset, feedback, times=args.times, base=args.model)


def _datasets(feeding: Feeding, args: argparse.Namespace) -> list[str]:
    """Return the datasets that are asked for."""
    if not args.tasks:
        return feeding.datasets
    return sorted({feeding.dataset_of(task) for task in args.tasks})


def _folder(args: argparse.Namespace, report: Path | None) -> Path:
    """Return the session's folder: what was evaluated is judged by the session that its report names."""
    home = Home(Path(args.dir))
    named = read_report(report)["session"] if report else None
    wanted = args.session if args.session and not args.method else (named or "latest")
    folder = find_session(home, wanted)
    if folder is None:
        raise DataError(args.dir, f"no session {wanted!r}; `pytest-distil sessions` lists them")
    return folder


def _words(fed: Fed) -> Iterator[str]:
    """Yield what was written of a dataset."""
    for path, lines in fed.files.items():
        yield f"{path}: {plural(lines, 'line')}"
    for reason, count in fed.skipped.items():
        yield f"    {plural(count, 'wrong answer')} left out: {reason}"
    if fed.commands:
        yield "Train on it with:"
        yield from (f"    {command}" for command in fed.commands)
