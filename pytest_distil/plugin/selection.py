"""Whether a run has all of a suite's tests, or some of them."""

from __future__ import annotations

from pathlib import Path

import pytest

_NARROWING = ("keyword", "markexpr", "lf", "deselect", "stepwise", "distil_disagreed")
"""Options that leave tests out."""


def is_partial(session: pytest.Session) -> bool:
    """Return whether tests were left out: by an option, by naming files or tests, or by stopping early.

    A folder named on the command line is the suite of those who always name it.
    """
    config = session.config
    narrowed = any(getattr(config.option, name, None) for name in _NARROWING)
    stopped = bool(session.shouldstop or session.shouldfail)
    return narrowed or stopped or any(not _is_folder(config, arg) for arg in config.args)


def _is_folder(config: pytest.Config, arg: str) -> bool:
    return (config.invocation_params.dir / Path(arg)).is_dir()
