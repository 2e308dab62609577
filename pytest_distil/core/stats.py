"""How far a rate can be trusted, and whether a change is more than noise."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import NormalDist

Cluster = tuple[int, Fraction]
"""Of calls that hang together: how many, and how many of them agree."""

CONFIDENCE = 0.95
"""Of intervals, and one minus the greatest p value that counts as significant, where nothing else is asked for."""

MIN_CLUSTERS = 8
"""With fewer clusters, nothing can be said about how much they differ."""

MIN_MIXED = 5
"""With fewer clusters that hold the rarer verdict, how calls hang together cannot be seen well.

Simulated with 8 to 80 clusters, rates up to 0.97 and correlations up to 0.6 inside them, the 95 % interval without
this rule covered 79 to 99 %, with it 90 to 99 % (tests/core/test_stats.py repeats this).
"""


def clusters(shares: Iterable[tuple[str, Fraction]]) -> list[Cluster]:
    """Return the clusters of some calls, each given by its cluster's name and the share of its answers that agree."""
    found: dict[str, list[Fraction]] = {}
    for name, share in shares:
        found.setdefault(name, []).append(share)
    return [(len(each), sum(each, Fraction(0))) for each in found.values()]


def effective(found: Sequence[Cluster]) -> float | None:
    """Return how many independent calls some clusters are worth; None with too few clusters to say.

    That is n / design effect, as Korn and Graubard (1998), Survey Methodology 24:193-201, use it for intervals: the
    smaller quantile of a normal distribution allows for an estimated variance. Clusters of one call are worth n.
    """
    n = sum(size for size, _ in found)
    if len(found) < MIN_CLUSTERS:
        return None
    if n == len(found):
        return float(n)
    normal = NormalDist().inv_cdf(0.975)
    return max(1.0, min(float(n), n / design_effect(found) * (normal / _student(len(found) - 1)) ** 2))


def design_effect(found: Sequence[Cluster]) -> float:
    """Return how many times larger the variance of a rate is than with independent calls; at least 1.

    The variance of a ratio over clusters by linearisation: Kish (1965), Survey Sampling, 6.4. Where few clusters hold
    the rarer verdict, it is drawn towards what holds if all calls of a cluster are alike.
    """
    n, k = sum(size for size, _ in found), len(found)
    alike = sum(size * size for size, _ in found) / n
    rate = float(sum(agree for _, agree in found) / n)
    mixed = min(sum(agree < size for size, agree in found), sum(agree > 0 for _, agree in found))
    if not mixed:
        return alike
    between = sum((float(agree) - rate * size) ** 2 for size, agree in found) * k / (k - 1)
    seen = max(1.0, between / (n * rate * (1 - rate)))
    weight = min(1.0, mixed / MIN_MIXED)
    return max(1.0, weight * seen + (1 - weight) * alike)


def wilson(rate: float, n: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the two-sided score interval of a rate over `n` independent calls.

    Wilson (1927), JASA 22:209-212; method 3 of Newcombe (1998), Statistics in Medicine 17:857-872.
    """
    quantile = NormalDist().inv_cdf(0.5 + confidence / 2)
    return _score(rate, n, -quantile), _score(rate, n, quantile)


def lower_bound(rate: float, n: float, *, confidence: float) -> float:
    """Return the one-sided lower bound of a rate over `n` independent calls, by the same score."""
    return _score(rate, n, -NormalDist().inv_cdf(confidence))


def needed(threshold: float, *, confidence: float) -> int | None:
    """Return how many independent calls must all agree for their lower bound to reach a threshold; None for 1."""
    if threshold >= 1:
        return None
    quantile = NormalDist().inv_cdf(confidence)
    return max(1, math.ceil(quantile * quantile * threshold / (1 - threshold) - 1e-9))


def sign_flip(changes: Iterable[Fraction]) -> float:
    """Return how likely a net change as low as this is, or lower, where each cluster's change is as likely up as down.

    The one-sided permutation test of Fisher (1935), The Design of Experiments, section 21, exact at any size: the sums
    of all subsets are counted, not drawn. Where every change is one call it is the exact test of McNemar (1947),
    Psychometrika 12:153-157.
    """
    moved = [change for change in changes if change]
    unit = math.lcm(*(change.denominator for change in moved))
    gained = int(sum(change for change in moved if change > 0) * unit)
    likely = [1.0] + [0.0] * gained
    for change in moved:
        step = int(abs(change) * unit)
        likely = [(one + (likely[i - step] if i >= step else 0.0)) / 2 for i, one in enumerate(likely)]
    return min(1.0, math.fsum(likely))


def holm(values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number; Holm (1979), Scandinavian Journal of Statistics 6:65-70."""
    adjusted = [0.0] * len(values)
    least = 0.0
    for rank, i in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = adjusted[i] = max(least, min(1.0, (len(values) - rank) * values[i]))
    return adjusted


def smallest_drop(changes: Sequence[Fraction], *, level: float) -> Fraction | None:
    """Return the smallest net loss, in calls, that these clusters could have shown at a level; None for no loss at all.

    What was gained stays; single calls are lost, each in another cluster.
    """
    gains = [change for change in changes if change > 0]
    gained = sum(gains, Fraction(0))
    possible = range(math.floor(gained) + 1, len(changes) - len(gains) + 1)
    found = bisect.bisect_left(possible, True, key=lambda lost: sign_flip([*gains, *[Fraction(-1)] * lost]) <= level)
    return possible[found] - gained if found < len(possible) else None


def _score(rate: float, n: float, quantile: float) -> float:
    """Return the rate at which a score test stops rejecting, on the side of the quantile's sign."""
    if rate == (quantile > 0):
        return rate  # exactly, where computing leaves 0.9999999999999998
    square = quantile * quantile
    centre = rate + square / (2 * n)
    spread = quantile * math.sqrt((rate * (1 - rate) + square / (4 * n)) / n)
    return (centre + spread) / (1 + square / n)


def _student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t from 7 degrees of freedom: Abramowitz and Stegun (1964), 26.7.5."""
    z = NormalDist().inv_cdf(0.975)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
