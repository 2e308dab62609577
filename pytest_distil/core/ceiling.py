"""The original's agreement with itself as a threshold: no model can be held to more than the original holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_distil.core.phrases import percent
from pytest_distil.core.trial import Trial
from pytest_distil.core.wants import Wants

_NOTHING = (
    "no original of the judged calls ran twice, so --distil-fail-under-noise has nothing to judge by; "
    "run with --distil-noise tests that reach such calls"
)


def applied(wants: Wants, trials: Sequence[Trial]) -> Wants:
    """Return what is asked for with the threshold that follows from noise, where one was asked for.

    It is what the original reaches against itself on the judged calls, less the allowed drop.
    """
    reached = _reached(wants, trials)
    if reached is None:
        return wants
    return replace(wants, fail_under=max(wants.fail_under or 0.0, reached - wants.allowed_drop, 0.0))


def note(wants: Wants, trials: Sequence[Trial]) -> str | None:
    """Return a sentence that says where the threshold comes from; None where noise sets none."""
    reached = _reached(wants, trials)
    if reached is None:
        return None
    least = f"{percent(max(reached - wants.allowed_drop, 0.0))} is asked for"
    return (
        f"the original agrees with itself on {percent(reached)} of the judged calls that it ran twice for, so {least}"
    )


def reason(wants: Wants, trials: Sequence[Trial]) -> str | None:
    """Return why a gate on noise fails that has nothing to go by."""
    return _NOTHING if wants.fail_under_noise and _reached(wants, trials) is None else None


def _reached(wants: Wants, trials: Sequence[Trial]) -> float | None:
    """Return the share of judged calls whose original gave the same twice; None where that is not wanted or known."""
    if not wants.fail_under_noise:
        return None
    twice = [one for one in trials if one.again is not None and one.scored and wants.selects(one)]
    return sum(not one.again for one in twice) / len(twice) if twice else None
