"""A session's dataset written as a provider wants it: trained on, validated on, and what a model got wrong again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_distil.core.call import Example
from pytest_distil.core.dataset import Rules, part_of
from pytest_distil.core.files import write_lines
from pytest_distil.core.text import parse
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.providers import Provider
from pytest_distil.formats.shapes import Training, commands, file_lines, shaped
from pytest_distil.mark.errors import DataError
from pytest_distil.run.feedback import Feedback
from pytest_distil.store.home import dataset_file, file_name
from pytest_distil.store.session import read_examples, read_manifest


@dataclass(frozen=True, slots=True)
class Fed:
    """What was written of one dataset."""

    dataset: str
    files: Mapping[Path, int]
    """Lines of each file."""
    commands: list[str]
    """What trains on them."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Wrong answers that are not learned from, by reason."""


class Feeding:
    """Writes the datasets of one session for one provider."""

    def __init__(self, folder: Path, out: Path, rules: Provider, *, format_name: str | None = None) -> None:
        self._folder = folder
        self._out = out
        self._rules = rules
        self._manifest = read_manifest(folder)
        self._briefs = self._manifest.briefs()
        self._formats = {one.brief["task"]: format_name or one.format for one in self._manifest.tasks}
        self._format = format_name
        settings = self._manifest.settings
        self._split = Rules(settings["holdout"], settings["holdout_by"], settings["validation"])

    @property
    def datasets(self) -> list[str]:
        """Return the names of the session's datasets."""
        return sorted({task.brief["dataset"] for task in self._manifest.tasks})

    def dataset_of(self, task: str) -> str:
        """Return the dataset of a task; raise `DataError` where the session does not hold it."""
        if task not in self._briefs:
            raise DataError(self._folder, f"no task {task!r}; it has {', '.join(sorted(self._briefs)) or 'none'}")
        return self._briefs[task].dataset

    def write(self, dataset: str, *, base: str | None = None) -> Fed:
        """Write the lines to train and to validate on."""
        train = self._file(dataset, "train", self._lines(self._examples(dataset, "train")))
        watched = self._validation(dataset)
        return self._fed(dataset, train | watched, base=base)

    def write_pairs(self, dataset: str, feedback: Feedback, *, base: str | None = None) -> Fed:
        """Write preference pairs of what a model got wrong."""
        pairs = feedback.pairs(self._rules, dataset=dataset, format_name=self._format)
        return self._fed(dataset, self._file(dataset, "dpo.train", pairs), base=base, feedback=feedback)

    def write_hard(self, dataset: str, feedback: Feedback, *, times: int, base: str | None = None) -> Fed:
        """Write the lines to train on with what a model got wrong again, and the lines to validate on."""
        hard = self._file(dataset, "hard", self._lines(feedback.hard(dataset=dataset, times=times)))
        return self._fed(dataset, hard | self._validation(dataset), base=base, feedback=feedback)

    def _validation(self, dataset: str) -> dict[Path, int]:
        return self._file(dataset, "validation", self._lines(self._examples(dataset, "validation")))

    def _examples(self, dataset: str, part: str) -> Iterator[Example]:
        """Yield the examples of a dataset that stand in one of its files."""
        for one in read_examples(self._folder):
            if one.dataset == dataset and part_of(self._briefs[one.task], one, self._split) == part:
                yield one

    def _lines(self, examples: Iterator[Example]) -> Iterator[str]:
        for one in examples:
            line = training_line(self._formats[one.task], self._briefs[one.task], one.arguments, one.result)
            yield shaped(parse(line), self._rules)

    def _file(self, dataset: str, part: str, lines: Iterator[str]) -> dict[Path, int]:
        """Write a file of a dataset, and return how many lines it has; nothing where there are none."""
        counts = {"lines": 0}

        def counted() -> Iterator[str]:
            for line in file_lines(lines, self._rules):
                counts["lines"] += 1
                yield line

        path = self._folder_of(dataset) / dataset_file(dataset, part)
        write_lines(path, counted())
        if not counts["lines"]:
            path.unlink()
        return {path: counts["lines"]} if counts["lines"] else {}

    def _folder_of(self, dataset: str) -> Path:
        """Return where a dataset's files go: TRL reads whole folders."""
        return self._out / file_name(dataset) if self._rules.name == "trl" else self._out

    def _fed(
        self, dataset: str, files: Mapping[Path, int], *, base: str | None, feedback: Feedback | None = None
    ) -> Fed:
        """Say what was written, and how to train on it."""
        skipped = dict(feedback.skipped) if feedback else {}
        trained = next((path for path in files if ".validation." not in path.name), None)
        if trained is None:
            return Fed(dataset, files, [], skipped)
        watched = next((path for path in files if path != trained), None)
        name = file_name(dataset).replace(".", "-").replace("_", "-").lower()
        what = Training(trained, watched, name, base, dpo=".dpo." in trained.name)
        return Fed(dataset, files, commands(self._rules, what), skipped)


def feedback_of(report: Path, folder: Path) -> Feedback:
    """Return the feedback of a report; raise `DataError` where it was asked with other prompts than the session has."""
    feedback = Feedback(report, folder, read_manifest(folder))
    feedback.check()
    return feedback
