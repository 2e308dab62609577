"""From a training file to the card of the model that is trained on it: what the file's session knows of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_distil.core.brief import Brief, digest
from pytest_distil.core.card import ORDER_KEY, Card, why_stale
from pytest_distil.core.dataset import Rules, part_of
from pytest_distil.core.manifest import Manifest, TaskNumbers
from pytest_distil.core.text import Json
from pytest_distil.formats import FORMATS, RAW, load, turns
from pytest_distil.formats.jsonl import lines_of, parsed
from pytest_distil.formats.providers import TRL
from pytest_distil.formats.strict import shape
from pytest_distil.mark.errors import DataError, ModelError
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import CALLS, MANIFEST, Home
from pytest_distil.store.session import read_examples, read_manifest

_MOST_METADATA = 512
"""Characters that a value of a job's metadata may have."""

_PLAIN = "json_schema"
"""The format whose lines do not hold the schema of replies."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a training file comes from."""

    manifest: Manifest
    dataset: str
    tasks: tuple[TaskNumbers, ...]
    formats: Mapping[str, str]
    """The conversation shape of its lines, by task: the session's, or another that it was exported in."""


def origin_of(path: Path, home: Home) -> Origin | None:
    """Return the session and dataset of a training file; None for a file that no session here knows.

    It is known by its first system text: a file in a session's folder is of that session, one that was exported
    elsewhere of the newest session whose prompts begin with it.
    """
    spoken = system_text(path)
    if spoken is None:
        return None
    for manifest in _manifests(path, home):
        found = next((one for one in ((task, _shape_of(task, spoken)) for task in manifest.tasks) if one[1]), None)
        if found:
            return _origin(manifest, *found)
    return None


def _manifests(path: Path, home: Home) -> Iterator[Manifest]:
    """Yield the manifests of the sessions that a file may be of; raise `DataError` where its own cannot be read."""
    if (path.parent / MANIFEST).exists():
        yield read_manifest(path.parent)
        return
    for folder in reversed(home.finished_sessions()):
        with suppress(DataError):  # another session's damage is not this file's
            yield read_manifest(folder)


def _origin(manifest: Manifest, first: TaskNumbers, format_name: str) -> Origin:
    """Return the origin of a file whose first line is of a task, in a format that need not be the session's."""
    dataset = first.brief["dataset"]
    tasks = tuple(one for one in manifest.tasks if one.brief["dataset"] == dataset)
    own = format_name == first.format
    return Origin(manifest, dataset, tasks, {one.brief["task"]: one.format if own else format_name for one in tasks})


def system_text(path: Path) -> str | None:
    """Return the first system text of a training file; None where there is none."""
    lines = (parsed(line)[0] for number, line in lines_of(path) if number)
    example = next(lines, None)
    if not isinstance(example, dict):
        return None
    asked = example.get("input", example)
    messages = asked.get("messages", example.get(TRL.pairs[0])) if isinstance(asked, dict) else None
    return turns.system_text(messages) or None


def reply_schemas(origin: Origin | None) -> dict[str, Json]:
    """Return the schema of replies by system text, for lines that do not hold it themselves."""
    plain = [one for one in origin.tasks if origin.formats[one.brief["task"]] == _PLAIN] if origin else []
    return {_system(one, _PLAIN): shape(Brief.from_json(one.brief)).schema for one in plain}


def prompt_digest(format_name: str, brief: Brief) -> str:
    """Return the digest of everything that the training lines of a task share: system text, tools, how it replies."""
    frame = load(format_name).frame(brief)
    return digest([frame.head, frame.middle, frame.tail])


def draft(origin: Origin | None, *, provider: str, base: str, files: Mapping[str, Path]) -> Card:
    """Return the card of a job that is to be created; `files` are `train` and, where there is one, `validation`."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    digests = {part: sha256(path) for part, path in files.items()}
    if origin is None:
        return Card(model=None, base=base, provider=provider, created=created, digests=digests)
    settings = origin.manifest.settings
    calls = origin.manifest.files.get(CALLS)
    briefs = {one.brief["task"]: Brief.from_json(one.brief) for one in origin.tasks}
    return Card(
        model=None,
        base=base,
        provider=provider,
        created=created,
        session=origin.manifest.id,
        dataset=origin.dataset,
        formats=origin.formats,
        digests={**digests, **({"calls": calls} if calls else {})},
        briefs=[one.brief for one in origin.tasks],
        prompts={name: prompt_digest(origin.formats[name], brief) for name, brief in briefs.items()},
        holdout=settings.get("holdout"),
        holdout_by=settings.get("holdout_by", "call"),
        validation=settings.get("validation", 0.0),
    )


def metadata(card: Card) -> dict[str, str]:
    """Return what a job's metadata carries: enough to find it again, and to see what it was trained on."""
    files = {part: digits for part, digits in card.digests.items() if part != "calls"}
    told = {
        ORDER_KEY: digest([card.provider, card.base, card.method, card.settings, files]),
        "distil_dataset": card.digests.get("train", ""),
        "distil_name": card.dataset or "",
        "distil_session": card.session or "",
        "distil_tasks": ",".join(sorted(card.prompts)),
        "distil_prompts": ",".join(card.prompts[task] for task in sorted(card.prompts)),
    }
    return {key: value if len(value) <= _MOST_METADATA else _cut(value) for key, value in told.items() if value}


def card_for(cards: Cards, model: str) -> Card | None:
    """Return the card of a MODEL as users write it: `latest`, the id of a model or a job; None where there is none.

    Raises `ModelError` where `latest` names nothing.
    """
    if model == "local:":
        return _newest_local(cards)
    return cards.get("latest") if model == "latest" else cards.find(model)


def _newest_local(cards: Cards) -> Card:
    """Return the newest card of a model that was trained here."""
    found = next((card for card in reversed(cards.models()) if card.provider == "local"), None)
    if found is None:
        raise ModelError(f"no model in {cards.path} was trained on this machine; `pytest-distil train` makes one")
    return found


def stale(card: Card, briefs: Iterable[Brief]) -> list[str]:
    """Return a sentence for each task that a model would be asked about otherwise than it was trained."""
    found = (why_stale(card, brief, prompt=_prompt(card, brief)) for brief in briefs)
    return [sentence for sentence in found if sentence]


def trained_calls(home: Home, card: Card) -> dict[str, str] | None:
    """Return by fingerprint what each call of a card's session was used for: `train`, `validation` or `held_out`.

    None where the session is gone.
    """
    folder = home.sessions / (card.session or "")
    if card.session is None or not (folder / MANIFEST).exists():
        return None
    rules, briefs = card.rules() or Rules(), card.trained()
    mine = (one for one in read_examples(folder) if one.task in briefs)
    return {one.fingerprint: part_of(briefs[one.task], one, rules) for one in mine}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prompt(card: Card, brief: Brief) -> str | None:
    """Return the digest of today's prompt of a task, in the format that it was trained in."""
    shape = card.format_of(brief.task)
    return prompt_digest(shape, brief) if shape and shape != RAW else None


def _shape_of(task: TaskNumbers, spoken: str) -> str:
    """Return the format in which a task's lines begin with a system text; empty where none does."""
    shapes = [task.format, *(name for name in FORMATS if name != task.format)]
    return next((name for name in shapes if name != RAW and _system(task, name) == spoken), "")


def _system(task: TaskNumbers, format_name: str) -> str:
    """Return the system text of a task's lines."""
    body = load(format_name).prompt(Brief.from_json(task.brief), {})
    return str(body["messages"][0]["content"])


def _cut(value: str) -> str:
    """Return the beginning of a long value, and a digest of all of it."""
    return f"{value[: _MOST_METADATA - 20]}...{digest(value)}"
