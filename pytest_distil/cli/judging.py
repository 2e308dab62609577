"""`gate`, `report`, `compare` and `baseline`: reports judged again, shown, compared, promoted; nothing is asked."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_distil import reports
from pytest_distil.core import gate
from pytest_distil.core.files import write_json
from pytest_distil.core.merging import merge
from pytest_distil.core.promotion import promoted, refusals, worse
from pytest_distil.core.report import ReportJson
from pytest_distil.core.report_file import read_baseline, read_report
from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DataError
from pytest_distil.reports.comparison import compared
from pytest_distil.reports.layout import Line
from pytest_distil.reports.terminal import evaluated
from pytest_distil.run.gating import wanted

_GATE = {
    "fail_under": ("--fail-under", "PCT", "the least agreement"),
    "fail_under_tests": ("--fail-under-tests", "PCT", "the least share of tests that pass with the model's values"),
    "gate_on": ("--gate-on", "WHICH", "held-out, new-patterns or all"),
    "confidence": ("--confidence", "PCT", "judge the lower bound at this confidence"),
    "thresholds": ("--thresholds", "LIST", "of tasks and fields: 'triage=95 receipts.total=99'"),
    "min_calls": ("--min-calls", "N", "judged calls that there must be at least"),
    "baseline": ("--baseline", "FILE", "a report or a promoted baseline that must not be fallen short of"),
    "baseline_missing": ("--baseline-missing", "fail|ok", "what a missing baseline file is"),
    "allowed_drop": ("--allowed-drop", "POINTS", "points that agreement may lose to the baseline"),
}
"""Each setting of the gate with its option; without it the report's own setting holds."""

_NOISE = "--fail-under-noise"

_CANNOT_JUDGE = 2
"""The status of a run that was interrupted, as of a file that holds no report."""


def _add_gate(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit status: 0 holds (or nothing is asked for), 1 falls short, 2 cannot be judged."
    _add_reports(parser)
    add_gate_options(parser)
    parser.set_defaults(run=_gate)


def _add_report(parser: argparse.ArgumentParser) -> None:
    _add_reports(parser)
    parser.add_argument("-v", "--verbose", action="count", default=0, help="list wrong calls; -vv lists all of them")
    parser.add_argument("--out", metavar="PATH", type=Path, help="write it here instead: .json, .md or .html")
    parser.set_defaults(run=_report)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", metavar="A", type=Path, help="the earlier report, or a baseline")
    parser.add_argument("now", metavar="B", type=Path, help="the later report")
    parser.set_defaults(run=_compare)


def _add_baseline(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="promote", required=True)
    promote = commands.add_parser("promote", help="write a report as a baseline, a small file made to be committed")
    promote.add_argument("report", metavar="REPORT", type=Path)
    promote.add_argument("--out", metavar="FILE", type=Path, default=Path("distil-baseline.json"))
    promote.add_argument("--accept-worse", metavar="REASON", help="lower the baseline; the reason stays in the file")
    promote.add_argument("--values", action="store_true", help="keep the answers that were wrong")
    promote.set_defaults(run=_promote)


PARSERS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "gate": _add_gate,
    "report": _add_report,
    "compare": _add_compare,
    "baseline": _add_baseline,
}


def add_gate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the gate."""
    for key, (name, metavar, what) in _GATE.items():
        parser.add_argument(name, dest=key, metavar=metavar, help=what.replace("%", "%%"))
    parser.add_argument(_NOISE, action="store_true", help="at least what the original reaches against itself")


def gate_options(args: argparse.Namespace) -> dict[str, tuple[str, Any]]:
    """Return the options of the gate that were given, as `Settings` reads them."""
    given = {key: (name, getattr(args, key)) for key, (name, _, _) in _GATE.items()}
    given |= {"fail_under_noise": (_NOISE, args.fail_under_noise or None)}
    return {key: one for key, one in given.items() if one[1] is not None}


def print_lines(lines: Sequence[Line]) -> None:
    """Print lines without their styles."""
    print(*(line.text for line in lines), sep="\n")


def width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size().columns


def _add_reports(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports", metavar="REPORT", nargs="+", type=Path, help="a report's JSON file; several are shards of one run"
    )
    parser.add_argument("--whole", action="store_true", help="the shards are the whole suite, whatever each selected")


def _gate(args: argparse.Namespace) -> int:
    """Judge reports again and return the exit status of the gate."""
    report = _judged(_read(args.reports, whole=args.whole), gate_options(args))
    print_lines(evaluated(report, width=width()))
    reports.summarise(report, os.environ, show_values="no")
    ruling = report["ruling"]
    return _CANNOT_JUDGE if ruling["interrupted"] else int(ruling["passed"] is False)


def _report(args: argparse.Namespace) -> None:
    """Print or write what reports say, judged as they were."""
    report = _judged(_read(args.reports, whole=args.whole), {})
    if args.out:
        reports.write(report, args.out)
        print(args.out)
    else:
        print_lines(evaluated(report, width=width(), verbosity=args.verbose))


def _compare(args: argparse.Namespace) -> None:
    """Show two reports side by side, call by call."""
    before, now = read_baseline(args.before), read_report(args.now)
    wants = wanted(replace(Settings.from_json(now["settings"]), baseline=str(args.before)))
    ruling = gate.judge(now, wants=wants)["baseline"]
    print_lines(compared(before, now, ruling, width=width()))


def _promote(args: argparse.Namespace) -> None:
    """Write a baseline file, unless it would be worth less than the one that is there."""
    report = read_report(args.report)
    refused = next(refusals(report), None)
    if refused:
        raise DataError(args.report, f"not promoted: {refused}")
    previous = read_baseline(args.out) if args.out.exists() else None
    lower = worse(report, previous=previous) if previous else None
    if lower and not args.accept_worse:
        raise DataError(args.out, f'not lowered: {lower}; if this is on purpose, use --accept-worse "reason"')
    accepted = args.accept_worse if lower else None
    write_json(args.out, promoted(report, previous=previous, accepted=accepted, values=args.values))
    print(f"{args.out}: the baseline is now {report['model']}")


def _read(paths: list[Path], *, whole: bool) -> ReportJson:
    """Return the report of a file, or the one that several shards are together."""
    found = [read_report(path) for path in paths]
    return merge(found, whole=whole) if len(found) > 1 else found[0]


def _judged(report: ReportJson, given: dict[str, tuple[str, Any]]) -> ReportJson:
    """Return a report judged by its own settings, changed by what is given."""
    settings = Settings.from_json(report["settings"]).changed(given)
    return report | {"settings": settings.to_json(), "ruling": gate.judge(report, wants=wanted(settings))}
