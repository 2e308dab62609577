"""How fast to ask: a limit that gives way to the server's, waiting between tries, and when to give up.

Nothing here reads a clock: moments (seconds of one monotonic clock) are arguments.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from pytest_distil.core.prompt import Unanswered

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0
"""Seconds between tries where the server does not say; each wait is twice the one before."""

_DOUBLINGS = 10
"""More make no difference."""

_JITTER = 0.25
"""Part of a wait that is left to chance, so that those who failed together do not come back together."""

_MOST_TROUBLES = 8
"""Of one prompt: with one request in ten failing, all eight do once in a hundred million prompts."""

_LIMITED_IN_A_ROW = 3
"""Refusals without a success between them after which waiting is for all requests, not for one."""

_UNREACHED_IN_A_ROW = 4
_UNREACHED_SECONDS = 3.0
"""Connections that failed, with no response between them and over this time at least, after which nobody is there."""

_SILENT_ROUNDS = 2
"""Requests that found no answer in time, with no response between them, in multiples of those that may be in flight,
after which nobody is there either: a slow server under load still answers some."""


@dataclass(slots=True)
class Pace:
    """What is known of a server's state."""

    most: int
    """Requests in flight where nothing limits them."""
    limit: float = field(init=False)
    """Requests in flight now: halved when the server refuses, one more with each success."""
    paused_until: float = -math.inf
    """No request is to be sent before this moment."""
    chance: random.Random = field(default_factory=random.Random)
    _cut_at: float = -math.inf
    _limited: int = 0
    _unreached: int = 0
    _unreached_since: float = -math.inf
    _silent: int = 0

    def __post_init__(self) -> None:
        self.limit = float(self.most)

    def succeeded(self) -> None:
        """Note an answer."""
        self._limited = self._unreached = self._silent = 0
        self.limit = min(float(self.most), self.limit + 1)

    def missed(self, event: Unanswered, *, sent: float, now: float) -> None:
        """Note a try that brought no answer."""
        if event.silent:
            self._silent += 1
        elif event.reached:
            self._unreached = self._silent = 0
        else:
            self._unreached_since = min(sent, self._unreached_since) if self._unreached else sent
            self._unreached += 1
        if event.limited:
            self._slow_down(event.retry_after, sent=sent, now=now)

    def forget(self) -> None:
        """Start again, as if nothing were known."""
        self.limit, self.paused_until = float(self.most), -math.inf
        self._limited = self._unreached = self._silent = 0

    def nobody_there(self, now: float) -> bool:
        """Tell whether the server has been out of reach for so long that asking on is no use."""
        gone = self._unreached >= _UNREACHED_IN_A_ROW and now - self._unreached_since >= _UNREACHED_SECONDS
        return gone or self._silent >= _SILENT_ROUNDS * self.most

    def wait(self, tries: int, retry_after: float | None) -> float:
        """Return the seconds to wait after that many tries: what the server asks for, or longer each time."""
        seconds = (
            min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(tries - 1, _DOUBLINGS)) if retry_after is None else retry_after
        )
        jitter = _JITTER * seconds * self.chance.random()
        return seconds - jitter if retry_after is None else seconds + min(1.0, jitter)

    def _slow_down(self, retry_after: float | None, *, sent: float, now: float) -> None:
        self._limited += 1
        if sent > self._cut_at:  # those that were under way at the last cut say nothing new
            self.limit = max(1.0, self.limit / 2)
            self._cut_at = now
        rounds = self._limited // _LIMITED_IN_A_ROW
        if rounds:
            self.paused_until = max(self.paused_until, now + self.wait(rounds, retry_after))


def gives_up(event: Unanswered, *, troubles: int) -> bool:
    """Tell whether a prompt is not asked again; `troubles` are its tries that failed, the server's limit apart."""
    return not event.retry or troubles >= _MOST_TROUBLES
