"""The command `pytest-distil`: for what is done outside a test run."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from pytest_distil.mark.errors import DistilError

COMMANDS = {
    "demo": ("demo", "try the whole loop on an example, without a key"),
    "sessions": ("sessions", "list the sessions, newest last"),
    "export": ("sessions", "write a session's dataset files in another format"),
    "recover": ("sessions", "make sessions of what killed runs left behind"),
    "import": ("unvouched", "make a session of the lines that log handlers wrote in production"),
    "label": ("unvouched", "make a session by running a function over a file of inputs"),
    "merge": ("sessions", "make one session of several: runs, or shards in CI"),
    "eval": ("answering", "evaluate a model on a session's held-out calls, without running tests"),
    "answers": ("answering", "export, import or forget the answers of models"),
    "gate": ("judging", "judge a report again, with no call; shards of one run are joined first"),
    "report": ("judging", "print a report"),
    "compare": ("judging", "show two reports side by side"),
    "baseline": ("judging", "promote a report to a baseline that later ones are compared with"),
    "check": ("check", "hold training files against a provider's rules, before money is spent"),
    "jobs": ("jobs", "train hosted models: create, follow, list and cancel jobs"),
    "train": ("train", "train a model on this machine"),
    "serve": ("serve", "give a model that was trained here an OpenAI-compatible address"),
    "models": ("models", "list the trained models, and take those that were trained elsewhere"),
}
"""Each command with the module that has it, and what it does. The module's `PARSERS` says what it takes."""

_USAGE_ERROR = 2
_INTERRUPTED = 130
_BROKEN_PIPE = 141
"""128 and the number of the signal, as shells say it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        args = _parser(sys.argv[1:] if argv is None else argv)
        status = int(args.run(args) or 0)
        sys.stdout.flush()
    except DistilError as error:
        print(f"pytest-distil: {error}", file=sys.stderr)
        return _USAGE_ERROR
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read has left; without this the interpreter complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status


def _parser(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; only the module of its command is imported."""
    parser = argparse.ArgumentParser(prog="pytest-distil", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('pytest-distil')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        if name in argv[:1]:
            import_module(f"{__name__}.{module}").PARSERS[name](command)
    return parser.parse_args(argv)
