"""Printing: sections of the terminal's summary, paths as users can copy them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_distil.reports.layout import Line


def show(terminal: pytest.TerminalReporter, title: str, lines: Sequence[Line]) -> None:
    """Print a section of the summary; under `-q` its lines alone."""
    if terminal.config.get_verbosity() >= 0:
        terminal.section(title)
    for line in lines:
        terminal.line(line.text, **line.style)


def tell_without_terminal(config: pytest.Config, line: Line) -> None:
    """Print a line on stderr where pytest's own terminal output is switched off (`-p no:terminal`)."""
    if not config.pluginmanager.hasplugin("terminalreporter"):
        print(line.text, file=sys.stderr)


def shown(path: Path, config: pytest.Config) -> str:
    """Return a path as it is shown: from where pytest was started, where it is below."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
