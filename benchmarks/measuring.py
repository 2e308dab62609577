"""What a command costs: time, CPU and memory, its children included."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Of one process and those that it started and waited for."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all processors."""
    megabytes: float
    """Of the largest process, at its largest."""


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], may_fail: bool = False) -> Cost:
    """Run a command to its end; one that fails ends the benchmark, with its output."""
    began = time.monotonic()
    with (cwd / "output.txt").open("w+") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, cwd=cwd, env=_environment(cwd) | dict(env), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if process.returncode and not may_fail:
            sys.exit(f"{' '.join(command)}\n{output.read()}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(wall, usage.ru_utime + usage.ru_stime, kilobytes / 1024)


def heading(*packages: str) -> str:
    """Say when, where and with what was measured."""
    python = f"Python {platform.python_version()}"
    versions = ", ".join([python, *(f"{name} {version(name)}" for name in packages)])
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, on {machine}; {versions}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [[*head], ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return this process's variables; compiled files are kept, as they are for users, and kept in a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _processor() -> str:
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
