"""How far a rate can be trusted, and whether a change is more than noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import NormalDist


def wilson(rate: float, n: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two-sided Wilson score interval of a rate over `n` independent calls.

    Wilson (1927), JASA 22:209-212, as in Newcombe (1998), Statistics in Medicine 17:857-872, method 3.
    """
    return _wilson(rate, n, NormalDist().inv_cdf(0.5 + confidence / 2))


def _wilson(rate: float, n: float, z: float) -> tuple[float, float]:
    """Return the rates at which a score test with the quantile `z` stops rejecting."""
    centre = rate + z * z / (2 * n)
    spread = z * ((rate * (1 - rate) + z * z / (4 * n)) / n) ** 0.5
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


Cluster = tuple[int, Fraction]
"""Of calls that hang together: how many, and how many of them agree."""

MIN_CLUSTERS = 8
"""With fewer, nothing can be said about how much clusters differ."""


def clusters(shares: Iterable[tuple[str, Fraction]]) -> list[Cluster]:
    """Return the clusters of some calls, each given by its cluster's name and the share of its answers that agree."""
    found: dict[str, list[Fraction]] = {}
    for name, share in shares:
        found.setdefault(name, []).append(share)
    return [(len(each), sum(each, Fraction(0))) for each in found.values()]


def effective(found: Sequence[Cluster]) -> float | None:
    """Return how many independent calls some clusters are worth; None with too few clusters to say."""
    if len(found) < MIN_CLUSTERS:
        return None
    return float(sum(size for size, _ in found))
