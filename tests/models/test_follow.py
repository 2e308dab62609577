from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil.core.prompt import Unanswered
from pytest_distil.models.client import make_sync
from pytest_distil.models.follow import Following, Look
from pytest_distil.models.jobs import Jobs, Order
from support.training_lines import plain, write
from support.tuning_server import Fault, Script, TuningServer

JOB = "GET /fine_tuning/jobs/ftjob-1"


class Watched:
    """A job at a server, with what its followers waited."""

    def __init__(self, server: TuningServer, jobs: Jobs) -> None:
        self.server = server
        self.jobs = jobs
        self.pauses: list[float] = []

    def looks(self) -> Iterator[Look]:
        """Follow the job anew."""
        return Following(self.jobs, "ftjob-1").looks(interval=1.0, sleep=self.pauses.append)


@pytest.fixture
def watched(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Create a job that goes as the test's script says."""
    count, script = getattr(request, "param", (12, Script()))
    file = write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(count)])
    with TuningServer(script) as server, Jobs(make_sync(server.url, None, 5.0), sleep=lambda _: None) as jobs:
        jobs.upload(file, progress=lambda done, whole: None)
        jobs.create(Order(base="gpt", training_file="file-1"))
        yield Watched(server, jobs)


def statuses(looks: list[Look]) -> list[str]:
    """Return the status of each look."""
    return [look.job.status for look in looks if look.job]


def test_a_job_is_followed_to_its_end(watched: Watched) -> None:
    """Each look tells status, step and losses, each event once, and the last one tells the model."""
    looks = list(watched.looks())
    events = [event.message for look in looks for event in look.events]

    assert ["queued", "running", "running", "succeeded"] == statuses(looks)
    assert [None, 5, 10, 10] == [look.metrics.step for look in looks]
    assert (10, 20, 0.6667, 0.7667) == (
        looks[-1].metrics.step,
        looks[-1].metrics.steps,
        looks[-1].metrics.train_loss,
        looks[-1].metrics.valid_loss,
    )
    assert looks[1].job is not None
    assert looks[1].job.estimated_finish is not None
    assert len(set(events)) == len(events) == 4
    assert [1.0, 1.0, 1.0] == watched.pauses


def failing(status: str, **more: object) -> Script:
    """Return how a job goes that ends half way."""
    return Script(statuses=("queued", "running", status), error=more or None)


@pytest.mark.parametrize(
    ("watched", "status", "reason"),
    [
        ((3, Script()), "failed", "invalid_training_file: Training file has 3 example(s), but must have at least 10"),
        ((12, failing("failed", code="server_error", message="a GPU burned")), "failed", "server_error: a GPU burned"),
        (
            (12, failing("failed", code="exceeded_quota", message="Job has exceeded quota")),
            "failed",
            "exceeded_quota: Job has exceeded quota",
        ),
        ((12, failing("cancelled")), "cancelled", "None"),
    ],
    indirect=["watched"],
)
def test_an_end_without_a_model_has_its_reason(watched: Watched, status: str, reason: str) -> None:
    """A bad file, a job that fails half way, a quota and a cancelled job end it, with the provider's reason."""
    last = list(watched.looks())[-1].job

    assert last is not None
    assert (status, True, False, None) == (last.status, last.ended, last.succeeded, last.model)
    assert str(last.reason).startswith(reason)


@pytest.mark.parametrize(
    "watched",
    [(12, Script(statuses=("queued", "paused", "paused", "warming_up", "running", "succeeded")))],
    indirect=True,
)
def test_paused_and_unknown_statuses_are_followed_on(watched: Watched) -> None:
    """A paused job is waited for, and so is one with a status that nobody told us of."""
    assert ["queued", "paused", "paused", "warming_up", "running", "succeeded"] == statuses(list(watched.looks()))


def test_a_lost_connection_is_told_and_followed_on(watched: Watched) -> None:
    """Looks that bring nothing are told with their reason, waited after for longer, and nothing is missed."""
    watched.server.faults[JOB] += [Fault(cut=True), Fault(503, "overloaded"), Fault(429, "slow down")]
    looks = list(watched.looks())

    assert [True, True, True, False] == [bool(look.trouble) for look in looks[:4]]
    assert "no connection" in str(looks[0].trouble)
    assert "overloaded" in str(looks[1].trouble)
    assert [2.0, 4.0, 8.0, 1.0] == watched.pauses[:4]
    assert "succeeded" == statuses(looks)[-1]
    assert 4 == len([event for look in looks for event in look.events])


def test_events_that_were_not_read_are_told_at_the_next_look(watched: Watched) -> None:
    """Where the job was read and its events were not, the next look tells them."""
    watched.server.faults[f"{JOB}/events"] += [Fault(cut=True)]
    looks = list(watched.looks())

    assert looks[0].trouble
    assert "Created fine-tuning job: ftjob-1" == looks[1].events[0].message


def test_a_server_that_is_gone_is_given_up(watched: Watched) -> None:
    """After many looks in vain the last reason is raised, so that a script does not hang for ever."""
    watched.server.faults[JOB] += [Fault(503, "maintenance")] * 100

    with pytest.raises(Unanswered, match="maintenance"):
        list(watched.looks())
    assert 29 == len(watched.pauses)
    assert 60.0 == max(watched.pauses)


def test_a_job_that_is_not_there_is_given_up_at_once(watched: Watched) -> None:
    """Where no look can do better, the first one ends it."""
    watched.server.faults[JOB] += [Fault(404, "no such job")]

    with pytest.raises(Unanswered, match="no such job"):
        list(watched.looks())
    assert [] == watched.pauses


def test_following_goes_on_where_it_was_left(watched: Watched) -> None:
    """Who stops and follows anew sees the job where it is, with what was told before."""
    first = watched.looks()
    next(first)
    next(first)
    looks = list(watched.looks())

    assert ["running", "succeeded"] == statuses(looks)
    assert "Created fine-tuning job: ftjob-1" == looks[0].events[0].message


@pytest.mark.parametrize("watched", [(12, Script(tells_metrics=False))], indirect=True)
def test_losses_come_from_checkpoints_where_events_tell_none(watched: Watched) -> None:
    """A server whose events carry no losses is asked for its checkpoints."""
    metrics = list(watched.looks())[1].metrics

    assert (5, 1.0, 1.2) == (metrics.step, metrics.train_loss, metrics.valid_loss)


@pytest.mark.parametrize("watched", [(12, Script(tells_metrics=False))], indirect=True)
def test_a_server_without_checkpoints_is_asked_once(watched: Watched) -> None:
    """Where there are none, following goes on without losses."""
    watched.server.faults[f"{JOB}/checkpoints"] += [Fault(404, "no such route")] * 9
    looks = list(watched.looks())

    assert looks[-1].metrics.train_loss is None
    assert 1 == watched.server.asked.count(f"{JOB}/checkpoints")


def test_a_server_without_events_is_asked_once(watched: Watched) -> None:
    """Where there is no log of a job its status is followed all the same."""
    watched.server.faults[f"{JOB}/events"] += [Fault(404, "no such route")] * 9
    looks = list(watched.looks())

    assert "succeeded" == statuses(looks)[-1]
    assert 1 == watched.server.asked.count(f"{JOB}/events")


def test_losses_are_read_from_messages_too(watched: Watched) -> None:
    """Where an event has no data, its message tells step and losses, as Azure writes them."""
    watched.server._log(watched.server.jobs["ftjob-1"], "Step 110: training loss=1.766")
    metrics = next(watched.looks()).metrics

    assert (110, None, 1.766, None) == (metrics.step, metrics.steps, metrics.train_loss, metrics.valid_loss)
