"""`pytest-distil check`: training files held against a provider's rules before money is spent."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from pytest_distil.cli import values
from pytest_distil.core.phrases import plural
from pytest_distil.core.prices import training_cost
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import Json
from pytest_distil.formats.finding import Finding
from pytest_distil.formats.lint import Checked, Lint, Numbers, billed, part_of, siblings, to_json
from pytest_distil.formats.providers import OPENAI, PROVIDERS, Provider, provider, provider_of
from pytest_distil.formats.tokens import counter
from pytest_distil.reports.words import money
from pytest_distil.run.tuning import origin_of, reply_schemas
from pytest_distil.store.home import Home


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="training, validation or held-out files")
    add_lint_arguments(parser)
    parser.add_argument("--model", metavar="BASE", help="the base model, to count tokens as it does")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=_check)


def add_lint_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every command has that checks files."""
    known = ", ".join(PROVIDERS)
    parser.add_argument("--provider", metavar="NAME", help=f"whose rules: {known} (default: by the base URL)")
    parser.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json, or a folder with one, to count tokens")
    parser.add_argument("--context", type=values.count, metavar="N", help="the most tokens of an example")
    parser.add_argument("--n-epochs", type=values.count, metavar="N", help="how often the data is gone through")
    parser.add_argument(
        "--prices",
        metavar="PRICES",
        type=values.prices,
        default={},
        help="what a million tokens cost, as in distil_prices; that of training on them is train:BASE=AMOUNT",
    )
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"check": _add_check}


def _check(args: argparse.Namespace) -> int:
    """Check files; 1 where something was found."""
    rules = rules_of(args.provider, os.environ.get("DISTIL_BASE_URL") or os.environ.get("OPENAI_BASE_URL"))
    files = [Checked(path, part_of(path)) for path in args.files]
    lint = linter(args, rules, args.files[0])
    found = lint.findings([*files, *_beside(args.files)])
    if args.json:
        findings = list(found)
        print(json.dumps({**to_json(lint, findings), "cost": _cost(lint, args)}, ensure_ascii=False, indent=1))
        return int(bool(findings))
    count = show(found)
    print("\n".join(summary(lint, args)))
    print(verdict(lint, count))
    return int(bool(count))


def rules_of(name: str | None, base_url: str | None) -> Provider:
    """Return the rules that were asked for, else those of a base URL's host, else OpenAI's."""
    if name:
        return provider(name)
    return provider_of(urlsplit(base_url).hostname or "") if base_url else OPENAI


def linter(args: argparse.Namespace, rules: Provider, path: Path) -> Lint:
    """Return what checks files: with the replies' schemas, where the file's session has them."""
    schemas: dict[str, Json] = reply_schemas(origin_of(path, Home(Path(args.dir)))) if path.is_file() else {}
    counts = counter(getattr(args, "model", None), tokenizer=args.tokenizer)
    return Lint(rules, counts, schemas=schemas, method=getattr(args, "method", None), context=args.context)


def show(found: Iterable[Finding], stream: TextIO | None = None) -> int:
    """Print findings as they come, and return how many there were."""
    count = 0
    for finding in found:
        print(finding, file=stream)
        count += 1
    return count


def summary(lint: Lint, args: argparse.Namespace) -> Iterator[str]:
    """Yield what the files hold, and what they cost."""
    judged = [one for one in lint.numbers if one.examples]
    width = max((len(_name(one)) for one in judged), default=0)
    about = "" if lint.counter.exact else "about "
    for one in judged:
        yield f"{_name(one):{width}}  {plural(one.examples, 'example')}, {about}{one.tokens:,} tokens"
    tokens = billed(lint.numbers)
    if not tokens:
        return
    longest = max(one.longest for one in judged)
    yield f"An epoch bills {about}{tokens:,} tokens; the longest example has {about}{longest:,}."
    if args.n_epochs:
        yield f"{plural(args.n_epochs, 'epoch')} bill {about}{tokens * args.n_epochs:,} tokens."
    if (amount := _cost(lint, args)) is not None:
        yield f"Training {args.model} on {plural(args.n_epochs or 1, 'epoch')} costs {about}{money(amount)}."
    yield f"Counted by {lint.counter.by}." if lint.counter.exact else f"Estimated: {lint.counter.by}."


def _cost(lint: Lint, args: argparse.Namespace) -> float | None:
    """Return what training will cost, at the prices that were given; None where there is none for the base model."""
    return training_cost(billed(lint.numbers) * (args.n_epochs or 1), args.model or "", args.prices)


def verdict(lint: Lint, count: int) -> str:
    """Say how it went."""
    if not count:
        return f"Nothing found by the rules of {lint.rules.title}."
    rest = f" and {lint.untold:,} more like them" if lint.untold else ""
    return f"{plural(count, 'finding')}{rest} by the rules of {lint.rules.title}."


def _name(numbers: Numbers) -> str:
    return Path(numbers.path).name


def _beside(files: list[Path]) -> Iterator[Checked]:
    """Yield the validation and held-out files beside those that are checked: nothing in them may be trained on."""
    given = {path.resolve() for path in files}
    for path in files:
        for part, beside in siblings(path).items():
            if beside.resolve() not in given:
                given.add(beside.resolve())
                yield Checked(beside, part, judged=False)
