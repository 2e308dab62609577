"""`pytest-distil jobs create-from-file` and `create-from-id`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pytest_distil.cli.asking import asking, note_success, server_of
from pytest_distil.cli.check import linter, rules_of, show, summary, verdict
from pytest_distil.cli.job_follow import watch
from pytest_distil.cli.progress import Line, UploadBar, size
from pytest_distil.core.card import ORDER_KEY, Card
from pytest_distil.formats.jsonl import BOM
from pytest_distil.formats.lint import Checked, part_of, siblings
from pytest_distil.formats.providers import Provider
from pytest_distil.mark.errors import ModelError, SettingError
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.job import Job
from pytest_distil.models.jobs import Jobs, Order, same_order
from pytest_distil.run.tuning import draft, metadata, origin_of
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home

_LONGEST_PROCESSING = 1800.0
"""Seconds that a provider may take for a file; after that the job is created, which says what is wrong."""

_PROCESSED = ("processed", "")
_BAD = ("error", "deleted", "failed")


def create(args: argparse.Namespace) -> int:
    """Create a job, or find the one that was created before."""
    server, home = server_of(args), Home(Path(args.dir))
    files: dict[str, Path] = {} if args.from_id else _files(args)
    rules = rules_of(getattr(args, "provider", None), server.base_url)
    _refuse_foreign(rules, files)
    if files and not _checked(args, rules, files):
        return 1
    card = _card(args, server, home, files)
    with asking(server) as jobs:
        job = None if args.again else _made_before(jobs, card, home)
        if job is None:
            if not _agreed(args, jobs, files):
                return 1
            job = jobs.create(_order(args, card, _ids(args, jobs, rules, files)))
        else:
            _say(args, f"This was asked for before: {job.id} is {job.status}. --again creates another.")
        Cards(home).add(_started(card, job, home))
        return _ended(args, jobs, server, home, job)


def _files(args: argparse.Namespace) -> dict[str, Path]:
    """Return the files to train and to validate on; the latter is found by its name."""
    part = part_of(args.file)
    if part in ("validation", "held_out"):
        raise SettingError("FILE", f"{args.file} is a {part.replace('_', '-')} file; it is not to be trained on")
    beside = args.validation_file or siblings(args.file).get("validation")
    if beside and part_of(beside) == "held_out":
        raise SettingError("--validation-file", f"{beside} is held out; no provider sees it")
    return {"train": args.file, **({"validation": beside} if beside else {})}


def _refuse_foreign(rules: Provider, files: Mapping[str, Path]) -> None:
    if not rules.jobs:
        dataset = f" {files['train']}" if files else ""
        raise ModelError(
            f"{rules.title} does not speak the OpenAI calls for jobs; `pytest-distil export --provider {rules.name}`"
            f" writes the file that it wants{dataset and ' of the same session'} and prints its own command"
        )


def _checked(args: argparse.Namespace, rules: Provider, files: Mapping[str, Path]) -> bool:
    """Check files and say what they hold; tell whether to go on."""
    checked = [Checked(path, "validation" if part == "validation" else part_of(path)) for part, path in files.items()]
    held_out = siblings(files["train"]).get("held_out")
    compared = [Checked(held_out, "held_out", judged=False)] if held_out else []
    lint = linter(args, replace(rules, bom=_has_bom(files["train"])), files["train"])
    alone = args.quiet or args.json
    stream = sys.stderr if alone else sys.stdout
    count = show(lint.findings([*checked, *compared]), stream)
    if not alone:
        print("\n".join(summary(lint, args)))
    if count or not alone:
        print(verdict(lint, count), file=stream)
    if count and not args.force:
        print("Nothing was uploaded. If this is on purpose, give --force.", file=stream)
    return not count or args.force


def _card(args: argparse.Namespace, server: Endpoint, home: Home, files: Mapping[str, Path]) -> Card:
    """Return the card of the job that is asked for."""
    origin = origin_of(files["train"], home) if files else None
    card = draft(origin, provider=server.shown, base=args.model, files=files)
    asked = ("n_epochs", "batch_size", "learning_rate_multiplier", "suffix", "seed")
    settings = {key: getattr(args, key) for key in asked if getattr(args, key) is not None}
    ids = {"train": args.file, "validation": args.validation_file} if args.from_id else {}
    digests = {**card.digests, **{part: file_id for part, file_id in ids.items() if file_id}}
    return replace(card, method=args.method, settings=settings, digests=digests)


def _made_before(jobs: Jobs, card: Card, home: Home) -> Job | None:
    """Return the job that was created for the same data, base and settings; the first one counts."""
    order = metadata(card)[ORDER_KEY]
    known = next((one for one in Cards(home).all() if one.job and metadata(one)[ORDER_KEY] == order), None)
    if known and known.job:
        job = jobs.get(known.job)
        return job if not job.ended or job.succeeded else None
    wanted = Order(base=card.base or "", training_file="", metadata=metadata(card))
    return jobs.find(lambda job: same_order(job, wanted))


def _agreed(args: argparse.Namespace, jobs: Jobs, files: Mapping[str, Path]) -> bool:
    """Say what is going to be done, and ask whether to do it."""
    shutdown = jobs.shutdown_date(args.model)
    if shutdown:
        print(f"{args.model} and what is trained on it shut down on {shutdown}.", file=sys.stderr)
    if args.from_id or args.yes:
        return True
    what = " and ".join(f"{path.name} ({size(path.stat().st_size)})" for path in files.values())
    if not sys.stdin.isatty():
        raise SettingError("--yes", f"is needed to upload {what} where nobody can be asked")
    print(f"To upload: {what}")
    answer = input(f"Train {args.model}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _ids(args: argparse.Namespace, jobs: Jobs, rules: Provider, files: Mapping[str, Path]) -> dict[str, str]:
    """Upload files where they are not uploaded yet, and return their ids."""
    if args.from_id:
        return {"train": args.file, **({"validation": args.validation_file} if args.validation_file else {})}
    ids = {}
    for part, path in files.items():
        with Line() as line:
            bar = UploadBar(line, path.name)
            ids[part] = jobs.upload(path, progress=bar, bom=rules.bom and not _has_bom(path))
            _await_processing(jobs, ids[part], path, line, interval=args.interval)
        _say(args, f"{path.name} is uploaded as {ids[part]}.")
    return ids


def _await_processing(jobs: Jobs, file_id: str, path: Path, line: Line, *, interval: float) -> None:
    """Wait until a provider has looked at a file; raise `ModelError` where it does not like it."""
    waited = 0.0
    while waited <= _LONGEST_PROCESSING:
        status, details = jobs.file(file_id)
        if status in _PROCESSED:
            return
        if status in _BAD:
            raise ModelError(f"{path} was refused: {details or status}; `pytest-distil check` may tell more")
        line.show(f"{path.name}  {status}, waiting until it is processed")
        time.sleep(interval)
        waited += interval


def _order(args: argparse.Namespace, card: Card, ids: Mapping[str, str]) -> Order:
    tuned = ("n_epochs", "batch_size", "learning_rate_multiplier")
    return Order(
        base=args.model,
        training_file=ids["train"],
        validation_file=ids.get("validation"),
        method=args.method,
        hyperparameters={key: value for key, value in card.settings.items() if key in tuned},
        suffix=args.suffix,
        seed=args.seed,
        metadata=metadata(card),
    )


def _started(card: Card, job: Job, home: Home) -> Card:
    """Return the card that is kept while a job runs: of a job found again, the one that is there."""
    known = Cards(home).find(job.id)
    return known or replace(card, job=job.id, model=job.model if job.succeeded else None)


def _ended(args: argparse.Namespace, jobs: Jobs, server: Endpoint, home: Home, job: Job) -> int:
    """Say which job it is, and watch it where that is asked for."""
    note_success(home, server, job)
    if args.quiet:
        print(job.id)
    elif args.json and not args.follow:
        print(json.dumps(job.to_json(), ensure_ascii=False, indent=1))
    else:
        _say(args, f"{job.id} is {job.status}{f': {job.model}' if job.model else ''}.")
    if args.follow:
        return watch(args, jobs, server, home, job.id)
    if job.succeeded:
        return 0
    _say(args, f"Watch it with: pytest-distil jobs follow {job.id}")
    return 0


def _say(args: argparse.Namespace, text: str) -> None:
    if not (args.quiet or args.json):
        print(text)


def _has_bom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(BOM)) == BOM
