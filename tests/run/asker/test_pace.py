from __future__ import annotations

import random

import pytest

from pytest_distil.core.prompt import Unanswered
from pytest_distil.run.asker.pace import Pace, gives_up

LIMITED = Unanswered("slow down", retry=True, limited=True)
LIMITED_FOR_7 = Unanswered("slow down", retry=True, limited=True, retry_after=7.0)
ERROR = Unanswered("oops", retry=True)
SILENT = Unanswered("no answer in time", retry=True, silent=True)
UNREACHED = Unanswered("no connection", retry=True, reached=False)


def pace(most: int = 32) -> Pace:
    """Return a pace that leaves the same to chance each time."""
    return Pace(most, chance=random.Random(1))  # noqa: S311 - waits, no secrets


def test_starts_at_the_limit() -> None:
    """Until the server objects, everything that may be in flight is."""
    one = pace()

    assert (32.0, float("-inf")) == (one.limit, one.paused_until)


def test_halves_once_for_those_under_way() -> None:
    """Requests that were sent before a cut and are refused after it do not cut again; later ones do."""
    one = pace()
    for _ in range(10):
        one.missed(LIMITED, sent=0.0, now=1.0)
    after_the_first = one.limit
    one.missed(LIMITED, sent=1.5, now=2.0)

    assert (16.0, 8.0) == (after_the_first, one.limit)


def test_never_below_one() -> None:
    """One request is always allowed."""
    one = pace(2)
    for at in range(10):
        one.missed(LIMITED, sent=at + 0.5, now=at + 1.0)

    assert 1.0 == one.limit


def test_recovers() -> None:
    """Each success allows one more, up to the limit that was asked for."""
    one = pace()
    one.missed(LIMITED, sent=0.0, now=1.0)
    limits = []
    for _ in range(20):
        one.succeeded()
        limits.append(one.limit)

    assert [17.0, 18.0, 32.0] == [limits[0], limits[1], limits[-1]]


def test_other_trouble_does_not_slow_down() -> None:
    """Errors and cut connections say nothing of the rate."""
    one = pace()
    one.missed(ERROR, sent=0.0, now=1.0)
    one.missed(UNREACHED, sent=0.0, now=1.0)

    assert 32.0 == one.limit


def test_waits_longer_each_time() -> None:
    """Waits double, up to a limit, each shortened by chance by a quarter at most."""
    one = pace()

    for tries, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (6, 8.0), (5000, 8.0)):
        waits = {one.wait(tries, None) for _ in range(100)}

        assert 0.75 * longest <= min(waits) <= max(waits) <= longest
        assert len(waits) > 90


@pytest.mark.parametrize(("retry_after", "longest"), [(0.0, 0.0), (0.2, 0.25), (7.0, 8.0), (100.0, 101.0)])
def test_waits_as_the_server_asks(retry_after: float, longest: float) -> None:
    """The server's wait is kept, and a bit is added by chance, a second at most."""
    one = pace()
    waits = [one.wait(1, retry_after) for _ in range(100)]

    assert retry_after <= min(waits) <= max(waits) <= longest


def test_one_refusal_is_for_one_request() -> None:
    """Refusals with successes between them do not stop the others."""
    one = pace()
    for at in range(10):
        one.missed(LIMITED_FOR_7, sent=at, now=at + 1.0)
        one.succeeded()

    assert float("-inf") == one.paused_until


@pytest.mark.parametrize(("event", "least", "most"), [(LIMITED_FOR_7, 7.0, 8.0), (LIMITED, 0.3, 0.5)])
def test_refusals_in_a_row_are_for_all(event: Unanswered, least: float, most: float) -> None:
    """Where nothing but refusals comes, nothing is sent for the time that the server asks for, or a bit longer each."""
    one = pace()
    for _ in range(3):
        one.missed(event, sent=0.0, now=100.0)

    assert least <= one.paused_until - 100.0 <= most


def test_nobody_there() -> None:
    """Tries without a response, several and over seconds, mean that nobody is there."""
    one = pace()
    for at in (0.0, 0.0, 0.0, 0.0, 0.5):
        one.missed(UNREACHED, sent=at, now=at + 0.1)
    at_first = one.nobody_there(0.6)
    one.missed(UNREACHED, sent=1.5, now=3.2)

    assert (False, True) == (at_first, one.nobody_there(3.2))


def test_nobody_answers() -> None:
    """Requests that all find no answer in time, two rounds of them, mean that nobody will."""
    one = pace(4)
    for _ in range(7):
        one.missed(SILENT, sent=0.0, now=60.0)
    at_first = one.nobody_there(60.0)
    one.missed(SILENT, sent=0.0, now=60.0)

    assert (False, True) == (at_first, one.nobody_there(60.0))


def test_a_few_are_not_nobody() -> None:
    """Few tries are too few, however long they took."""
    one = pace()
    for _ in range(3):
        one.missed(UNREACHED, sent=0.0, now=60.0)

    assert not one.nobody_there(60.0)


@pytest.mark.parametrize("event", [LIMITED, ERROR, None])
def test_any_response_means_somebody(event: Unanswered | None) -> None:
    """A response of any kind, even a refusal, starts the count anew."""
    one = pace(8)
    for _ in range(10):
        one.missed(UNREACHED, sent=0.0, now=2.0)
        one.missed(SILENT, sent=0.0, now=2.0)
    if event is None:
        one.succeeded()
    else:
        one.missed(event, sent=2.0, now=3.0)
    for _ in range(3):
        one.missed(UNREACHED, sent=3.0, now=9.0)
    for _ in range(15):
        one.missed(SILENT, sent=3.0, now=9.0)

    assert not one.nobody_there(9.0)


def test_forgetting() -> None:
    """A pace can start again."""
    one = pace()
    for _ in range(10):
        one.missed(LIMITED, sent=0.0, now=2.0)
        one.missed(UNREACHED, sent=0.0, now=9.0)
    for _ in range(100):
        one.missed(SILENT, sent=0.0, now=9.0)
    one.forget()

    assert (32.0, float("-inf"), False) == (one.limit, one.paused_until, one.nobody_there(9.0))


@pytest.mark.parametrize(
    ("event", "troubles", "given_up"),
    [(ERROR, 7, False), (ERROR, 8, True), (LIMITED, 7, False), (Unanswered("no"), 1, True)],
)
def test_gives_up(event: Unanswered, troubles: int, *, given_up: bool) -> None:
    """A prompt has eight tries that fail for other reasons than the rate, and one where trying again is no use."""
    assert given_up == gives_up(event, troubles=troubles)
