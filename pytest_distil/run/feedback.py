"""What a model got wrong becomes the next round's data: preference pairs, and training files that repeat it.

Held-out calls stay held out, and calls that only watched the training go on doing so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import Example
from pytest_distil.core.card import changed_parts
from pytest_distil.core.dataset import Rules, held_out_side, part_of
from pytest_distil.core.files import read_json
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.prompt import Message
from pytest_distil.core.text import Json, canonical
from pytest_distil.formats import load
from pytest_distil.formats.providers import Provider
from pytest_distil.formats.shapes import pair
from pytest_distil.mark.errors import DataError, EncodingError
from pytest_distil.store.session import read_examples

HELD_OUT = "held out"
VALIDATION = "only watches the training"
NO_ANSWER = "nothing was answered"
OTHER_TASK = "of a task that the session does not have"

_WRONG = ("differ", "invalid")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A call that a model got wrong, with what it answered."""

    example: Example
    answers: tuple[tuple[str, Json], ...]
    """Each different wrong answer with its verdict: `differ` with a value, `invalid` with the text that it sent."""


class Feedback:
    """The wrong answers of a report that may be learned from, next to the session that they are judged by."""

    def __init__(self, report: Path, folder: Path, manifest: Manifest) -> None:
        self.skipped: Counter[str] = Counter()
        """Wrong answers that are not learned from, by reason."""
        self._report = read_report(report)
        self._path = report
        self._folder = folder
        self._manifest = manifest
        self._briefs = manifest.briefs()
        settings = manifest.settings
        self._rules = Rules(settings["holdout"], settings["holdout_by"], settings["validation"])

    def check(self) -> None:
        """Raise `DataError` where the report was asked with other prompts than the session has."""
        for task in self._report["tasks"]:
            brief = self._briefs.get(task["task"])
            parts = changed_parts(task["brief"], brief.digests()) if brief else ()
            if parts:
                what = f"{task['task']} had another {' and '.join(parts)} when it was asked"
                raise DataError(self._path, f"{what} than session {self._manifest.id} has; collect and evaluate again")

    def wrong(self, *, dataset: str | None = None) -> Iterator[Wrong]:
        """Yield what the model got wrong on the training side, in the order of the report."""
        kept = self._kept()
        for trial in self._report["trials"]:
            answers = tuple(_wrong_answers(trial))
            if not answers:
                continue
            example = self._example(trial)
            if example is None:
                self.skipped[OTHER_TASK] += 1
            elif dataset is None or example.dataset == dataset:
                reason = self._reason(example, trial, kept, answers)
                if reason:
                    self.skipped[reason] += 1
                else:
                    yield Wrong(example, tuple(one for one in answers if one[1] is not None))

    def pairs(self, rules: Provider, *, dataset: str | None = None, format_name: str | None = None) -> Iterator[str]:
        """Yield a preference pair for each wrong answer: the original's result preferred, the model's not."""
        formats = {one.brief["task"]: one.format for one in self._manifest.tasks}
        for one in self.wrong(dataset=dataset):
            brief, shape = self._briefs[one.example.task], format_name or formats[one.example.task]
            better = load(shape).reply(brief, one.example.result)
            for verdict, answer in one.answers:
                worse = _reply(shape, brief, verdict, answer)
                if worse != better:
                    yield pair(shape, brief, one.example.arguments, (better, worse), rules)

    def hard(self, *, dataset: str, times: int) -> Iterator[Example]:
        """Yield the training examples of a dataset, and `times` more of each that the model got wrong."""
        yield from (one for one in read_examples(self._folder) if one.dataset == dataset and self._trains(one))
        for one in self.wrong(dataset=dataset):
            yield from [one.example] * times

    def _trains(self, example: Example) -> bool:
        return part_of(self._briefs[example.task], example, self._rules) == "train"

    def _kept(self) -> set[str]:
        """Return the fingerprints that are kept from training; tests may hold out calls that the hash does not."""
        return {one.fingerprint for one in read_examples(self._folder) if one.held_out}

    def _example(self, trial: Mapping[str, Any]) -> Example | None:
        """Return a trial as an example."""
        brief = self._briefs.get(trial["task"])
        if brief is None or trial.get("arguments") is None:
            return None
        return Example(
            task=brief.task,
            dataset=brief.dataset,
            fingerprint=trial["fingerprint"],
            arguments=trial["arguments"],
            result=trial["original"],
            held_out=trial["held_out"],
            group=trial.get("group"),
            tests=tuple(trial["tests"]),
        )

    def _reason(
        self, example: Example, trial: Mapping[str, Any], kept: set[str], answers: Iterable[tuple[str, Json]]
    ) -> str | None:
        """Say why an answer is not learned from; None where it may be."""
        brief = self._briefs[example.task]
        aside = held_out_side(brief, example.arguments, example.tests, self._rules)
        if trial["held_out"] or aside or example.fingerprint in kept:
            return HELD_OUT
        if part_of(brief, example, self._rules) != "train":
            return VALIDATION
        return None if any(answer is not None for _, answer in answers) else NO_ANSWER


def read_report(path: Path) -> dict[str, Any]:
    """Read an evaluation's report; raise `DataError` where it is none."""
    data = read_json(path)
    if not isinstance(data, dict) or not {"trials", "tasks", "session"} <= data.keys():
        raise DataError(path, "is not the JSON report of an evaluation")
    return data


def _wrong_answers(trial: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Yield each different wrong answer of a trial, the first of repeated ones included."""
    seen: set[str] = set()
    for one in trial.get("repeats") or [trial]:
        text = canonical(one.get("answer"))
        if one["verdict"] in _WRONG and text not in seen:
            seen.add(text)
            yield one["verdict"], one.get("answer")


def _reply(format_name: str, brief: Brief, verdict: str, answer: Json) -> Message:
    """Return a wrong answer as the assistant said it."""
    form = load(format_name)
    if verdict == "differ":
        return form.reply(brief, answer)
    if not isinstance(answer, str):
        raise EncodingError("$.answer", "an invalid answer is the text that the model sent")
    return form.message(brief, answer)
