"""`pytest-distil jobs`: hosted fine-tuning jobs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_distil.cli import values
from pytest_distil.cli.asking import asking, common, event_line, moment, note_success, server_of, told
from pytest_distil.cli.check import add_lint_arguments
from pytest_distil.core.settings import Settings
from pytest_distil.models.job import Job
from pytest_distil.store.home import Home

_SHOWN = 20
"""Jobs and events that are shown where no number is asked for."""


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    _create_arguments(commands.add_parser("create-from-file", help="check, upload and train on a file"))
    _create_from_id_arguments(commands.add_parser("create-from-id", help="train on a file that was uploaded before"))
    for name, what, run in (
        ("list", "the newest jobs", _list),
        ("show", "one job", _show),
        ("follow", "watch a job until it ends; without ID the newest", _follow),
        ("cancel", "stop a job", _cancel),
        ("events", "what a job has logged", _events),
    ):
        one = commands.add_parser(name, help=what)
        if name != "list":
            one.add_argument("job", metavar="ID", nargs="?" if name == "follow" else None, help="the job's id")
        if name in ("list", "events"):
            one.add_argument("--limit", type=values.count, default=_SHOWN, metavar="N", help="default: %(default)s")
        if name == "follow":
            _pace_argument(one)
        common(one)
        one.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
        one.set_defaults(run=run)


def _create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the training file")
    parser.add_argument("--validation-file", type=Path, metavar="FILE", help="default: the one beside FILE")
    _order_arguments(parser)
    add_lint_arguments(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="go on where the check finds something")
    parser.set_defaults(run=_create, from_id=False)


def _create_from_id_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE_ID", help="the training file's id at the provider")
    parser.add_argument("--validation-file", metavar="FILE_ID", help="the validation file's id")
    _order_arguments(parser)
    parser.add_argument("--n-epochs", type=values.count, metavar="N", help="how often the data is gone through")
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(run=_create, from_id=True)


def _order_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what both ways to create a job have."""
    parser.add_argument("--model", required=True, metavar="BASE", help="the model to train")
    parser.add_argument("--method", choices=("supervised", "dpo"), default="supervised", help="default: %(default)s")
    parser.add_argument("--batch-size", type=values.count, metavar="N", help="default: the provider's")
    parser.add_argument("--learning-rate-multiplier", type=values.positive, metavar="X", help="default: the provider's")
    parser.add_argument("--suffix", metavar="TEXT", help="a part of the trained model's name")
    parser.add_argument("--seed", type=int, metavar="N", help="for a job that can be repeated")
    parser.add_argument("--again", action="store_true", help="also where such a job was created before")
    parser.add_argument("--follow", action="store_true", help="watch the job until it ends")
    parser.add_argument("--quiet", "-q", action="store_true", help="print the job's id alone")
    _pace_argument(parser)
    common(parser)


def _pace_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interval", type=values.seconds, default=5.0, metavar="SECONDS", help="default: %(default)s")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"jobs": _add_jobs}


def _create(args: argparse.Namespace) -> int:
    from pytest_distil.cli.job_create import create

    return create(args)


def _follow(args: argparse.Namespace) -> int:
    from pytest_distil.cli.job_follow import follow

    return follow(args)


def _list(args: argparse.Namespace) -> int:
    with asking(server_of(args)) as jobs:
        found = jobs.newest(args.limit)
    if args.json:
        print(json.dumps([job.to_json() for job in found], ensure_ascii=False, indent=1))
        return 0
    for job in found:
        print(f"{job.id:<34} {job.status:<17} {moment(job.created) or ''}")
        details = (job.metadata.get("distil_name"), job.base and f"from {job.base}", job.model)
        print(f"    {'  '.join(filter(None, details))}".rstrip())
    if not found:
        print("No jobs.")
    return 0


def _show(args: argparse.Namespace) -> int:
    server = server_of(args)
    with asking(server) as jobs:
        job = jobs.get(args.job)
    note_success(Home(Path(args.dir)), server, job)
    return _told(job, args, told)


def _cancel(args: argparse.Namespace) -> int:
    with asking(server_of(args)) as jobs:
        job = jobs.cancel(args.job)
    return _told(job, args, lambda job: iter([f"{job.id} is {job.status}"]))


def _told(job: Job, args: argparse.Namespace, words: Callable[[Job], Iterator[str]]) -> int:
    text = json.dumps(job.to_json(), ensure_ascii=False, indent=1) if args.json else "\n".join(words(job))
    print(text)
    return 0


def _events(args: argparse.Namespace) -> int:
    with asking(server_of(args)) as jobs:
        events = jobs.events(args.job, most=args.limit)
    if args.json:
        print(json.dumps([event.to_json() for event in events], ensure_ascii=False, indent=1))
        return 0
    print("\n".join(map(event_line, events)) or "No events.")
    return 0
