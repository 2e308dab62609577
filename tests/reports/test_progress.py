from __future__ import annotations

import pytest

from pytest_distil.reports.progress import Patience, Progress


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([(0.0, 0)], "0 of 500 prompts answered"),
        ([(0.0, 0), (3.0, 120)], "120 of 500 prompts answered, 40/s, about 10 s left"),
        ([(0.0, 0), (10.0, 41)], "41 of 500 prompts answered, 4.1/s, about 1 min 52 s left"),
        ([(0.0, 100), (10.0, 102)], "102 of 500 prompts answered, 12/min, about 33 min 10 s left"),
        ([(0.0, 0), (1.0, 499)], "499 of 500 prompts answered, 499/s, about 1 s left"),
        ([(0.0, 0), (1.0, 500)], "500 of 500 prompts answered, 500/s"),
        ([(0.0, 7), (5.0, 7)], "7 of 500 prompts answered"),
        ([(0.0, 0), (2.0, 4), (3.0, 4)], "4 of 500 prompts answered, 2.0/s, about 4 min 8 s left"),
        ([(0.0, 0), (5.0, 60), (30.0, 60)], "60 of 500 prompts answered, 2.0/s, about 3 min 40 s left"),
    ],
)
def test_words(samples: list[tuple[float, int]], told: str) -> None:
    """A line says how many have come, how fast, and how long the rest will take, as far as that is known."""
    progress = Progress()

    assert told == [progress.told(done, 500, now=now) for now, done in samples][-1]


def test_what_is_in_the_way() -> None:
    """Prompts that failed, and a server that takes fewer requests than were wanted, are said."""
    assert "10 of 20 prompts answered, 2 failed, the server takes 4 at once" == Progress().told(
        10, 20, now=0.0, failed=2, limit=4
    )


def test_the_rate_is_that_of_the_last_while() -> None:
    """A rate follows the server: what was long ago does not count."""
    progress = Progress()
    for second in range(100):
        progress.told(second * 10, 2000, now=float(second))
    slow = [progress.told(990 + second, 2000, now=100.0 + second) for second in range(30)][-1]

    assert "1,019 of 2,000 prompts answered, 1.0/s, about 16 min 21 s left" == slow


def test_patience() -> None:
    """Lines of a log come after 5 s, 10 s, 20 s and so on, and at least every minute."""
    patience = Patience()

    assert [5, 10, 20, 40, 80, 140, 200] == [second for second in range(240) if patience.is_over(second)]
