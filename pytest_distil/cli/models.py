"""`pytest-distil models`: the cards of trained models."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pytest_distil.core.card import Card
from pytest_distil.core.settings import Settings
from pytest_distil.formats import FORMATS, RAW
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.endpoint import endpoint
from pytest_distil.run.carrying import carried
from pytest_distil.run.tuning import draft, origin_of
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home

_SHORT = 12
"""Hexadecimal digits of a digest that tell files apart."""


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_list, json=False, dir=Settings().dir)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    one = commands.add_parser("list", help="all models, the newest last")
    one.set_defaults(run=_list)
    _common(one)
    one = commands.add_parser("show", help="what is known of a model")
    one.add_argument("model", metavar="MODEL", help="latest, or the id of a model or a job")
    one.set_defaults(run=_show)
    _common(one)
    one = commands.add_parser("add", help="take a model that was trained elsewhere")
    _add_arguments(one)
    _common(one)
    one = commands.add_parser("export", help="print the card that travels with the code, for @distil(card=FILE)")
    one.add_argument("model", metavar="MODEL", help="latest, or the id of a model or a job")
    one.add_argument("--base-url", metavar="URL", help="where it is served; default: where it was trained")
    one.add_argument("--key", metavar="NAME", help="the environment variable that will hold the key, never the key")
    one.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
    one.set_defaults(run=_export)
    one = commands.add_parser("remove", help="forget a model; nothing happens to the model itself")
    one.add_argument("model", metavar="MODEL", help="the id of a model or a job")
    one.set_defaults(run=_remove)
    _common(one)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the id that the model is asked by")
    parser.add_argument("--file", type=Path, metavar="FILE", help="the file that it was trained on")
    parser.add_argument("--validation-file", type=Path, metavar="FILE", help="the file that it was validated on")
    parser.add_argument("--base", metavar="BASE", help="the model that it was made of")
    parser.add_argument("--base-url", metavar="URL", help="where it is served")
    parser.add_argument(
        "--format", choices=[name for name in FORMATS if name != RAW], help="how it is asked, where no --file tells"
    )
    parser.add_argument("--note", metavar="TEXT", help="what you want to remember")
    parser.set_defaults(run=_add)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"models": _add_models}


def _list(args: argparse.Namespace) -> int:
    cards = Cards(Home(Path(args.dir))).all()
    if args.json:
        print(json.dumps([card.to_json() for card in cards], ensure_ascii=False, indent=1))
        return 0
    for card in cards:
        state = card.created[:10] if card.model else f"{card.created[:10]}  not finished"
        print(card.name)
        print(f"    {'  '.join(filter(None, (state, card.dataset, card.base and f'from {card.base}')))}")
    if not cards:
        print("No models yet: `pytest-distil jobs create-from-file` trains one, `models add` takes one.")
    return 0


def _show(args: argparse.Namespace) -> int:
    card = Cards(Home(Path(args.dir))).get(args.model)
    if args.json:
        print(json.dumps(card.to_json(), ensure_ascii=False, indent=1))
        return 0
    for name, value in _facts(card):
        if value:
            print(f"{name:<11}{value}")
    return 0


def _facts(card: Card) -> list[tuple[str, str | None]]:
    """Return what a card tells, as lines of a table."""
    shapes = sorted({*card.formats.values(), *([card.format] if card.format else [])})
    held = None if card.holdout is None else f"{100 * card.holdout:g} % of the calls, by {card.holdout_by}"
    return [
        ("model", card.model or "not finished"),
        ("base", card.base),
        ("provider", card.provider),
        ("job", card.job),
        ("created", card.created),
        ("method", card.method),
        ("settings", ", ".join(f"{key} {value}" for key, value in card.settings.items())),
        ("session", card.session),
        ("dataset", card.dataset),
        ("format", ", ".join(shapes)),
        ("held out", held),
        *((part, f"sha256 {digits[:_SHORT]}...") for part, digits in card.digests.items()),
        *(("task", task) for task in sorted(card.trained())),
        ("note", card.note),
    ]


def _add(args: argparse.Namespace) -> int:
    home = Home(Path(args.dir))
    given = {"DISTIL_BASE_URL": args.base_url} if args.base_url else {}
    server = endpoint({**os.environ, **given}, needed=False)
    card = Card(
        model=args.model,
        base=args.base,
        provider=server.shown,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        format=args.format,
        note=args.note,
    )
    if args.file:
        card = _of_file(card, args, home)
    Cards(home).add(card)
    print(
        json.dumps(card.to_json(), ensure_ascii=False, indent=1) if args.json else f"{args.model} is the newest model"
    )
    if not args.file and not args.json:
        print("What it was trained on is not known; give --file FILE, and evaluating tells seen from held-out calls.")
    return 0


def _of_file(card: Card, args: argparse.Namespace, home: Home) -> Card:
    """Return the card with what the training file's session knows."""
    origin = origin_of(args.file, home)
    if origin is None:
        raise ModelError(f"no session in {home.root} has the prompts of {args.file}")
    files = {"train": args.file, **({"validation": args.validation_file} if args.validation_file else {})}
    known = draft(origin, provider=card.provider, base=args.base or "", files=files).to_json()
    own = {key: value for key, value in card.to_json().items() if value}
    return Card.from_json({**known, **own})


def _export(args: argparse.Namespace) -> int:
    home = Home(Path(args.dir))
    card = carried(Cards(home).get(args.model), home, base_url=args.base_url, key=args.key)
    print(json.dumps(card.to_json(), ensure_ascii=False, indent=1))
    return 0


def _remove(args: argparse.Namespace) -> int:
    card = Cards(Home(Path(args.dir))).remove(args.model)
    print(json.dumps(card.to_json(), ensure_ascii=False, indent=1) if args.json else f"{card.name} is forgotten")
    return 0
