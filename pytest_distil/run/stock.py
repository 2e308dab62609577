"""What was gathered, written as a session: behind collecting, recover and merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import CAPPED, Conflict, Example, LeftOut
from pytest_distil.core.dataset import Cap, Rules, test_function
from pytest_distil.core.gathering import Gathering, left_out_by
from pytest_distil.core.infer import infer, is_inferred
from pytest_distil.core.manifest import Manifest
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import canonical, parse
from pytest_distil.formats.lines import training_line
from pytest_distil.run.facts import Facts
from pytest_distil.run.numbers import Numbers
from pytest_distil.store.session import SessionWriter, write_manifest

DEFAULT_FORMAT = "json_schema"


class Stock:
    """Everything that a session is made of; it adds up in any order."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.gathering = Gathering(rules(facts.settings))
        self.briefs: dict[str, Brief] = {}
        self.calls: Counter[str] = Counter()
        """Calls of vouched tests by task, repeated ones counted each time."""
        self.tests: Counter[str] = Counter()
        """Attempts that vouched (`passed`), and that did not (`not_passed`)."""
        self.mocks: dict[str, set[str]] = {}
        """The test functions beside which something stood in for the real thing, by its name."""
        self.left_out: Counter[LeftOut] = Counter()
        """Times of each call that was left out, as far as they are told apart."""

    def know_mocks(self, test: str, names: Iterable[str]) -> None:
        """Keep what stood in for the real thing while a test made its calls."""
        for name in names:
            self.mocks.setdefault(name, set()).add(test_function(test))

    def know(self, brief: Brief) -> None:
        """Keep the brief of a task; of different ones the same for every order."""
        if is_inferred(brief.schema):  # from the values of one session; it is inferred anew from those of all
            brief = replace(brief, schema=None)
        known = self.briefs.setdefault(brief.task, brief)
        if known != brief:
            self.briefs[brief.task] = min(known, brief, key=lambda one: canonical(one.to_json()))

    def write(
        self,
        folder: Path,
        *,
        seconds: float,
        partial: bool,
        recovered: bool = False,
        merged: tuple[str, ...] = (),
    ) -> Manifest:
        """Write a session's files into `folder` and return its manifest."""
        self._infer()
        tasks, files = self._write_calls(SessionWriter(folder))
        manifest = Manifest(
            id=folder.name,
            started=self.facts.started,
            seconds=round(seconds, 3),
            versions=self.facts.versions,
            commit=self.facts.commit,
            settings=self.facts.settings.to_json(),
            partial=partial,
            recovered=recovered,
            merged=merged,
            tests={ending: self.tests[ending] for ending in ("passed", "not_passed")},
            left_out=_by_reason(self.left_out),
            left_out_examples={one.reason: one for one in sorted(self.left_out, reverse=True)},
            tasks=tuple(tasks[task].counted(self.calls[task]) for task in sorted(tasks)),
            files=files,
            mocks={name: tuple(sorted(tests)) for name, tests in sorted(self.mocks.items())},
        )
        write_manifest(folder, manifest)
        return manifest

    def _infer(self) -> None:
        """Give each task without a return annotation the schema of the results that it was seen to have."""
        for task, brief in self.briefs.items():
            results = self.gathering.results(task) if brief.schema is None else []
            if results:
                self.briefs[task] = replace(brief, schema=infer(map(parse, results)))

    def _write_calls(self, writer: SessionWriter) -> tuple[dict[str, Numbers], dict[str, str]]:
        """Write every file but the manifest; return what was counted of each task, and the files' digests."""
        settings = self.facts.settings
        split = rules(settings)
        numbers = {
            task: Numbers(brief, format_of(brief, settings), split, self.mocks) for task, brief in self.briefs.items()
        }
        settled, cap = None, Cap(settings.max_per_test)
        for one in self.gathering.each(self.briefs):
            if isinstance(one, Example):
                settled = one.fingerprint
                self._write_example(writer, one, numbers[one.task] if cap.takes(one) else None)
            else:
                self._write_conflict(writer, one, settled=settled == one.fingerprint)
        return numbers, writer.close()

    def _write_example(self, writer: SessionWriter, example: Example, numbers: Numbers | None) -> None:
        """Write an example, and its line in the file of its side; without numbers, that it is left out."""
        if numbers is None:
            writer.capped(example)
            self.left_out[LeftOut(CAPPED, example.task, "", test_function(example.tests[0]))] += 1
            return
        brief, settings = self.briefs[example.task], self.facts.settings
        part = numbers.add(example)
        writer.example(example)
        line = training_line(format_of(brief, settings), brief, example.arguments, example.result)
        writer.line(example.dataset, part, line)

    def _write_conflict(self, writer: SessionWriter, conflict: Conflict, *, settled: bool) -> None:
        """Write a conflict, and count what it leaves out."""
        writer.conflict(conflict)
        self.left_out[left_out_by(conflict, self.briefs[conflict.task], settled=settled)] += 1


def rules(settings: Settings) -> Rules:
    """Return how calls are split and conflicts settled."""
    return Rules(settings.holdout, settings.holdout_by, settings.validation, settings.conflicts)


def format_of(brief: Brief, settings: Settings) -> str:
    """Return the conversation shape of a task's lines: the option outranks the task, the task the default."""
    return settings.format or brief.format or DEFAULT_FORMAT


def _by_reason(left_out: Counter[LeftOut]) -> dict[str, int]:
    """Return how many calls each reason left out."""
    counts: Counter[str] = Counter()
    for one, times in sorted(left_out.items()):
        counts[one.reason] += times
    return dict(counts)
