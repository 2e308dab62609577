"""Whether a run has all of a suite's tests, or some of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

_NARROWING = ("lf", "stepwise", "distil_disagreed")
"""Options that leave tests out."""

_NARROWING_WHEN_TYPED = {"keyword": r"-[a-zA-Z]*k", "markexpr": r"-[a-zA-Z]*m", "deselect": "--deselect"}
"""Options that leave tests out of this run where they are typed; in the ini file they say what the suite is."""


def is_partial(session: pytest.Session) -> bool:
    """Return whether tests were left out: by an option, by naming files or tests, or by stopping early.

    A folder named on the command line is the suite of those who always name it.
    """
    config = session.config
    narrowed = any(getattr(config.option, name, None) for name in _NARROWING)
    typed = any(
        getattr(config.option, name, None) and _is_typed(config, how) for name, how in _NARROWING_WHEN_TYPED.items()
    )
    stopped = bool(session.shouldstop or session.shouldfail)
    return narrowed or typed or stopped or _names_tests(config)


def leaves_out_files(config: pytest.Config, *, ran: Iterable[str], recorded: Iterable[str]) -> bool:
    """Return whether a file is still there whose tests a session holds, and of which no test ran.

    Tells a part of the suite from the whole where folders are named, or left out by `--ignore`.
    """
    there, held = ({test.partition("::")[0] for test in tests} for tests in (ran, recorded))
    return any((config.rootpath / file).exists() for file in held - there)


def _is_typed(config: pytest.Config, how: str) -> bool:
    return any(re.match(how, str(arg)) for arg in config.invocation_params.args)


def _names_tests(config: pytest.Config) -> bool:
    """Return whether the command line names something that is no folder: a file, or a test."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS or config.option.pyargs:
        return False
    return any(not (config.invocation_params.dir / Path(arg)).is_dir() for arg in config.args)
