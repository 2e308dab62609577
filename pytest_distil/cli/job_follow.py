"""`pytest-distil jobs follow`: a job until its end."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pytest_distil.cli.asking import asking, event_line, note_success, server_of
from pytest_distil.cli.progress import Line
from pytest_distil.core.prompt import Unanswered
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.follow import Following, Look
from pytest_distil.models.job import Job
from pytest_distil.models.jobs import Jobs
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home

_BEFORE = 10
"""Events of the past that are told when a job is begun to be followed."""

_INTERRUPTED = 130


def follow(args: argparse.Namespace) -> int:
    """Watch the job that was asked for, or the newest."""
    server, home = server_of(args), Home(Path(args.dir))
    args.quiet = False
    with asking(server) as jobs:
        return watch(args, jobs, server, home, args.job or _newest(jobs, server, home))


def watch(args: argparse.Namespace, jobs: Jobs, server: Endpoint, home: Home, job_id: str) -> int:
    """Watch a job until it ends; 0 where it succeeded, 1 where it did not, 130 where the user had enough."""
    again = f"the job goes on; watch it again with: pytest-distil jobs follow {job_id}"
    job: Job | None = None
    try:
        with Line(sys.stdout) as line:
            teller = _Teller(line, args)
            for look in Following(jobs, job_id).looks(interval=args.interval, sleep=time.sleep):
                job = look.job or job
                teller.tell(look)
    except KeyboardInterrupt:
        print(f"\n{again}", file=sys.stderr)
        return _INTERRUPTED
    except Unanswered as error:
        raise ModelError(f"{server.shown}: {error.reason}; {again}") from error
    return _end(args, job, server, home)


def _newest(jobs: Jobs, server: Endpoint, home: Home) -> str:
    """Return the id of the job that was created last from here, else of the provider's newest."""
    own = [card.job for card in Cards(home).all() if card.job and card.provider == server.shown]
    found = own[-1:] or [job.id for job in jobs.newest(1)]
    if not found:
        raise ModelError(f"{server.shown} has no jobs; `pytest-distil jobs create-from-file` creates one")
    return found[0] or ""


class _Teller:
    """Tells what is new: over the same line of a terminal, else in lines."""

    def __init__(self, line: Line, args: argparse.Namespace) -> None:
        self._line = line
        self._lines = not (args.json or args.quiet)
        self._records = args.json
        self._status: str | None = None

    def tell(self, look: Look) -> None:
        """Tell what a look brought."""
        status = look.job.status if look.job else None
        if self._records and (look.events or look.trouble or status != self._status):
            print(json.dumps(_record(look), ensure_ascii=False), flush=True)
        if self._lines:
            self._tell_lines(look, status)
            if self._line.live:
                self._line.show(" · ".join(_state(look)))
        self._status = status

    def _tell_lines(self, look: Look, status: str | None) -> None:
        """Print what stays: on a terminal only what is not well."""
        for event in look.events[-_BEFORE:]:
            if not self._line.live or event.level != "info":
                self._line.clear()
                print(event_line(event), flush=True)
        if not self._line.live and (look.trouble or status != self._status):
            print(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}  {' · '.join(_state(look))}", flush=True)


def _state(look: Look) -> Iterator[str]:
    """Yield the parts of the line that says how far a job is."""
    if look.job:
        yield look.job.status
    if look.metrics.step is not None:
        yield f"step {look.metrics.step}" + (f"/{look.metrics.steps}" if look.metrics.steps else "")
    if look.metrics.train_loss is not None:
        yield f"loss {look.metrics.train_loss:.4f}"
    if look.metrics.valid_loss is not None:
        yield f"validation {look.metrics.valid_loss:.4f}"
    if look.job and look.job.estimated_finish and not look.job.ended:
        yield f"ends {_soon(look.job.estimated_finish)}"
    if look.trouble:
        yield f"{look.trouble}, trying again"


def _soon(seconds: int) -> str:
    """Write a moment as shortly as it can be, so that the whole line fits a terminal: its day where that is later."""
    then = datetime.fromtimestamp(seconds).astimezone()
    today = then.date() == datetime.now().astimezone().date()
    return f"about {then:%H:%M}" if today else f"{then:%d %b %H:%M}"


def _record(look: Look) -> dict[str, object]:
    return {
        "status": look.job.status if look.job else None,
        "step": look.metrics.step,
        "steps": look.metrics.steps,
        "train_loss": look.metrics.train_loss,
        "valid_loss": look.metrics.valid_loss,
        "events": [event.to_json() for event in look.events],
        "trouble": look.trouble,
    }


def _end(args: argparse.Namespace, job: Job | None, server: Endpoint, home: Home) -> int:
    """Say how a job ended, and keep the card of its model."""
    if job is None:
        raise ModelError(f"{server.shown} told nothing of the job")
    card = note_success(home, server, job)
    if args.json:
        print(json.dumps({"job": job.to_json()}, ensure_ascii=False), flush=True)
    elif card is None:
        print(f"{job.id} is {job.status}{f': {job.reason}' if job.reason else ''}.")
    elif not args.quiet:
        print(f"{job.id} succeeded: {job.model}")
        print(f"Its card is in {Cards(home).path}. Evaluate it: pytest --distil-eval=latest")
    return 0 if card else 1
