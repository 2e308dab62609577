"""What a gate asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pytest_distil.core.call import HeldOut
from pytest_distil.core.phrases import plural

if TYPE_CHECKING:
    from pytest_distil.core.trial import Trial

GateOn = Literal["held-out", "new-patterns", "all"]

BLOCKS: Mapping[GateOn, str] = {"held-out": "held_out", "new-patterns": "new_patterns", "all": "totals"}
"""Where a report keeps the COUNTS of what is judged."""

NOUNS: Mapping[GateOn, tuple[str, str]] = {
    "held-out": ("held-out call", "held-out calls"),
    "new-patterns": ("call of a new pattern", "calls of new patterns"),
    "all": ("call", "calls"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What a gate asks for; rates are fractions."""

    fail_under: float | None = None
    fail_under_tests: float | None = None
    fail_under_noise: bool = False
    """Ask for what the original reaches against itself, less `allowed_drop`."""
    gate_on: GateOn | None = None
    """None for the default: held-out, or all where `holdout` is 0."""
    holdout: float = 0.2
    """The fraction of the calls that is held out."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """By task, or by task and field: `receipts.total`."""
    min_calls: int = 1
    confidence: float | None = None
    """Judge the one-sided lower bound at this confidence in place of the rate itself."""
    baseline: Mapping[str, Any] | None = None
    """An earlier report, or what was promoted of one."""
    baseline_path: str | None = None
    """Where the baseline was asked for; with `baseline` None the file is missing."""
    baseline_missing_ok: bool = False
    allowed_drop: float = 0.02
    """How far agreement may fall under the baseline's or the noise's, as a fraction: 0.02 are two points."""

    @property
    def judged(self) -> GateOn:
        """Return which calls are judged."""
        return self.gate_on or ("held-out" if self.holdout else "all")

    @property
    def noun(self) -> str:
        """Return what one judged call is called."""
        return NOUNS[self.judged][0]

    def calls(self, n: int) -> str:
        """Write a number of judged calls."""
        return plural(n, *NOUNS[self.judged])

    @property
    def judges_calls(self) -> bool:
        """Say whether anything is asked of the calls, and not of the tests alone."""
        return (
            bool(self.thresholds)
            or self.fail_under_noise
            or any(one is not None for one in (self.fail_under, self.baseline, self.baseline_path))
        )

    @property
    def gated(self) -> bool:
        """Say whether any gate is asked for."""
        return self.judges_calls or self.fail_under_tests is not None

    def selects(self, trial: Trial) -> bool:
        """Say whether a trial is among the judged ones."""
        return trial.apart is None and on_side(self.judged, trial.held_out)


def on_side(judged: GateOn, held_out: HeldOut) -> bool:
    """Say whether a call of that side is among the judged ones."""
    return {"held-out": bool(held_out), "new-patterns": held_out == "pattern", "all": True}[judged]
