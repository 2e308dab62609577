"""What is known of a run before its first test."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from pytest_distil.core.settings import Settings
from pytest_distil.mark.errors import DataError

_PACKAGES = ("pytest-distil", "pytest", "pydantic")


@dataclass(frozen=True, slots=True)
class Facts:
    """Stands in a journal's head, so that a killed run's session says the same as a finished one's."""

    started: str
    """UTC, ISO 8601."""
    settings: Settings
    versions: Mapping[str, str]
    commit: str | None
    """Of the repository that the working directory is in."""

    @classmethod
    def now(cls, settings: Settings) -> Self:
        """Return the facts of a run that starts now."""
        return cls(datetime.now(UTC).isoformat(timespec="seconds"), settings, _versions(), _commit())

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON."""
        return {**asdict(self), "settings": self.settings.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, path: Path) -> Self:
        """Read what `to_json` made, also among other keys; raise `DataError` for what another version wrote."""
        try:
            return cls(data["started"], Settings.from_json(data["settings"]), data["versions"], data["commit"])
        except (KeyError, TypeError) as error:
            raise DataError(path, f"written by another version of pytest-distil ({error})") from error


def _versions() -> dict[str, str]:
    """Return the versions of what is installed; an image of production has no pytest."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _commit() -> str | None:
    """Return the commit of the working directory's repository, where it is in one."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - our own
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
