"""A session's dataset files in another format, from its calls and briefs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from pytest_distil.core.dataset import part_of
from pytest_distil.core.manifest import Manifest
from pytest_distil.formats.lines import training_line
from pytest_distil.mark.errors import DataError
from pytest_distil.run.facts import Facts
from pytest_distil.run.stock import rules
from pytest_distil.store.home import dataset_file
from pytest_distil.store.session import SessionWriter, read_examples, read_manifest


def export(folder: Path, out: Path, *, format_name: str | None = None, tasks: Collection[str] = ()) -> dict[str, int]:
    """Write the dataset files of a session into `out`; return the number of lines of each.

    Without `format_name` each task keeps the format of the session; without `tasks` all are written. Raises
    `DataError` for a task that the session does not hold, `SettingError` for a format that is not there.
    """
    manifest = read_manifest(folder)
    formats = {task.brief["task"]: format_name or task.format for task in manifest.tasks}
    _refuse_unknown(tasks, manifest)
    split = rules(Facts.from_json(manifest.to_json(), path=folder).settings)
    briefs = manifest.briefs()
    out.mkdir(parents=True, exist_ok=True)
    writer, lines = SessionWriter(out), Counter[str]()
    for example in read_examples(folder):
        if tasks and example.task not in tasks:
            continue
        brief = briefs[example.task]
        part = part_of(brief, example, split)
        line = training_line(formats[example.task], brief, example.arguments, example.result)
        writer.line(example.dataset, part, line)
        lines[dataset_file(example.dataset, part)] += 1
    writer.close()
    return dict(sorted(lines.items()))


def _refuse_unknown(tasks: Collection[str], manifest: Manifest) -> None:
    """Raise `DataError` for a task that the session does not hold."""
    known = sorted(manifest.briefs())
    for task in tasks:
        if task not in known:
            raise DataError(manifest.id, f"no task {task!r}; it has {', '.join(known) or 'none'}")
