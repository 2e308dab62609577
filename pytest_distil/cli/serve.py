"""`pytest-distil serve`: a model of this machine for everybody who speaks the Chat Completions interface."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import TO_SERVE, needs, threads
from pytest_distil.models.local.chat import model_file
from pytest_distil.models.local.server import LlamaServer
from pytest_distil.store.home import Home

_PORT = 8000


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "One thread computes, unless DISTIL_THREADS says otherwise. Ctrl-C ends it."
    parser.add_argument(
        "name", metavar="NAME", help="as after local: a trained model's name, base, or what train --base takes"
    )
    parser.add_argument("--port", type=int, default=_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--dir", default=Settings().dir, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(run=_serve)


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"serve": _add_serve}


def _serve(args: argparse.Namespace) -> None:
    """Serve until somebody interrupts."""
    needs(TO_SERVE)
    name = args.name.removeprefix("local:")
    home = Home(Path(args.dir))
    file = model_file(name, home.models, home.bases)
    with LlamaServer(file, alias=name, port=args.port, computing=threads()) as server:
        print(f"local:{name} answers at {server.url}/v1 (DISTIL_BASE_URL={server.url}/v1, model {name!r})", flush=True)
        server.wait()
        raise ModelError(f"llama.cpp ended; is port {args.port} taken?")
