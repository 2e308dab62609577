"""How far asking is, in words."""

from __future__ import annotations

from collections import deque

from pytest_distil.core.phrases import plural
from pytest_distil.reports.words import seconds

_WINDOW = 10.0
"""Seconds over which the rate is taken: long enough not to jump, short enough to follow a server's limit."""

_MINUTE = 60

_FIRST_LINE = 5.0
_LONGEST_SILENCE = 60.0
"""Seconds until a line, where lines stay: after the one, twice that and so on, and at least each time the other."""


class Progress:
    """Knows how many answers have come, and when; moments are seconds of any one clock."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def told(self, done: int, whole: int, *, now: float, failed: int = 0, limit: int | None = None) -> str:
        """Note that `done` of `whole` prompts have an answer; say so: `120 of 500 answered, 41/s, about 9 s left`.

        `limit` is how many requests the server lets be in flight, where it allows fewer than were wanted.
        """
        rate = self._rate(done, now)
        parts = [f"{done:,} of {plural(whole, 'prompt')} answered"]
        parts += [plural(failed, "failed", "failed")] if failed else []
        parts += [_speed(rate)] if rate else []
        parts += [f"the server takes {limit:,} at once"] if limit is not None else []
        parts += [f"about {seconds(max(1, round((whole - done) / rate)))} left"] if rate and whole > done else []
        return ", ".join(parts)

    def _rate(self, done: int, now: float) -> float:
        """Return the answers a second in the last while; 0 where that is not known yet.

        Answers come in waves, so it is counted up to the last one that came, unless that is long ago.
        """
        if not self._samples or self._samples[-1][1] != done:
            self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _WINDOW:  # noqa: PLR2004 - a span has two ends
            self._samples.popleft()
        (began, before), (ended, _) = self._samples[0], self._samples[-1]
        until = ended if now - ended < _WINDOW else now
        return (done - before) / (until - began) if until > began else 0.0


class Patience:
    """Knows when something that takes long is to be told of where no line can be written over, as in the log of CI."""

    def __init__(self) -> None:
        self._due = _FIRST_LINE

    def is_over(self, elapsed: float) -> bool:
        """Tell whether a line is due after so many seconds; the next one then is not before some time."""
        if elapsed < self._due:
            return False
        self._due += min(self._due, _LONGEST_SILENCE)
        return True


def _speed(rate: float) -> str:
    """Write a rate: `41/s`, `4.1/s`, `12/min`."""
    if rate >= 10:  # noqa: PLR2004 - tenths matter below ten
        return f"{rate:,.0f}/s"
    return f"{rate:.1f}/s" if rate >= 1 else f"{max(1, round(rate * _MINUTE))}/min"
