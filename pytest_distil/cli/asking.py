"""What commands share that ask a provider for files and jobs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pytest_distil.core.card import Card
from pytest_distil.core.prompt import Unanswered
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.endpoint import Endpoint, endpoint
from pytest_distil.models.job import Event, Job
from pytest_distil.models.jobs import Jobs
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home


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
