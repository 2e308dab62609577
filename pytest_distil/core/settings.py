"""Every option of a run, read once into one frozen object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

from pytest_distil.core import readers
from pytest_distil.core.redaction import read_rules
from pytest_distil.core.text import Json
from pytest_distil.mark.errors import SettingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is asked to do; fractions where the options take percentages, seconds, plain strings."""

    mode: Literal["collect", "eval"] | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    """Task name to MODEL; under `""` the model of every other task."""
    cards: Mapping[str, Json] = field(default_factory=dict)
    """What is known of trained models, by the key that they have in `models`; no option sets it."""
    factories: Mapping[str, str] = field(default_factory=dict)
    """Import paths of what makes models of the suite's own, by MODEL; a hook sets it."""
    returns: Literal["model", "original"] = "model"
    original: Literal["run", "recorded"] = "run"
    fail_under: float | None = None
    fail_under_tests: float | None = None
    fail_under_noise: bool = False
    """Whether the model must reach what the original reaches against itself."""
    gate_on: Literal["held-out", "new-patterns", "all"] | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """By task, or by task and field (`receipts.total`)."""
    min_calls: int = 1
    confidence: float | None = None
    baseline: str | None = None
    baseline_missing: Literal["fail", "ok"] = "fail"
    allowed_drop: float = 0.02
    """How far agreement may fall under the baseline's, as a fraction."""
    reports: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    """Targets that are marked by their import paths, as the user wrote them."""
    dir: str = ".distil"
    session: str = "latest"
    dry_run: bool = False
    disagreed: bool = False
    format: str | None = None
    concurrency: int = 32
    offline: bool = False
    refresh: bool = False
    sample: float = 1.0
    repeat: int = 1
    """How often each call is asked."""
    noise: bool = False
    """Whether the original runs twice, to be compared with itself."""
    constrained: bool = False
    """Whether models of this machine are kept to the schema by a grammar."""
    shots: int = 0
    """How many training examples stand before the call, as messages."""
    holdout: float = 0.2
    holdout_by: Literal["call", "test"] = "call"
    validation: float = 0.1
    conflicts: Literal["drop", "majority"] = "drop"
    max_per_test: int | None = None
    """How many examples of a task one test function may contribute."""
    exclude_fixtures: tuple[str, ...] = ()
    """Fixtures, and other stand-ins by the names that the summary gives them, whose tests are left out."""
    redact: tuple[str, ...] = ()
    """What is taken out of arguments: regular expressions, and paths that begin with `$`."""
    show_values: Literal["yes", "differences", "no"] = "yes"
    base_url: str | None = None
    timeout: float = 60.0
    max_requests: int = 10_000
    prices: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """By MODEL: what a million tokens cost: in, perhaps cached, out."""

    @classmethod
    def read(cls, given: Mapping[str, tuple[str, Any]]) -> Self:
        """Read options: each key with the name that the user wrote and the text (or flag, or list) that was given.

        Raises `SettingError` under the user's name for a bad value and for options that exclude each other.
        """
        values = {key: _READERS[key](name, text) for key, (name, text) in given.items()}
        models = given.get("models")
        if values.get("collect") and models:
            raise SettingError("--distil-collect", "cannot be used with --distil-eval: one run collects or evaluates")
        collect = values.pop("collect", False)
        mode: Literal["collect", "eval"] | None = "collect" if collect else "eval" if values.get("models") else None
        settings = cls(mode=mode, **values)
        _check_together(settings, given)
        return settings

    def changed(self, given: Mapping[str, tuple[str, Any]]) -> Self:
        """Return these settings with some read anew; raise `SettingError` for a bad value."""
        return replace(self, **{key: _READERS[key](name, text) for key, (name, text) in given.items()})

    def model_of(self, task: str) -> str | None:
        """Return the MODEL that answers a task; None where none does."""
        return self.models.get(self.key_of(task))

    def key_of(self, task: str) -> str:
        """Return the key in `models` of a task, which goes by its name or the last parts of it; `""` for the others."""
        fits = [name for name in self.models if name and (task == name or task.endswith(f".{name}"))]
        return max(fits, key=len, default="")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` made."""
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in _LISTS}})


_LISTS = ("reports", "functions", "exclude_fixtures", "redact")

_ONLY_EVAL = frozenset(
    {
        "fail_under",
        "fail_under_tests",
        "fail_under_noise",
        "gate_on",
        "confidence",
        "baseline",
        "baseline_missing",
        "reports",
    }
    | {"dry_run", "offline", "refresh", "repeat", "noise", "shots", "constrained", "sample", "disagreed"}
)
"""Options that mean nothing where no model is asked: given alone, the gate would pass silently."""

_GATES = frozenset({"fail_under", "fail_under_tests", "fail_under_noise", "baseline"})


def _check_together(settings: Settings, given: Mapping[str, tuple[str, Any]]) -> None:
    """Refuse options that contradict each other."""
    if settings.mode != "eval":
        for name in sorted(name for key, (name, _) in given.items() if key in _ONLY_EVAL and name.startswith("--")):
            raise SettingError(name, "needs --distil-eval=MODEL")
    if settings.mode is None and settings.functions and given["functions"][0].startswith("--"):
        raise SettingError(given["functions"][0], "needs --distil-collect or --distil-eval=MODEL")
    gates = [name for key, (name, _) in given.items() if key in _GATES and name.startswith("--")]
    if settings.dry_run and gates:
        raise SettingError("--distil-dry-run", f"asks nothing, so there is nothing that {gates[0]} could judge")
    if settings.fail_under_noise and not settings.noise:
        raise SettingError("--distil-fail-under-noise", "needs --distil-noise, which runs the original twice")
    if settings.offline and settings.refresh:
        raise SettingError("--distil-offline", "cannot be used with --distil-refresh, which asks again")
    if settings.baseline and Path(settings.baseline).resolve() in {Path(one).resolve() for one in settings.reports}:
        raise SettingError(
            "--distil-report",
            f"{settings.baseline!r} is the baseline, and a run that is worse would take its place; name another file, "
            "and use `pytest-distil baseline promote` on it",
        )
    if settings.mode == "eval" and settings.format == "raw":
        raise SettingError(given["format"][0], "no model can be asked in the format 'raw'; it is for export only")


_FORMATS = ("json_schema", "tools", "functions", "raw")

_READERS: dict[str, Callable[[str, Any], Any]] = {
    **{one.name: readers.as_it_is for one in fields(Settings)},
    "collect": readers.as_it_is,
    "models": readers.models,
    "returns": readers.one_of("model", "original"),
    "original": readers.one_of("run", "recorded"),
    "fail_under": readers.share,
    "fail_under_tests": readers.share,
    "gate_on": readers.one_of("held-out", "new-patterns", "all"),
    "thresholds": readers.thresholds,
    "min_calls": readers.count,
    "confidence": readers.share,
    "baseline_missing": readers.one_of("fail", "ok"),
    "allowed_drop": readers.points,
    "format": readers.one_of(*_FORMATS),
    "concurrency": readers.count,
    "sample": readers.sample,
    "repeat": readers.count,
    "shots": readers.count,
    "holdout": readers.holdout,
    "holdout_by": readers.one_of("call", "test"),
    "validation": readers.holdout,
    "conflicts": readers.one_of("drop", "majority"),
    "max_per_test": readers.count,
    "exclude_fixtures": readers.names,
    "redact": read_rules,
    "show_values": readers.one_of("yes", "differences", "no"),
    "timeout": readers.seconds,
    "max_requests": readers.count,
    "prices": readers.prices,
}
