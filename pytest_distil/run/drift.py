"""What production shows of a model beside its original: pairs become trials, and trials a report like any other."""

from __future__ import annotations

import atexit
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pytest_distil.core import gate
from pytest_distil.core.call import fingerprint
from pytest_distil.core.card import side_of
from pytest_distil.core.evidence import Selection, TaskFacts, Traffic
from pytest_distil.core.files import write_json
from pytest_distil.core.prompt import Answer
from pytest_distil.core.report import ReportJson, build
from pytest_distil.core.settings import Settings
from pytest_distil.core.text import canonical
from pytest_distil.core.trial import Trial, Verdict, fields_of
from pytest_distil.core.wants import Wants
from pytest_distil.run.judgement import Judgement, judge
from pytest_distil.run.production_home import production_home
from pytest_distil.run.quiet import LOGGER
from pytest_distil.run.task_model import TaskModel
from pytest_distil.run.without_deepdiff import compared
from pytest_distil.run.writer import Writer

_SECONDS_BETWEEN = 60.0
"""Between two writings of a report that grows."""

_SECONDS_AT_EXIT = 5.0

_MOST_TRIALS = 5_000
"""Of one report; the next ones go into another, so that neither file nor memory grows without an end."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A model's answer, and what the original returned for the same call."""

    model: TaskModel
    arguments: str
    """As JSON text, and so is the result."""
    original: str
    answer: Answer


class Drift:
    """Gathers the pairs of a process, and writes them from time to time and at its end."""

    def __init__(self) -> None:
        self._writer = Writer("distil-drift", what="pairs for the report on production")
        self.home = production_home()
        self._is_told = False
        self.begin()

    def begin(self) -> None:
        """Start a report without pairs."""
        self._path: Path | None = None
        self._trials: dict[tuple[str, str], Trial] = {}
        self._facts: dict[str, TaskFacts] = {}
        self._models: dict[str, TaskModel] = {}
        self._left_out: Counter[str] = Counter()
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._written = float("-inf")
        self._is_new = False

    def put(self, pair: Pair) -> None:
        """Judge a pair soon, off the caller's path."""
        self._writer.put(partial(self._take, pair))

    def leave_out(self, reason: str) -> None:
        """Count a call that was chosen and that there is no pair of."""
        self._left_out[reason] += 1
        self._is_new = True

    def flush(self) -> None:
        """Write what there is, and wait for it."""
        self._writer.put(self._write)
        self._writer.flush(_SECONDS_AT_EXIT)

    def forked(self) -> None:
        """Leave to the parent process what is its own."""
        self.begin()

    def _take(self, pair: Pair) -> None:
        """Judge one pair, and write the report where it is time."""
        try:
            trial = _trial(pair)
        except Exception as error:
            self._tell("a pair could not be judged: %s: %s", type(error).__name__, error)
            return
        self._trials[trial.task, trial.fingerprint] = trial
        self._note(pair)
        if time.monotonic() - self._written >= _SECONDS_BETWEEN:
            self._write()
        if len(self._trials) >= _MOST_TRIALS:
            self._write()
            self.begin()

    def _note(self, pair: Pair) -> None:
        """Add what an answer has cost, and who gave it."""
        typed, answer = pair.model.typed, pair.answer
        name = typed.task.name
        self._is_new = True
        self._models[name] = pair.model
        before = self._facts.get(name) or _facts(pair.model)
        served = {*before.served, *([answer.served_model] if answer.served_model else [])}
        self._facts[name] = replace(before, served=tuple(sorted(served)), usage=before.usage + Traffic.of(answer))

    def _write(self) -> None:
        """Write the report, where there is anything new; a disk that is full is no trouble of the program's."""
        if not self._is_new or not self._trials:
            return
        self._is_new = False
        report = self._report()
        try:
            if self._path is None:
                self.home.make()
                self._path = self.home.new_report(report["model"])
            write_json(self._path, report)
        except OSError as error:
            self._tell("the report on production could not be written: %s", error)
        self._written = time.monotonic()

    def _report(self) -> ReportJson:
        """Return the report of all pairs so far, judged without a gate."""
        models = {name: model.spec.text for name, model in self._models.items()}
        report = build(
            trials=self._trials.values(),
            tests=(),
            tasks=self._facts.values(),
            settings={**Settings(models=models).to_json(), "mode": "dispatch"},
            started=self._started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            selection=Selection(sample=max(model.typed.task.production.shadow for model in self._models.values())),
            left_out=dict(self._left_out),
        )
        return report | {"ruling": gate.judge(report, wants=Wants(gate_on="all"))}

    def _tell(self, text: str, *facts: object) -> None:
        """Warn once; what goes wrong here goes wrong for every call."""
        if not self._is_told:
            self._is_told = True
            LOGGER.warning(text, *facts)


def _facts(model: TaskModel) -> TaskFacts:
    """Return what is known of a task before its first answer."""
    brief = model.typed.brief
    trained = model.carried.card.trained().get(brief.task) if model.carried else None
    return TaskFacts(
        task=brief.task,
        dataset=brief.dataset,
        model=model.spec.text,
        brief=brief.digests(),
        card=trained.digests() if trained else None,
        source_digest=brief.source,
        schema=brief.schema,
    )


def _trial(pair: Pair) -> Trial:
    """Return the trial of one pair; on which side of the split its call is says the card, where there is one."""
    brief, arguments, original = pair.model.typed.brief, json.loads(pair.arguments), json.loads(pair.original)
    side = side_of(pair.model.carried.card, brief, arguments, ()) if pair.model.carried else None
    judgement, _ = judge(pair.model.translator, pair.original, pair.answer)
    trial = Trial(
        task=brief.task,
        fingerprint=fingerprint(brief.task, arguments),
        verdict="unscored",
        held_out=side or False,
        group=canonical(arguments[brief.group]) if brief.group and brief.group in arguments else None,
        arguments=arguments,
        original=original,
        fields=fields_of(original),
        seconds=pair.answer.seconds,
    )
    return _judged(trial, judgement, brief.compare)


def _judged(trial: Trial, judgement: Judgement, rules: Any) -> Trial:
    """Apply a task's rules."""
    if judgement.verdict in ("invalid", "failed"):
        verdict: Verdict = "invalid" if judgement.verdict == "invalid" else "failed"
        return replace(trial, verdict=verdict, reason=judgement.reading.reason, answer=judgement.reading.sent)
    answer = json.loads(judgement.reading.text or "null")
    agree, differences, ignored = compared(trial.original, answer, rules, equal=judgement.verdict == "equal")
    verdict = "agree" if agree else "differ"
    return replace(trial, verdict=verdict, answer=answer, differences=differences, ignored=ignored)


DRIFT = Drift()

atexit.register(DRIFT.flush)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=DRIFT.forked)
