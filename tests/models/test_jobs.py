from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil.core.prompt import Unanswered
from pytest_distil.models.client import make_sync
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.job import Job
from pytest_distil.models.jobs import Jobs, Order
from support.training_lines import plain, write
from support.tuning_server import Fault, Script, TuningServer
from support.tuning_world import CREATE_KEYS

SOON = {"retry-after-ms": "20"}
ORDER = Order(base="gpt", training_file="file-1", metadata={"distil_order": "abc"})


@pytest.fixture
def server() -> Iterator[TuningServer]:
    """Run a server."""
    with TuningServer() as server:
        yield server


@pytest.fixture
def pauses() -> list[float]:
    """Hold the seconds that were waited."""
    return []


@pytest.fixture
def jobs(server: TuningServer, pauses: list[float]) -> Iterator[Jobs]:
    """Return the server's jobs; nothing is waited for."""
    with Jobs(make_sync(server.url, "sk-secret", 5.0), sleep=pauses.append) as jobs:
        yield jobs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a good training file."""
    return write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(2000)])


def uploaded(jobs: Jobs, file: Path) -> str:
    """Upload a file."""
    return jobs.upload(file, progress=lambda done, whole: None)


def test_a_file_arrives_as_it_is_and_is_told_on_its_way(jobs: Jobs, server: TuningServer, file: Path) -> None:
    """An upload sends the file's bytes under its name, and tells how far it is, up to the whole."""
    told: list[tuple[int, int]] = []
    file_id = jobs.upload(file, progress=lambda done, whole: told.append((done, whole)))

    assert file.read_bytes() == server.contents[file_id]
    assert "triage.train.jsonl" == server.files[file_id]["filename"]
    assert (file.stat().st_size, file.stat().st_size) == told[-1]
    assert sorted(told) == told
    assert len(told) > 2


def test_a_byte_order_mark_is_put_before_a_file(jobs: Jobs, server: TuningServer, file: Path) -> None:
    """Where a provider wants the mark, it is sent without changing the file."""
    file_id = jobs.upload(file, progress=lambda done, whole: None, bom=True)

    assert b"\xef\xbb\xbf" + file.read_bytes() == server.contents[file_id]


def test_an_upload_that_is_limited_is_sent_again(
    jobs: Jobs, server: TuningServer, file: Path, pauses: list[float]
) -> None:
    """A 429 on upload is waited out as the server asks, and the file is sent whole once more."""
    server.faults["POST /files"] += [Fault(429, "slow down", "rate_limit_exceeded", SOON), Fault(cut=True)]
    file_id = uploaded(jobs, file)

    assert file.read_bytes() == server.contents[file_id]
    assert [0.02, 1.0] == pauses
    assert 3 == server.asked.count("POST /files")


def test_a_spent_quota_is_not_asked_again(jobs: Jobs, server: TuningServer, file: Path, pauses: list[float]) -> None:
    """Where no try can do better, the first one ends it with the provider's reason."""
    server.faults["POST /files"] += [Fault(429, "You exceeded your current quota", "insufficient_quota")]

    with pytest.raises(Unanswered, match=r"no quota: .*You exceeded your current quota"):
        uploaded(jobs, file)
    assert [] == pauses


def test_a_wrong_key_is_said_without_showing_it(file: Path) -> None:
    """A refused key is an error at once, and is not repeated."""
    with (
        TuningServer(key="sk-right") as server,
        Jobs.at(Endpoint(server.url, "sk-wrong-4711")) as jobs,
        pytest.raises(Unanswered, match="check the API key") as error,
    ):
        uploaded(jobs, file)

    assert "sk-wrong-4711" not in error.value.reason


def test_a_job_is_created_with_its_method(jobs: Jobs, server: TuningServer, file: Path) -> None:
    """Hyperparameters travel under the method, not at the top; what is not given is not sent."""
    order = Order(
        base="gpt",
        training_file=uploaded(jobs, file),
        validation_file="file-2",
        method="dpo",
        hyperparameters={"n_epochs": 3, "learning_rate_multiplier": 0.5},
        seed=7,
        metadata={"distil_order": "abc"},
    )
    job = jobs.create(order)

    assert {
        "model": "gpt",
        "training_file": "file-1",
        "validation_file": "file-2",
        "method": {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 3, "learning_rate_multiplier": 0.5}}},
        "seed": 7,
        "metadata": {"distil_order": "abc"},
    } == server.created[0]
    assert ("ftjob-1", "validating_files", False) == (job.id, job.status, job.ended)


@pytest.mark.parametrize("fault", [Fault(500, after=True), Fault(cut=True, after=True)])
def test_a_job_whose_answer_was_lost_is_not_paid_twice(
    jobs: Jobs, server: TuningServer, file: Path, fault: Fault
) -> None:
    """Where the server created the job and only the answer was lost, the job is found, not created again."""
    uploaded(jobs, file)
    server.faults["POST /fine_tuning/jobs"].append(fault)

    assert "ftjob-1" == jobs.create(ORDER).id
    assert 1 == len(server.created)


@pytest.mark.parametrize("fault", [Fault(429, "slow down", "rate_limit_exceeded", SOON), Fault(503), Fault(cut=True)])
def test_a_job_that_was_not_heard_of_is_asked_for_again(
    jobs: Jobs, server: TuningServer, file: Path, fault: Fault
) -> None:
    """Where the server did not create the job, the next try does."""
    uploaded(jobs, file)
    server.faults["POST /fine_tuning/jobs"].append(fault)

    assert "ftjob-1" == jobs.create(ORDER).id
    assert 1 == len(server.created)


def test_what_an_older_server_does_not_know_it_is_not_told(file: Path) -> None:
    """A server without metadata and methods gets the hyperparameters where it looks for them."""
    knows = CREATE_KEYS - {"method", "metadata"} | {"hyperparameters"}
    with TuningServer(Script(knows=knows)) as server, Jobs.at(Endpoint(server.url)) as jobs:
        uploaded(jobs, file)
        order = Order(base="m", training_file="file-1", hyperparameters={"n_epochs": 2}, metadata={"a": "b"})
        jobs.create(order)

    assert [{"model": "m", "training_file": "file-1", "hyperparameters": {"n_epochs": 2}}] == server.created


def test_a_preference_job_is_not_made_a_supervised_one(file: Path) -> None:
    """A server without methods cannot train on pairs: the refusal is told, and no other job is created."""
    with TuningServer(Script(knows=CREATE_KEYS - {"method"})) as server, Jobs.at(Endpoint(server.url)) as jobs:
        uploaded(jobs, file)
        with pytest.raises(Unanswered, match="Unknown parameter: 'method'"):
            jobs.create(Order(base="m", training_file="file-1", method="dpo"))

    assert [] == server.created


def test_a_wrong_order_is_refused_at_once(jobs: Jobs, server: TuningServer, pauses: list[float]) -> None:
    """A file that is not there is the provider's to refuse; nothing is tried again."""
    with pytest.raises(Unanswered, match="invalid training_file: file-9"):
        jobs.create(Order(base="gpt", training_file="file-9"))
    assert [] == pauses


def test_the_newest_jobs_and_events_are_found_over_pages(jobs: Jobs, server: TuningServer, file: Path) -> None:
    """Lists are read over their pages, jobs the newest first, events the oldest first."""
    uploaded(jobs, file)
    for number in range(130):
        jobs.create(Order(base="gpt", training_file="file-1", metadata={"distil_order": str(number)}))
    job = jobs.find(lambda job: job.metadata["distil_order"] == "3")
    for number in range(120):
        server._log(server.jobs["ftjob-1"], f"event {number}")
    events = jobs.events("ftjob-1", most=115)

    assert job is not None
    assert "ftjob-4" == job.id
    assert [f"ftjob-{number}" for number in (130, 129, 128)] == [job.id for job in jobs.newest(3)]
    assert [f"event {number}" for number in range(5, 120)] == [event.message for event in events]


def test_jobs_that_failed_or_were_cancelled_are_not_found(jobs: Jobs, file: Path) -> None:
    """A job that brought nothing does not stand for one that is asked for."""
    uploaded(jobs, file)
    jobs.create(ORDER)

    assert jobs.find(lambda _: True)
    assert "cancelled" == jobs.cancel("ftjob-1").status
    assert jobs.find(lambda _: True) is None


@pytest.mark.parametrize("date", ["2027-01-14", None])
def test_a_shutdown_date_is_told_where_there_is_one(date: str | None) -> None:
    """The day on which a base model ends is read where the server tells it."""
    with TuningServer(shutdown=date) as server, Jobs.at(Endpoint(server.url)) as jobs:
        assert date == jobs.shutdown_date("gpt")


def test_a_model_that_a_server_does_not_list_has_no_shutdown_date(jobs: Jobs, server: TuningServer) -> None:
    """Where the models cannot be asked for, nothing is said of their end, and nothing fails."""
    server.faults["GET /models/gpt"].append(Fault(404, "no such model"))

    assert jobs.shutdown_date("gpt") is None


@pytest.mark.parametrize(
    ("job", "ended", "succeeded"),
    [
        (Job(id="a", status="running"), False, False),
        (Job(id="a", status="paused"), False, False),
        (Job(id="a", status="succeeded", model="m"), True, True),
        (Job(id="a", status="failed", finished=1), True, False),
        (Job(id="a", status="preparing"), False, False),
        (Job(id="a", status="completed", finished=1, model="m"), True, True),
        (Job(id="a", status="expired", finished=1), True, False),
    ],
)
def test_the_end_of_a_job_is_known_under_any_status(job: Job, *, ended: bool, succeeded: bool) -> None:
    """A status that is new to us is no end until the job says when it ended, and no success without a model."""
    assert (ended, succeeded) == (job.ended, job.succeeded)
