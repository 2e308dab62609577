"""Evaluating, the session's side: what tests sent becomes a report and a ruling. Knows no pytest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_distil.core import gate
from pytest_distil.core.call import Example, in_sample
from pytest_distil.core.evidence import Hint, Outcome, Selection, TaskFacts, Traffic
from pytest_distil.core.prices import cost
from pytest_distil.core.prompt import Usage
from pytest_distil.core.report import ReportJson, build
from pytest_distil.core.settings import Settings
from pytest_distil.core.trial import Trial
from pytest_distil.run.gating import wanted
from pytest_distil.run.hints import hints
from pytest_distil.run.own_compare import Comparing
from pytest_distil.run.recorded import Recorded
from pytest_distil.run.sightings import Key, Sightings
from pytest_distil.run.stock import rules
from pytest_distil.run.trained import card_of
from pytest_distil.run.trials import LOST, Trials

_GIVEN_UP = (LOST, "the run ")
"""How the reasons begin of answers that were not waited for."""


class Evaluation:
    """Takes what the attempts of a run have to say, and reports on it."""

    def __init__(self, settings: Settings, recorded: Recorded | None, *, comparing: Comparing | None = None) -> None:
        """Read the baseline at once: a damaged one is a `DataError` before anything is asked."""
        self._settings = settings
        self._wants = wanted(settings)
        self._recorded = recorded
        self._comparing = comparing
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._pending: dict[str, Mapping[str, Any]] = {}
        self._heard: set[str] = set()
        """Tests that said how it went; not those that took their worker with them."""
        self.sightings = Sightings()

    def take(self, event: Mapping[str, Any]) -> None:
        """Take a payload of the evaluator, with `worker` and `vouched`.

        A later attempt of the same test on the same worker (a rerun) takes the place of the one before it.
        """
        self.sightings.take_rest(event)
        self._heard.add(event["test"])
        before = self._pending.get(event["worker"])
        if before is not None:
            self.sightings.take({**before, "vouched": before["vouched"] and before["test"] != event["test"]})
        self._pending[event["worker"]] = event

    def report(self, outcomes: Iterable[Outcome], selection: Selection) -> ReportJson:
        """Return the report of the run, judged."""
        for event in self._pending.values():
            self.sightings.take(event)
        self._pending.clear()
        ended = list(outcomes)
        ran = {one.test for one in ended if one.ending != "skipped"}
        # One that took its worker with it has not failed on its own: what it was to call is judged from the session.
        unfit = {one.test for one in ended if one.ending in ("failed", "error")} & self._heard
        held = self._recorded.examples if self._recorded else {}
        expected = {key for key, one in held.items() if not ran.isdisjoint(one.tests)}
        return self._judged(expected, ended, selection, ran=ran, unfit=unfit)

    def report_on(self, examples: Iterable[Example], selection: Selection) -> ReportJson:
        """Return the report on recorded calls that were asked about without their tests, judged."""
        return self._judged({(one.task, one.fingerprint) for one in examples}, [], selection)

    def _judged(
        self,
        expected: set[Key],
        ended: list[Outcome],
        selection: Selection,
        *,
        ran: set[str] | None = None,
        unfit: AbstractSet[str] = frozenset(),
    ) -> ReportJson:
        """Return the report on what tests called and on the calls that the session holds of them."""
        expected = {key for key in expected if self._is_asked(key)}
        self._know_recorded({task for task, _ in expected})
        judging = Trials(
            self.sightings, self._recorded, rules(self._settings), ran=ran, unfit=unfit, comparing=self._comparing
        )
        trials = [one for one in judging.of(expected) if self._is_asked((one.task, one.fingerprint))]
        if selection.interrupted:
            trials = [replace(one, verdict="unscored") if _has_been_given_up(one) else one for one in trials]
        if self._recorded and not self._is_from_memory():
            trials = judging.with_memory(trials)
        report = build(
            trials=trials,
            tests=ended,
            tasks=self._facts(),
            settings=replace(self._settings, cards={}).to_json(),
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            session=self._recorded.name if self._recorded else None,
            selection=replace(selection, expected=len(expected) if self._recorded else None),
            left_out=self._left_out(),
            hints=_hints(trials),
            unused=len({key[:2] for key in self.sightings.judgements} - self.sightings.calls.keys()) if ended else 0,
        )
        return report | {"ruling": gate.judge(report, wants=self._wants)}

    def _is_asked(self, key: Key) -> bool:
        """Return whether a call is one that a model is asked about."""
        return self._settings.model_of(key[0]) is not None and in_sample(key[1], self._settings.sample)

    def _is_from_memory(self) -> bool:
        """Return whether no other model than memory answers, which need not be compared with itself."""
        return all(model.startswith("memory:") for model in self._settings.models.values())

    def _know_recorded(self, tasks: set[str]) -> None:
        """Take the session's briefs for tasks that no test of this run has reached."""
        known = self._recorded.manifest.briefs() if self._recorded else {}
        for task in tasks - self.sightings.briefs.keys():
            self.sightings.briefs[task] = known[task]

    def _facts(self) -> list[TaskFacts]:
        """Return what is known of each task that was called, and of the model that answered it."""
        answers = self._answers()
        held = self._recorded.manifest.briefs() if self._recorded else {}
        return [
            TaskFacts(
                task=name,
                dataset=brief.dataset,
                model=self._settings.model_of(name) or "",
                served=tuple(sorted({one["served_model"] for one in answers.get(name, ()) if one["served_model"]})),
                brief=brief.digests(),
                source_digest=brief.source,
                recorded_source_digest=held[name].source if name in self.sightings.recalled else None,
                card=self._trained_with(name),
                schema=brief.schema,
                usage=sum((self._traffic(name, one) for one in answers.get(name, ())), Traffic()),
            )
            for name, brief in sorted(self.sightings.briefs.items())
        ]

    def _trained_with(self, task: str) -> Mapping[str, str] | None:
        """Return the digests of the brief that a task's model was trained with; None where no card is known."""
        card = card_of(self._settings, task)
        brief = card.trained().get(task) if card else None
        return brief.digests() if brief else None

    def _answers(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return the answers by task, each prompt's once."""
        once: dict[Key, list[Mapping[str, Any]]] = {}
        for (task, digits, _), judgements in sorted(self.sightings.judgements.items()):
            once.setdefault((task, digits), [one["answer"] for one in judgements])
        by_task: dict[str, list[Mapping[str, Any]]] = {}
        for (task, _), answers in once.items():
            by_task.setdefault(task, []).extend(answers)
        return by_task

    def _traffic(self, task: str, answer: Mapping[str, Any]) -> Traffic:
        """Return what one answer has cost; a stored one was paid for by another run."""
        tokens = Usage(**answer["usage"])
        paid = Usage() if answer["stored"] else tokens
        return Traffic(
            requests=answer["requests"],
            stored=int(answer["stored"]),
            retries=answer["retries"],
            waited_seconds=answer["waited_seconds"],
            tokens=tokens,
            cost=cost(paid, self._settings.model_of(task) or "", self._settings.prices),
        )

    def _left_out(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for one, times in self.sightings.left_out.items():
            counts[one.reason] += times
        return dict(counts)


def _has_been_given_up(trial: Trial) -> bool:
    """Return whether a call has no answer because the run ended before it came: that says nothing of the model."""
    return trial.verdict == "failed" and (trial.reason or "").startswith(_GIVEN_UP)


def _hints(trials: list[Trial]) -> list[Hint]:
    """Return where a rule for comparing would help."""
    by_task: dict[str, list[Trial]] = {}
    for one in trials:
        by_task.setdefault(one.task, []).append(one)
    return [
        Hint(task, *hint)
        for task, some in by_task.items()
        for hint in hints(difference for one in some for difference in one.differences)
    ]
