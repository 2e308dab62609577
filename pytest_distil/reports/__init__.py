"""Floor 3: what a report looks like to people. This file alone writes report files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_distil.core.files import write_json, write_lines
from pytest_distil.mark.errors import SettingError

if TYPE_CHECKING:
    from pytest_distil.core.report import ReportJson  # brings with it what collecting has no use for

MADE_BY = {".html": "pytest_distil.reports.html", ".md": "pytest_distil.reports.markdown"}
"""Suffixes of report files, and what makes them: each has `render(report, *, show_values)`, which returns text."""

SUFFIXES = (*MADE_BY, ".json")


def check(path: str) -> None:
    """Raise `SettingError` for a report that cannot be made, so that it is known before anything is asked."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise SettingError(
            "--distil-report", f"{path!r} ends in none of {', '.join(SUFFIXES)}, which say what to write"
        )
    if Path(path).is_dir():
        raise SettingError("--distil-report", f"{path!r} is a folder; name a file in it")
    if suffix == ".html":
        import_module(MADE_BY[suffix]).check()


def write(report: ReportJson, path: Path, *, show_values: str = "yes") -> None:
    """Write a judged report in the form that its suffix asks for, so that the file is there completely or not at all.

    Folders are made. `show_values` is `yes`, `differences` or `no`; JSON always holds everything. Raises
    `SettingError` where it cannot be made, `OSError` where it cannot be written.
    """
    check(str(path))
    suffix = path.suffix.lower()
    if suffix == ".json":
        write_json(path, report)
        return
    render: Callable[..., str] = import_module(MADE_BY[suffix]).render
    write_lines(path, [render(report, show_values=show_values).rstrip("\n")])


def summarise(report: ReportJson, variables: Mapping[str, str], *, show_values: str) -> None:
    """Append a judged report to the summary of a job on GitHub, where the environment's variables name one."""
    if path := variables.get("GITHUB_STEP_SUMMARY"):
        render: Callable[..., str] = import_module(MADE_BY[".md"]).render
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{render(report, show_values=show_values)}\n")
