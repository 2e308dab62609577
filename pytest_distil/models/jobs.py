"""Files and fine-tuning jobs at a server that speaks OpenAI's calls for them.

Every method raises `Unanswered` where a request brings nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, Self, TypeVar, cast

from openai import APIConnectionError, APIStatusError, OpenAI

from pytest_distil.core.card import ORDER_KEY
from pytest_distil.core.prompt import Unanswered
from pytest_distil.models.client import make_sync
from pytest_distil.models.endpoint import Endpoint
from pytest_distil.models.job import Event, Job, Metrics, read_checkpoint, read_event, read_job
from pytest_distil.models.trouble import unanswered, unreached
from pytest_distil.models.upload import Progress, Upload

_T = TypeVar("_T")

_SILENCE = 120.0
"""Seconds without a byte after which a request is given up; a server thinks for a while about a large file."""

_TRIES = 6
_LONGEST_PAUSE = 30.0

_SEARCHED = 200
"""The newest jobs among which one that was made before is looked for."""

_UNKNOWN = re.compile(r"unknown|unrecogni[sz]ed|unexpected|unsupported|not support|not permitted|not allowed|extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job to be created."""

    base: str
    training_file: str
    validation_file: str | None = None
    method: Literal["supervised", "dpo"] = "supervised"
    hyperparameters: Mapping[str, int | float] = field(default_factory=dict)
    suffix: str | None = None
    seed: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the request's body."""
        method: dict[str, Any] = {"type": self.method}
        if self.hyperparameters:
            method[self.method] = {"hyperparameters": dict(self.hyperparameters)}
        whole = {
            "model": self.base,
            "training_file": self.training_file,
            "validation_file": self.validation_file,
            "method": method,
            "suffix": self.suffix,
            "seed": self.seed,
            "metadata": dict(self.metadata) or None,
        }
        return {key: value for key, value in whole.items() if value is not None}


class Jobs:
    """One server's files and jobs."""

    def __init__(self, client: OpenAI, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    @classmethod
    def at(cls, endpoint: Endpoint) -> Self:
        """Return the jobs of an endpoint."""
        return cls(make_sync(endpoint.base_url, endpoint.key, _SILENCE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def shutdown_date(self, model: str) -> str | None:
        """Return the day on which a model shuts down, `YYYY-MM-DD`; None where the server does not tell."""
        try:
            sent = self._once(lambda: self._client.models.retrieve(model))
        except Unanswered:
            return None
        date = getattr(sent, "shutdown_date", None)
        return date if isinstance(date, str) else None

    def upload(self, path: Path, *, progress: Progress, bom: bool = False) -> str:
        """Upload a file for fine-tuning and return its id; `bom` puts a byte-order mark before it."""

        def send() -> Any:
            with Upload(path, progress, bom=bom) as file:
                return self._client.files.create(file=(path.name, cast("IO[bytes]", file)), purpose="fine-tune")

        return str(self._patiently(send).id)

    def file(self, file_id: str) -> tuple[str, str | None]:
        """Return a file's status (empty where the server has none for files) and what is wrong with it."""
        sent = self._patiently(lambda: self._client.files.retrieve(file_id))
        return str(getattr(sent, "status", None) or ""), getattr(sent, "status_details", None)

    def create(self, order: Order) -> Job:
        """Create a job; where nobody knows whether a try was heard, look for the job before trying again."""
        for pause in _pauses():
            try:
                return self._create(order.body())
            except Unanswered as error:
                if not error.retry or pause is None:
                    raise
                self._sleep(error.retry_after or pause)
                found = None if error.limited else self.find(lambda job: same_order(job, order))
                if found:
                    return found
        raise AssertionError("the last pause is None")

    def find(self, wanted: Callable[[Job], bool]) -> Job | None:
        """Return the newest job that is wanted, neither failed nor cancelled."""
        usable = (job for job in self.newest(_SEARCHED) if not job.ended or job.succeeded)
        return next((job for job in usable if wanted(job)), None)

    def newest(self, most: int) -> list[Job]:
        """Return the newest jobs, the newest first."""
        pages = self._patiently(lambda: list(islice(self._client.fine_tuning.jobs.list(limit=min(most, 100)), most)))
        return sorted(map(read_job, pages), key=lambda job: -(job.created or 0))

    def get(self, job_id: str, *, patient: bool = True) -> Job:
        """Return a job."""
        ask = self._patiently if patient else self._once
        return read_job(ask(lambda: self._client.fine_tuning.jobs.retrieve(job_id)))

    def cancel(self, job_id: str) -> Job:
        """Cancel a job and return it."""
        return read_job(self._patiently(lambda: self._client.fine_tuning.jobs.cancel(job_id)))

    def events(
        self, job_id: str, *, most: int, known: frozenset[str] = frozenset(), patient: bool = True
    ) -> list[Event]:
        """Return the newest events that are not known yet, the oldest first."""

        def unknown() -> Iterator[Event]:
            for sent in islice(self._client.fine_tuning.jobs.list_events(job_id, limit=min(most, 100)), most):
                event = read_event(sent)
                if event.id not in known:
                    yield event

        ask = self._patiently if patient else self._once
        newest_first = ask(lambda: list(unknown()))
        in_order = sorted(enumerate(newest_first), key=lambda item: (item[1].created, -item[0]))
        return [event for _, event in in_order]

    def checkpoint(self, job_id: str) -> Metrics | None:
        """Return the metrics of a job's newest checkpoint; None where there is none."""
        sent = self._once(lambda: list(islice(self._client.fine_tuning.jobs.checkpoints.list(job_id), 100)))
        return max(map(read_checkpoint, sent), key=lambda one: one.step or 0, default=None)

    def _create(self, body: dict[str, Any]) -> Job:
        """Create a job; what a server does not know it is not told."""
        while True:
            try:
                with self._errors():
                    return read_job(self._client.fine_tuning.jobs.create(**body))
            except Unanswered as error:
                refused = _refused(error.__cause__, body)
                if refused is None:
                    raise
                body = _without(refused, body)

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        """Ask, and again after a while where that may help."""
        for pause in _pauses():
            try:
                return self._once(ask)
            except Unanswered as error:
                if not error.retry or pause is None:
                    raise
                self._sleep(error.retry_after or pause)
        raise AssertionError("the last pause is None")

    def _once(self, ask: Callable[[], _T]) -> _T:
        with self._errors():
            return ask()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say of the SDK's errors what they mean."""
        try:
            yield
        except APIConnectionError as error:
            raise unreached(error, secret=self._client.api_key) from error
        except APIStatusError as error:
            raise unanswered(error, secret=self._client.api_key) from error


def same_order(job: Job, order: Order) -> bool:
    """Tell whether a job was made for an order, by what its metadata says of both."""
    wanted = order.metadata.get(ORDER_KEY)
    return wanted is not None and job.metadata.get(ORDER_KEY) == wanted


def _pauses() -> Iterator[float | None]:
    """Yield the seconds to wait after each try; after the last there is no other."""
    yield from (min(_LONGEST_PAUSE, 2.0**number / 2) for number in range(_TRIES - 1))
    yield None


def _refused(error: BaseException | None, body: Mapping[str, Any]) -> str | None:
    """Return the part of a request that a server does not know and that a job may do without."""
    if not isinstance(error, APIStatusError) or error.status_code not in (400, 422):
        return None
    told = f"{error.param} {error.code} {error.message}".lower()
    supervised = body.get("method", {}).get("type") == "supervised"
    spare = ["metadata", *(["method"] if supervised else [])]
    known = (name for name in spare if name in body and re.search(rf"\b{name}\b", told))
    return next(known, None) if _UNKNOWN.search(told) else None


def _without(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without a part; servers older than `method` take hyperparameters beside it."""
    rest = {key: value for key, value in body.items() if key != name}
    method = body[name].get("supervised") if name == "method" else None
    return {**rest, **(method or {})}
