"""What the session's side gathers: the same for any order of events, from any worker."""

from __future__ import annotations

from functools import partial
from itertools import permutations

from pytest_distil.run.evaluator import Evaluator
from pytest_distil.run.sightings import Sightings
from support.calls import Model, called, double, events, settings


def gathered(order: tuple[int, ...]) -> Sightings:
    """Return what three tests have said, taken in some order; the last two share a call."""
    evaluator = Evaluator(settings(), Model(), None)
    payloads = [called(evaluator, f"test_{n}", partial(double, n // 2))[1] for n in range(3)]
    every = events(payloads)
    sightings = Sightings()
    for place in order:
        sightings.take_rest(every[place])
        sightings.take(every[place])
    return sightings


def test_any_order() -> None:
    """The order of events changes nothing."""
    wanted = gathered((0, 1, 2))

    for order in permutations(range(3)):
        found = gathered(order)
        assert wanted.calls == found.calls
        assert wanted.judgements == found.judgements
        assert wanted.briefs == found.briefs
        assert wanted.prompts == found.prompts


def test_judgements() -> None:
    """Of several judgements on one call the first counts that did not fail."""
    failed, fine = [{"verdict": "failed"}], [{"verdict": "equal", "answer": {"stored": False}}]
    for order in ([failed, fine], [fine, failed]):
        sightings = Sightings()
        for one in order:
            sightings.take_judgements([["t", '{"n":1}', "2", one]])

        assert [fine] == list(sightings.judgements.values())


def test_pins_and_sides() -> None:
    """A call that one test pins or holds out is pinned and held out, whoever makes it too."""
    evaluator = Evaluator(settings(), Model(), None)
    plain, marked = (called(evaluator, test, lambda: double(1))[1] for test in ("plain", "marked"))
    for order in permutations([(plain, False), (marked, True)]):
        sightings = Sightings()
        for payload, is_marked in order:
            [event] = events([payload])
            sightings.take({**event, "must_agree": is_marked, "held_out": is_marked})
        [found] = sightings.calls.values()

        assert found.pinned
        assert found.held_out
        assert {"plain", "marked"} == found.tests
