"""From what tests called, what a session holds and what the model answered to trials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache
from typing import Any

from pytest_distil.core.call import NOT_PASSED, RAISED, Example
from pytest_distil.core.dataset import Rules, held_out_side
from pytest_distil.core.text import Json, canonical, compact
from pytest_distil.core.trial import (
    CHANGED,
    CONTRADICTS,
    STALE,
    UNREACHED,
    Apart,
    Repeat,
    Trial,
    Verdict,
    field_of,
    fields_of,
)
from pytest_distil.models.memory import Memory, lookup, majority, nearest, remember
from pytest_distil.run.compare import Comparison
from pytest_distil.run.own_compare import Comparing, Incomparable
from pytest_distil.run.recorded import Recorded, fits
from pytest_distil.run.sightings import Key, Sighting, Sightings

LOST = "no answer reached the session: its worker crashed, or the run stopped"


class Trials:
    """Judges the calls of one run."""

    def __init__(  # noqa: PLR0913 - what is known of one run
        self,
        sightings: Sightings,
        recorded: Recorded | None,
        rules: Rules,
        *,
        ran: AbstractSet[str] | None = None,
        unfit: AbstractSet[str] = frozenset(),
        comparing: Comparing | None = None,
    ) -> None:
        """Take the tests that ran (None: all that are recorded), and those that failed with the original's values."""
        self._sightings = sightings
        self._recorded = recorded
        self._rules = rules
        self._ran = ran
        self._unfit = unfit
        self._comparing = comparing or Comparing()

    def of(self, expected: set[Key]) -> Iterator[Trial]:
        """Yield a trial for each call that the tests made, and for each expected one: what the session holds of them.

        What is judged does not depend on the model: where its value ended a test early, the recorded calls that the
        test did not reach are judged all the same.
        """
        examples: Mapping[Key, Example] = self._recorded.examples if self._recorded else {}
        for key in sorted(expected | self._sightings.calls.keys()):
            if key[0] in self._sightings.briefs:
                yield self._trial(key, self._sightings.calls.get(key), examples.get(key))

    def with_memory(self, trials: list[Trial]) -> list[Trial]:
        """Return the trials with what memorising the training examples would have answered to the held-out calls."""
        return [self._with_memory(one) if one.held_out and one.scored else one for one in trials]

    def _trial(self, key: Key, seen: Sighting | None, example: Example | None) -> Trial:
        """Judge one call."""
        trial = self._unjudged(key, seen, example)
        if seen is None and not fits(trial.arguments or {}, self._sightings.briefs[trial.task]):
            return replace(trial, reason=CHANGED)
        results = self._results(seen, example)
        if len(results) > 1:
            return replace(trial, verdict="unscored", reason=CONTRADICTS)
        if not results:
            return replace(trial, verdict="unscored", reason=RAISED if seen and seen.raised else NOT_PASSED)
        (text, original), *_ = results.items()
        judgements = self._sightings.judgements.get((*key, text))
        if judgements is None:
            return replace(trial, verdict="failed" if seen else "unscored", reason=LOST if seen else UNREACHED)
        if judgements[0]["verdict"] == "stale":
            return replace(trial, verdict="unscored", reason=STALE)
        known = replace(trial, original=original, fields=fields_of(original))
        try:
            judged = self._judged(known, judgements[0])
            return replace(judged, repeats=self._repeated(known, judgements), again=self._again(known))
        except Incomparable as error:
            return replace(known, verdict="unscored", reason=str(error))

    def _again(self, trial: Trial) -> tuple[str, ...] | None:
        """Return the fields in which the original, run a second time, contradicted itself; None where it ran once."""
        noted = self._sightings.again.get((trial.task, trial.fingerprint))
        if noted is None:
            return None
        second = json.loads(noted)
        if isinstance(second, str) and not isinstance(trial.original, str):  # why there is no second result
            return ("$",)
        found = self._compare(trial, second, equal=None)
        return tuple(sorted({field_of(one.path) for one in found.differences}))

    def _repeated(self, trial: Trial, judgements: Sequence[Mapping[str, Any]]) -> tuple[Repeat, ...] | None:
        """Return all answers to a call that was asked more than once."""
        if len(judgements) == 1:
            return None
        judged = [self._judged(trial, one) for one in judgements]
        return tuple(Repeat(one.verdict, one.reason, one.answer, one.seconds or 0.0) for one in judged)

    def _judged(self, trial: Trial, judgement: Mapping[str, Any]) -> Trial:
        """Apply the task's rules to an answer."""
        seconds = judgement["answer"]["seconds"]
        if judgement["verdict"] in ("invalid", "failed"):
            verdict: Verdict = judgement["verdict"]
            return replace(
                trial, verdict=verdict, reason=judgement["reason"], answer=judgement["sent"], seconds=seconds
            )
        answer = json.loads(judgement["value"])
        equal = judgement["verdict"] == "equal"
        found = self._compare(trial, answer, equal=equal)
        return replace(
            trial,
            verdict="agree" if found.agree else "differ",
            answer=answer,
            fields=found.fields,
            differences=found.differences,
            ignored=found.ignored,
            seconds=seconds,
        )

    def _unjudged(self, key: Key, seen: Sighting | None, example: Example | None) -> Trial:
        """Return what is known of a call before its answer."""
        task, digits = key
        brief = self._sightings.briefs[task]
        arguments = example.arguments if example else seen.arguments if seen else {}
        tests = tuple(sorted((seen.tests if seen else set()) | self._tests(example)))
        side = held_out_side(brief, arguments, tests, self._rules)
        held_out = example.held_out if example else "pattern" if seen and seen.held_out else side
        return Trial(
            task=task,
            fingerprint=digits,
            verdict="unscored",
            held_out=held_out,
            apart=self._apart(seen, example),
            group=canonical(arguments[brief.group]) if brief.group and brief.group in arguments else None,
            tests=tests,
            arguments=arguments,
            pinned=bool(seen and seen.pinned),
        )

    def _results(self, seen: Sighting | None, example: Example | None) -> Mapping[str, Json]:
        """Return the results of the original that a call is judged by, by canonical text.

        Today's stand before recorded ones, unless a value of the model's may be in them; a call that only tests made
        which failed on their own is judged by none.
        """
        if seen and (seen.originals or seen.wide):
            return seen.originals or seen.wide
        made_by = seen.tests if seen and not seen.after else set()
        if example and self._tests(example) - self._unfit - made_by:
            return {canonical(example.result): example.result}
        return seen.after if seen else {}

    def _tests(self, example: Example | None) -> set[str]:
        """Return the tests that ran and that made a recorded call when it was recorded."""
        tests = set(example.tests) if example else set()
        return tests if self._ran is None else tests & self._ran

    def _apart(self, seen: Sighting | None, example: Example | None) -> Apart | None:
        """Return why a call is scored and not gated."""
        if seen and seen.wide and not seen.originals and not example:
            return "fixture"
        return "unrecorded" if self._recorded and not example else None

    def _compare(self, trial: Trial, value: Json, *, equal: bool | None) -> Comparison:
        """Compare a value with the original's."""
        rules = self._sightings.briefs[trial.task].compare
        return self._comparing.compare(trial.task, trial.arguments or {}, (trial.original, value), rules, equal=equal)

    def _with_memory(self, trial: Trial) -> Trial:
        """Return a trial with what memories would have answered to it."""
        try:
            return replace(trial, memory=self._remembered(trial))
        except Incomparable as error:
            return replace(trial, verdict="unscored", reason=str(error))

    def _remembered(self, trial: Trial) -> dict[str, Verdict]:
        """Return the verdict on what each memory model would have answered."""
        memory = self._memory(trial.task)
        answers = {
            "lookup": lookup(memory, trial.arguments),
            "nearest": nearest(memory, trial.arguments),
            "majority": majority(memory),
        }
        return {
            name: "invalid"
            if answer is None
            else "agree"
            if self._compare(trial, json.loads(answer), equal=None).agree
            else "differ"
            for name, answer in answers.items()
        }

    @cache  # noqa: B019 - one object a run
    def _memory(self, task: str) -> Memory:
        """Return the training examples of a task, ready to be searched."""
        training = self._recorded.training(task) if self._recorded else ()
        return remember((one.arguments, compact(one.result)) for one in training)
