"""Numbers in words; the sentences of the gate and of every report use these, so that they say the same."""

from __future__ import annotations

from collections.abc import Iterable

EPSILON = 1e-9
"""What computing with fractions may lose: a rate that is smaller than a threshold by less than this reaches it."""


def percent(rate: float, *, beside: float | None = None) -> str:
    """Write a rate from 0 to 1: `92.5 %`; `100 %` and `0 %` only where that is exactly so.

    With `beside`, another rate that stands in the same sentence, digits are added until the two differ where they do.
    """
    digits = next((n for n in range(1, 6) if beside is None or _apart(rate, beside, n)), 1)
    return f"{_number(rate, digits)} %"


def points(change: float) -> str:
    """Write a change of a rate: `3.9 points`."""
    text = f"{abs(change) * 100:.1f}".removesuffix(".0")
    return f"{text} point{'' if text == '1' else 's'}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Write a number of things: `1 call`, `1,200 calls`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def some(names: Iterable[str], *, limit: int = 3) -> str:
    """Write the first few of some names: `'a', 'b' and 4 more`."""
    listed = [repr(name) for name in names]
    if len(listed) <= limit:
        return ", ".join(listed)
    return f"{', '.join(listed[:limit])} and {len(listed) - limit} more"


def reaches(rate: float, threshold: float) -> bool:
    """Say whether a rate is at least a threshold."""
    return rate >= threshold - EPSILON


def _apart(rate: float, other: float, digits: int) -> bool:
    """Say whether two rates that differ look different with that many digits."""
    return abs(rate - other) <= EPSILON or _number(rate, digits) != _number(other, digits)


def _number(rate: float, digits: int) -> str:
    """Write a rate as a percentage of at most that many digits, never rounded to 0 or 100."""
    least = 10.0**-digits
    value = 100 * rate
    if EPSILON < rate < 1 - EPSILON:
        value = min(max(value, least), 100 - least)
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".")
