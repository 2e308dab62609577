"""Verdicts, counted: COUNTS, the block that every rate of a report is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pytest_distil.core import stats
from pytest_distil.core.trial import VERDICTS, Trial

Counts = Mapping[str, Any]
"""COUNTS, as they stand in a report."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts, counted; tallies add up."""

    agree: int = 0
    differ: int = 0
    invalid: int = 0
    failed: int = 0
    unscored: int = 0
    shift: Fraction = Fraction(0)
    """What repeated answers add to `agree`: the sum of their shares, less the calls whose first answer agrees."""

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> Tally:
        """Return the tally of some trials."""
        listed = list(trials)
        found: dict[str, Any] = Counter(one.verdict for one in listed)
        repeated = (one for one in listed if one.repeats and one.scored)
        return cls(**found, shift=sum((one.share - (one.verdict == "agree") for one in repeated), Fraction(0)))

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in (*VERDICTS, "shift")))

    def __radd__(self, other: int) -> Tally:
        return self

    @property
    def compared(self) -> int:
        """Return the number of calls that count."""
        return self.agree + self.differ + self.invalid + self.failed

    @property
    def agreement(self) -> float | None:
        """Return agree / (agree + differ + invalid + failed), the mean over repeats; None where nothing compared."""
        return float((self.agree + self.shift) / self.compared) if self.compared else None


def counts(trials: Iterable[Trial]) -> dict[str, Any]:
    """Return the COUNTS of some trials: verdicts, agreement, and how far it can be trusted."""
    listed = list(trials)
    tally = Tally.of(listed)
    return {
        **{name: getattr(tally, name) for name in VERDICTS},
        **trust((one.cluster, one.share) for one in listed if one.scored),
    }


def trust(shares: Iterable[tuple[str, Fraction]]) -> dict[str, Any]:
    """Return the agreement of compared calls, each given by its cluster and the share of its answers that agree.

    `clusters` are the groups or tests that the calls come from, `effective` the number of independent calls that they
    are worth, `interval` the 95 % interval; the last two are None with too few clusters.
    """
    clusters = stats.clusters(shares)
    n = sum(size for size, _ in clusters)
    rate = float(sum(agree for _, agree in clusters) / n) if n else None
    effective = stats.effective(clusters)
    interval = None if rate is None or effective is None else list(stats.wilson(rate, effective))
    return {"agreement": rate, "interval": interval, "clusters": len(clusters), "effective": effective}
