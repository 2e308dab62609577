"""OpenAI's files, models and fine-tuning jobs as they go, without HTTP (see `tuning_server`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

CREATE_KEYS = frozenset(
    {"model", "training_file", "validation_file", "method", "suffix", "seed", "metadata", "integrations"}
)
_LEAST_EXAMPLES = 10
_BORN = 1_790_000_000
"""When the first thing was created; each later one a second after it."""


@dataclass(frozen=True)
class Script:
    """How jobs go."""

    statuses: tuple[str, ...] = ("queued", "running", "running", "succeeded")
    """After `validating_files`, one at each look; the last one stays."""
    steps: int = 20
    error: Mapping[str, Any] | None = None
    """Of a job that fails."""
    tells_metrics: bool = True
    """Whether events carry losses; else only checkpoints do."""
    knows: frozenset[str] = CREATE_KEYS
    """The keys that creating a job takes."""
    file_statuses: tuple[str, ...] = ("uploaded", "processed")


class Tuning:
    """Files and jobs, and what was asked of them."""

    def __init__(self, script: Script, *, shutdown: str | None) -> None:
        self.script = script
        self.files: dict[str, Body] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, Body] = {}
        self.created: list[Body] = []
        """The bodies of all requests to create a job that were heard."""
        self.shutdown = shutdown
        self._events: dict[str, list[Body]] = {}
        self._checkpoints: dict[str, list[Body]] = {}
        self._looks: dict[str, int] = {}
        self._clock = _BORN
        self._lock = threading.Lock()

    def answer(self, route: list[str], verb: str, query: Mapping[str, str], body: Any) -> tuple[int, Body]:
        """Do what a request asks for, and return status and body of the response."""
        with self._lock:
            match verb, route:
                case "POST", ["files"]:
                    return 200, self._new_file(*body)
                case "GET", ["files", file_id] if file_id in self.files:
                    return 200, self._file(file_id)
                case "GET", ["models", model]:
                    return 200, {"id": model, "object": "model", "created": 1, "owned_by": "a", **self._lifetime()}
                case "POST", ["fine_tuning", "jobs"]:
                    return self._create(body)
                case "GET", ["fine_tuning", "jobs"]:
                    return 200, _page(list(reversed(self.jobs.values())), query)
                case ["GET" | "POST", ["fine_tuning", "jobs", job_id, *rest]] if job_id in self.jobs:
                    return self._of_job(self.jobs[job_id], rest, query)
        return 404, error(f"no such object: {'/'.join(route)}", "not_found")

    def _new_file(self, name: str, content: bytes) -> Body:
        file_id = f"file-{len(self.files) + 1}"
        self.contents[file_id] = content
        self.files[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": self._now(),
            "filename": name,
            "purpose": "fine-tune",
            "status": self.script.file_statuses[0],
        }
        return self.files[file_id]

    def _file(self, file_id: str) -> Body:
        """Return a file, one step further."""
        looks = self._looks[file_id] = self._looks.get(file_id, 0) + 1
        statuses = self.script.file_statuses
        file = self.files[file_id]
        file["status"] = statuses[min(looks, len(statuses) - 1)]
        file["status_details"] = "line 3 is no JSON" if file["status"] == "error" else None
        return file

    def _lifetime(self) -> Body:
        return {"shutdown_date": self.shutdown} if self.shutdown else {}

    def _create(self, body: Body) -> tuple[int, Body]:
        """Create a job, or say what is wrong with its order."""
        unknown = sorted(body.keys() - self.script.knows)
        if unknown:
            return 400, error(f"Unknown parameter: '{unknown[0]}'.", "unknown_parameter", param=unknown[0])
        if body["training_file"] not in self.files:
            return 400, error(f"invalid training_file: {body['training_file']}", "invalid_file", param="training_file")
        self.created.append(body)
        job_id = f"ftjob-{len(self.jobs) + 1}"
        self._events[job_id], self._checkpoints[job_id] = [], []
        self.jobs[job_id] = job = {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": self._now(),
            "error": {},
            "fine_tuned_model": None,
            "finished_at": None,
            "hyperparameters": {"n_epochs": "auto"},
            "model": f"{body['model']}-2024-07-18",
            "organization_id": "org-1",
            "result_files": [],
            "seed": body.get("seed") or 1,
            "status": "validating_files",
            "trained_tokens": None,
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "estimated_finish": None,
            "metadata": body.get("metadata"),
            "method": body.get("method"),
        }
        self._log(job, f"Created fine-tuning job: {job_id}")
        return 200, job

    def _of_job(self, job: Body, rest: list[str], query: Mapping[str, str]) -> tuple[int, Body]:
        match rest:
            case []:
                return 200, self._advance(job)
            case ["cancel"]:
                self._end(job, "cancelled")
                return 200, job
            case ["events"]:
                return 200, _page(list(reversed(self._events[job["id"]])), query)
            case ["checkpoints"]:
                return 200, _page(list(reversed(self._checkpoints[job["id"]])), query)
        return 404, error("no such route", "not_found")

    def _advance(self, job: Body) -> Body:
        """Move a job one step further."""
        if job["finished_at"] is not None:
            return job
        fault = self._file_fault(job["training_file"]) if job["status"] == "validating_files" else None
        if fault:
            job["error"] = {"code": "invalid_training_file", "message": fault, "param": "training_file"}
            self._end(job, "failed")
            return job
        looks = self._looks[job["id"]] = self._looks.get(job["id"], -1) + 1
        status = self.script.statuses[min(looks, len(self.script.statuses) - 1)]
        job["status"] = status
        job["estimated_finish"] = self._clock + 600 if status == "running" else None
        if status == "running":
            self._train(job, looks)
        if status in ("succeeded", "failed", "cancelled"):
            job["error"] = dict(self.script.error or {}) if status == "failed" else {}
            self._end(job, status)
        return job

    def _train(self, job: Body, looks: int) -> None:
        """Log the metrics of another part of the training."""
        step, loss = min(looks * 5, self.script.steps), round(2.0 / (looks + 1), 4)
        data = {"step": step, "train_loss": loss, "valid_loss": round(loss + 0.1, 4), "total_steps": self.script.steps}
        if self.script.tells_metrics:
            words = f"Step {step}/{self.script.steps}: training loss={loss:.2f}, validation loss={loss + 0.1:.2f}"
            self._log(job, words, kind="metrics", data=data)
        self._checkpoints[job["id"]].append(
            {
                "id": f"ftckpt-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": self._now(),
                "fine_tuned_model_checkpoint": f"ft:{job['model']}:org::ckpt-{step}",
                "fine_tuning_job_id": job["id"],
                "step_number": step,
                "metrics": {"step": step, "train_loss": loss, "full_valid_loss": loss + 0.2},
            }
        )

    def _end(self, job: Body, status: str) -> None:
        job["status"], job["finished_at"], job["estimated_finish"] = status, self._now(), None
        if status == "succeeded":
            suffix = next((one.get("suffix") or "" for one in self.created[-1:]), "")
            job["fine_tuned_model"] = f"ft:{job['model']}:org:{suffix}:{job['id'][6:]}"
            job["trained_tokens"] = 12345
            self._log(job, f"New fine-tuned model created: {job['fine_tuned_model']}")
        elif status == "failed":
            self._log(job, f"The job failed: {job['error'].get('message')}", level="error")

    def _file_fault(self, file_id: str) -> str | None:
        """Say what is wrong with a training file."""
        lines = self.contents[file_id].decode("utf-8-sig").splitlines()
        if len(lines) < _LEAST_EXAMPLES:
            return f"Training file has {len(lines)} example(s), but must have at least {_LEAST_EXAMPLES} examples"
        for number, line in enumerate(lines, 1):
            try:
                example = json.loads(line)
            except ValueError:
                return f"Invalid file format. Line {number} is no JSON"
            if not example.keys() & {"messages", "input"}:
                return f"Invalid file format. Example {number} is missing key 'messages'"
        return None

    def _log(self, job: Body, message: str, *, level: str = "info", kind: str = "message", data: Any = None) -> None:
        events = self._events[job["id"]]
        events.append(
            {
                "id": f"ftevent-{job['id']}-{len(events)}",
                "object": "fine_tuning.job.event",
                "created_at": self._now(),
                "level": level,
                "message": message,
                "type": kind,
                "data": data or {},
            }
        )

    def _now(self) -> int:
        self._clock += 1
        return self._clock


def _page(items: list[Body], query: Mapping[str, str]) -> Body:
    """Return a page of a list, as `limit` and `after` ask for it."""
    after = next((index + 1 for index, one in enumerate(items) if one["id"] == query.get("after")), 0)
    page = items[after : after + int(query.get("limit", 20))]
    return {"object": "list", "data": page, "has_more": after + len(page) < len(items)}


def error(message: str, code: str | None, *, param: str | None = None) -> Body:
    """Return the body of an error, in OpenAI's shape."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
