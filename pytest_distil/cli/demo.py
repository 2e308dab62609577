"""`demo`: the whole loop on an example, in a folder of its own, without a key and without a network."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pytest_distil.mark.errors import DistilError

_DEFAULT = "triage"

_STEPS = (
    ("The tests become training data.", "--distil-collect"),
    (
        "The same tests, answered by the most similar training example: what memorising alone reaches.",
        "--distil-eval=memory:nearest",
    ),
)

_NEXT = """\

What to type next:
    cd {folder}
    pytest-distil sessions                            # what was collected, in .distil/sessions
    pytest --distil-eval=memory:nearest --distil-fail-under=95        # a gate: exit status 1 below it
    pytest --distil-eval=MODEL                        # a model at OPENAI_BASE_URL, trained on *.train.jsonl
"""

_OTHERS = ("PYTEST_", "DISTIL_")
"""Prefixes of variables that would make it another run: options, plugins left out, the worker that we are in."""


def _add_demo(parser: argparse.ArgumentParser) -> None:
    names = sorted(_examples())
    what = f"one of {', '.join(names)} (default: {_DEFAULT})"
    parser.add_argument("name", metavar="NAME", nargs="?", default=_DEFAULT, choices=names, help=what)
    parser.set_defaults(run=_demo)


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"demo": _add_demo}


def _demo(args: argparse.Namespace) -> int:
    """Copy an example, collect, evaluate, and say what to do next; return the first status that is not 0."""
    folder = Path(tempfile.mkdtemp(prefix="pytest-distil-")) / args.name
    shutil.copytree(_examples()[args.name], folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    print(f"The example {args.name!r} is now in {folder}")
    for what, option in _STEPS:
        print(f"\n{what}\n$ pytest {option}", flush=True)
        status = _pytest(option, folder)
        if status:
            return status
    print(_NEXT.format(folder=shlex.quote(str(folder))))
    return 0


def _pytest(option: str, folder: Path) -> int:
    """Run pytest in a folder, its output going where ours goes."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_OTHERS)}
    command = [sys.executable, "-m", "pytest", option]
    return subprocess.run(command, cwd=folder, env=kept, check=False).returncode  # noqa: S603 - our own


def _examples() -> dict[str, Path]:
    """Return the examples by name."""
    return {path.parent.name: path.parent for path in examples_folder().glob("*/pytest.ini")}


def examples_folder() -> Path:
    """Return where the examples are: they travel in the wheel; a tree has them beside the package."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_examples", package.parent / "examples"):
        if list(folder.glob("*/pytest.ini")):
            return folder
    raise DistilError("the examples are missing; they are part of the wheel: install pytest-distil again")
