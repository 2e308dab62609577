"""Evaluating straight from a session, without running its tests: for a quick look, or where tests are slow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_distil.core.call import Example
from pytest_distil.core.evidence import Selection
from pytest_distil.core.prompt import Answer
from pytest_distil.core.report import ReportJson
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import ModelError
from pytest_distil.mark.task import Task
from pytest_distil.run.asked import Asking
from pytest_distil.run.asker.ticket import Ticket
from pytest_distil.run.evaluation import Evaluation
from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.named import imported
from pytest_distil.run.recorded import Recorded


class Direct:
    """Asks about the recorded calls of one session."""

    def __init__(
        self,
        settings: Settings,
        asking: Asking,
        recorded: Recorded,
        *,
        held_out_only: bool,
        path: Sequence[str] = (".",),
    ) -> None:
        """Take who is asked, whether calls of the training side are left alone, and where modules are."""
        self._evaluator = Evaluator(settings, asking, recorded)
        self._evaluation = Evaluation(settings, recorded)
        # What no test vouches for is judged where its session was asked for, not where it was merged into another.
        vouched = [one for one in recorded.examples.values() if one.tests or not recorded.manifest.vouched]
        self.examples = [one for one in vouched if one.held_out or not held_out_only]
        """The calls that are asked about."""
        self._briefs = recorded.manifest.briefs()
        self._path = path

    def ask(self) -> list[Ticket[Answer]]:
        """Send every prompt in today's words and return the tickets.

        Raises `ModelError` for a task that is gone, for one that the model was not trained on as it is today, and for
        one whose results have no JSON form as far as is known here.
        """
        tasks = {
            name: imported(brief, path=self._path) for name, brief in self._briefs.items() if name in self._names()
        }
        if outdated := self._evaluator.outdated():
            raise ModelError("; ".join(outdated))
        if problems := [f"{name}: {why}" for name, task in tasks.items() if (why := self._evaluator.problem(task))]:
            raise ModelError(f"{'; '.join(problems)}; where a conftest says how it is written, run its tests instead")
        return [ticket for example in self.examples for ticket in self._send(tasks[example.task], example)]

    def report(self) -> ReportJson:
        """Wait for all answers and return the report, judged."""
        judgements = self._evaluator.judgements(wait=True)
        self._evaluation.sightings.know(self._evaluator.briefs())
        self._evaluation.sightings.take_judgements(judgements)
        return self._evaluation.report_on(self.examples, Selection(partial=False))

    def _names(self) -> set[str]:
        return {one.task for one in self.examples}

    def _send(self, task: Task, example: Example) -> Iterator[Ticket[Answer]]:
        """Ask about one call."""
        row = (task.name, compact(example.arguments), compact(example.result))
        tickets = self._evaluator.ask(task, row[1], prefetch=True)
        if tickets:
            self._evaluator.owe(task, row)
        yield from tickets
