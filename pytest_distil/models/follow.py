"""A job followed to its end: what is new each time that the server is asked, whatever happens to the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_distil.core.prompt import Unanswered
from pytest_distil.models.job import Event, Job, Metrics
from pytest_distil.models.jobs import Jobs

_LOOKS_IN_VAIN = 30
"""After which a server is given up: about twenty minutes, with pauses that grow to `_LONGEST_PAUSE`."""
_LONGEST_PAUSE = 60.0

_EVENTS = 1000
"""The newest of a job's events that are read at a look."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a job told."""

    job: Job | None
    """None where no look brought an answer yet."""
    metrics: Metrics
    events: tuple[Event, ...] = ()
    """Those that no look before told."""
    trouble: str | None = None
    """Why this look brought nothing."""


class Following:
    """Looks at one job, and remembers what was told."""

    def __init__(self, jobs: Jobs, job_id: str) -> None:
        self._jobs = jobs
        self._id = job_id
        self._job: Job | None = None
        self._metrics = Metrics()
        self._known: frozenset[str] = frozenset()
        self._has_events = True
        self._checkpoints = True
        self._in_vain = 0

    def looks(self, *, interval: float, sleep: Callable[[float], None]) -> Iterator[Look]:
        """Yield a look each `interval` seconds until the job ends; raise `Unanswered` where the server is gone."""
        while True:
            look = self._look()
            yield look
            if look.trouble is None and look.job is not None and look.job.ended:
                return
            sleep(min(interval * 2 ** min(self._in_vain, 10), max(_LONGEST_PAUSE, interval)))

    def _look(self) -> Look:
        """Look once; trouble that may pass is told, not raised."""
        try:
            job = self._jobs.get(self._id, patient=False)
            events = self._new_events()
        except Unanswered as error:
            self._in_vain += 1
            if not error.retry or self._in_vain >= _LOOKS_IN_VAIN:
                raise
            return Look(self._job, self._metrics, trouble=error.reason)
        self._in_vain = 0
        self._job = job
        self._known |= {event.id for event in events}
        for event in events:
            self._metrics = self._metrics.then(event.metrics) if event.metrics else self._metrics
        self._read_checkpoint()
        return Look(job, self._metrics, events)

    def _new_events(self) -> tuple[Event, ...]:
        """Ask for the events that are not known yet; a server without them is asked once."""
        if not self._has_events:
            return ()
        try:
            return tuple(self._jobs.events(self._id, most=_EVENTS, known=self._known, patient=False))
        except Unanswered as error:
            if error.retry:
                raise
            self._has_events = False
            return ()

    def _read_checkpoint(self) -> None:
        """Ask for the newest checkpoint where events tell no losses; a server without them is asked once."""
        if self._metrics.train_loss is not None or not self._checkpoints:
            return
        try:
            found = self._jobs.checkpoint(self._id)
        except Unanswered:
            self._checkpoints = False
            return
        self._metrics = self._metrics.then(found) if found else self._metrics
