"""aimock from npm: a server written by others that plays OpenAI's part, files and fine-tuning jobs included."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "@copilotkit/aimock@1.43.0"


def is_possible() -> bool:
    """Tell whether npm is there."""
    return shutil.which("npm") is not None and shutil.which("node") is not None


def install(folder: Path) -> list[str]:
    """Install it, and return the command that starts it; skip the test where npm's registry cannot be reached."""
    command = ["npm", "install", "--fetch-retries=1", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=250)
    if done.returncode:
        pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr.strip()[:300]}")
    return ["node", str(folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js")]


@contextmanager
def running(command: list[str], fixtures: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    """Run it with answers, and give its address, which has no `/v1` yet."""
    (folder / "answers.json").write_text(json.dumps({"fixtures": fixtures}))
    words = [*command, "--port", "0", "--fixtures", str(folder / "answers.json")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line.split()[-1] for line in process.stdout if "listening on" in line)
        finally:
            process.terminate()


def set_chaos(address: str, rates: dict[str, float]) -> None:
    """Say which share of requests goes wrong, and how: `{"rateLimitRate": 1}`; nothing with `{}`."""
    sent = json.dumps(rates).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/__aimock/chaos", sent, {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - loopback
        pass
