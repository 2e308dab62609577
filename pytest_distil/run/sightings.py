"""What the tests of an evaluating run called and were answered, gathered over workers and attempts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.call import LeftOut, fingerprint
from pytest_distil.core.text import Json, canonical

Key = tuple[str, str]
"""Task and fingerprint."""


@dataclass(slots=True)
class Sighting:
    """One distinct call, as far as tests made it."""

    arguments: Mapping[str, Json]
    tests: set[str] = field(default_factory=set)
    originals: dict[str, Json] = field(default_factory=dict)
    """The original's results in tests that vouch, by canonical text."""
    after: dict[str, Json] = field(default_factory=dict)
    """Those that came after the test had received a value of the model's: what the original worked on may be its."""
    unvouched: dict[str, Json] = field(default_factory=dict)
    """Those in tests that do not."""
    wide: dict[str, Json] = field(default_factory=dict)
    """Those in fixtures wider than a function."""
    raised: bool = False
    """Whether the original raised."""
    held_out: bool = False
    pinned: bool = False


class Sightings:
    """Takes events in any order and from any number of workers."""

    def __init__(self) -> None:
        self.briefs: dict[str, Brief] = {}
        self.calls: dict[Key, Sighting] = {}
        self.judgements: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        """By task, fingerprint and canonical text of the original's result; one for each time that was asked."""
        self.again: dict[Key, str] = {}
        """What the original gave when it ran a second time, as JSON text."""
        self.recalled: set[str] = set()
        """Tasks whose recorded results stood in for their originals."""
        self.prompts: dict[Key, int] = {}
        """Bytes of each prompt."""
        self.left_out: Counter[LeftOut] = Counter()

    def take(self, event: Mapping[str, Any]) -> None:
        """Take what one attempt has to say, with `vouched`."""
        pure = len(event["rows"]) if event["pure"] is None else event["pure"]
        for place, (task, arguments, original, _) in enumerate(event["rows"]):
            seen = self._seen(event, task, arguments)
            _note(seen.unvouched if not event["vouched"] else seen.originals if place < pure else seen.after, original)
        # Of no test: which one sets a fixture up depends on the order.
        for task, arguments, original, _ in event["wide"]:
            _note(self._call(task, json.loads(arguments)).wide, original)
        for task, arguments in event["raised"]:
            self._seen(event, task, arguments).raised = True
        for one, times in event["left_out"]:
            self.left_out[LeftOut(**one)] += times

    def take_rest(self, event: Mapping[str, Any]) -> None:
        """Take what belongs to no attempt: with each event as soon as it comes, and what no report could carry."""
        self.know(event["briefs"])
        self.take_judgements(event["judgements"])
        self.recalled.update(event["recalled"])
        for task, arguments, length in event["prompts"]:
            self.prompts[_key(task, json.loads(arguments))] = length
        for task, arguments, second in event["again"]:
            self.again.setdefault(_key(task, json.loads(arguments)), second)

    def know(self, briefs: list[dict[str, Any]]) -> None:
        """Keep the briefs of tasks."""
        self.briefs.update({brief["task"]: Brief.from_json(brief) for brief in briefs})

    def take_judgements(self, judgements: list[list[Any]]) -> None:
        """Take judgements; of several on one call and result the first counts that did not fail.

        Before those of stored answers: workers that call the same share one request, and who asked knows its cost.
        """
        for task, arguments, original, answered in judgements:
            key = (*_key(task, json.loads(arguments)), canonical(json.loads(original)))
            known = self.judgements.get(key)
            if known is None or _weight(answered) > _weight(known):
                self.judgements[key] = answered

    def _seen(self, event: Mapping[str, Any], task: str, arguments: str) -> Sighting:
        """Return the sighting of a call that a test made."""
        sighting = self._call(task, json.loads(arguments))
        sighting.tests.add(event["test"])
        sighting.held_out = sighting.held_out or event["held_out"]
        sighting.pinned = sighting.pinned or event["must_agree"]
        return sighting

    def _call(self, task: str, arguments: Mapping[str, Json]) -> Sighting:
        """Return the sighting of a call."""
        return self.calls.setdefault(_key(task, arguments), Sighting(arguments))


def _weight(answered: list[Mapping[str, Any]]) -> int:
    """Return how much judgements on one call are worth beside others on the same."""
    first = answered[0]
    return 0 if first["verdict"] == "failed" else 1 if first["answer"]["stored"] else 2


def _key(task: str, arguments: Mapping[str, Json]) -> Key:
    return task, fingerprint(task, arguments)


def _note(results: dict[str, Json], original: str) -> None:
    value = json.loads(original)
    results[canonical(value)] = value
