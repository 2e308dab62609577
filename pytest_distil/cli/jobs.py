"""`pytest-distil jobs`: hosted fine-tuning jobs."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pytest_distil.cli.check import add_lint_arguments
from pytest_distil.core.card import Card
from pytest_distil.core.prompt import Unanswered
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.endpoint import Endpoint, endpoint
from pytest_distil.models.job import Event, Job
from pytest_distil.models.jobs import Jobs
from pytest_distil.store.cards import Cards
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
            one.add_argument("--limit", type=int, default=_SHOWN, metavar="N", help="default: %(default)s")
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
    parser.add_argument("--n-epochs", type=int, metavar="N", help="how often the data is gone through")
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(run=_create, from_id=True)


def _order_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what both ways to create a job have."""
    parser.add_argument("--model", required=True, metavar="BASE", help="the model to train")
    parser.add_argument("--method", choices=("supervised", "dpo"), default="supervised", help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, metavar="N", help="default: the provider's")
    parser.add_argument("--learning-rate-multiplier", type=float, metavar="X", help="default: the provider's")
    parser.add_argument("--suffix", metavar="TEXT", help="a part of the trained model's name")
    parser.add_argument("--seed", type=int, metavar="N", help="for a job that can be repeated")
    parser.add_argument("--again", action="store_true", help="also where such a job was created before")
    parser.add_argument("--follow", action="store_true", help="watch the job until it ends")
    parser.add_argument("--quiet", "-q", action="store_true", help="print the job's id alone")
    _pace_argument(parser)
    common(parser)


def _pace_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--interval", type=float, default=5.0, metavar="SECONDS", help="default: %(default)s")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"jobs": _add_jobs}


def common(parser: argparse.ArgumentParser) -> None:
    """Declare what all commands have that ask a provider."""
    parser.add_argument("--base-url", metavar="URL", help="the provider (default: DISTIL_BASE_URL, OPENAI_BASE_URL)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def server_of(args: argparse.Namespace) -> Endpoint:
    """Return the provider: the option stands before the environment."""
    given = {"DISTIL_BASE_URL": args.base_url} if args.base_url else {}
    return endpoint({**os.environ, **given})


@contextmanager
def asking(server: Endpoint) -> Iterator[Jobs]:
    """Give the provider's jobs; a request that brings nothing is an error of the command."""
    with Jobs.at(server) as jobs:
        try:
            yield jobs
        except Unanswered as error:
            raise ModelError(f"{server.shown}: {error.reason}") from error


def note_success(home: Home, server: Endpoint, job: Job) -> Card | None:
    """Write the card of a job that succeeded, and return it; None where there is no model."""
    if not job.succeeded or job.model is None:
        return None
    cards = Cards(home)
    known = cards.find(job.id)
    if known is not None and known.model == job.model:
        return known
    now = datetime.now(UTC).isoformat(timespec="seconds")
    drafted = known or Card(model=None, base=job.base, provider=server.shown, job=job.id, created=now)
    card = drafted.finished(job.model)
    cards.add(card)
    return card


def told(job: Job) -> Iterator[str]:
    """Yield what is known of a job, as lines of a table."""
    facts = {
        "job": job.id,
        "status": job.status,
        "base": job.base,
        "model": job.model,
        "created": moment(job.created),
        "finished": moment(job.finished),
        "expected": moment(job.estimated_finish),
        "tokens": job.trained_tokens and f"{job.trained_tokens:,} billed",
        "file": job.training_file,
        "dataset": job.metadata.get("distil_name"),
        "reason": job.reason,
    }
    yield from (f"{name:<11}{value}" for name, value in facts.items() if value)


def moment(seconds: int | None) -> str | None:
    """Write a moment in local time; None where there is none."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}" if seconds else None


def event_line(event: Event) -> str:
    """Write an event."""
    level = "" if event.level == "info" else f"{event.level}: "
    return f"{moment(event.created) or '':19}  {level}{event.message}"


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
