"""A llama.cpp server as a child of this process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import TO_SERVE, needs

CONTEXT = 4096
"""Tokens of a prompt and its answer."""

_SECONDS_TO_END = 5.0
_SECONDS_TO_ANSWER = 60.0
_TAIL = 600
"""Characters of llama.cpp's last words that an error repeats."""


class LlamaServer:
    """One model, served at `url` until it is closed, or this process ends."""

    def __init__(self, file: Path, *, alias: str = "local", port: int = 0, computing: int = 1) -> None:
        """Start it and wait until it listens; raise `ModelError` where it does not."""
        needs(TO_SERVE)
        self._client = httpx2.Client(timeout=_SECONDS_TO_ANSWER, trust_env=False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        given = [str(file), str(port), str(computing), str(CONTEXT), alias]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "pytest_distil.models.local.serving", *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        self.url = self._process.stdout.readline().decode().strip()
        if not self.url:
            last = self.last_words()
            self.close()
            raise ModelError(f"llama.cpp does not serve {file}: {last}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def post(self, path: str, body: dict[str, Any], *, seconds: float = _SECONDS_TO_ANSWER) -> Any:
        """Send JSON to one of llama.cpp's own addresses and return what comes back, be it an error."""
        return self._client.post(f"{self.url}{path}", json=body, timeout=seconds).json()

    def wait(self) -> None:
        """Wait until the server ends by itself."""
        self._process.wait()

    def close(self) -> None:
        """End the server."""
        self._client.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def last_words(self) -> str:
        """Return the end of what llama.cpp has said, once it has ended."""
        self._process.wait(_SECONDS_TO_END)
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()[-_TAIL:]
