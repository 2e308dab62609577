import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pytest_distil.core import stats
from pytest_distil.core.stats import Cluster

TABLES = 3000
"""How many random tables each formula is compared with scipy on."""


@pytest.fixture
def dice() -> random.Random:
    """Chance that is the same in every run."""
    return random.Random(20251122)  # noqa: S311 - no secret


def test_wilson_is_scipys(dice: random.Random) -> None:
    """The interval is that of an independent implementation, at any confidence."""
    for _ in range(TABLES):
        n = dice.randint(1, 2000)
        agree, confidence = dice.randint(0, n), dice.choice([0.8, 0.9, 0.95, 0.99])
        expected = scipy_stats.binomtest(agree, n).proportion_ci(confidence, method="wilson")

        assert (expected.low, expected.high) == pytest.approx(
            stats.wilson(agree / n, n, confidence=confidence), abs=1e-9
        )


def test_lower_bound_is_scipys(dice: random.Random) -> None:
    """The one-sided bound is that of an independent implementation."""
    for _ in range(TABLES):
        n = dice.randint(1, 2000)
        agree, confidence = dice.randint(0, n), dice.choice([0.8, 0.9, 0.95, 0.99])
        test = scipy_stats.binomtest(agree, n, alternative="greater")
        expected = test.proportion_ci(confidence, method="wilson").low

        assert expected == pytest.approx(stats.lower_bound(agree / n, n, confidence=confidence), abs=1e-9)


def test_known_intervals() -> None:
    """The numbers of the documentation: 95.2 % of 500 is 93 to 96.8, 37 of 40 is 80.1 to 97.4."""
    assert (0.930, 0.968) == tuple(round(one, 3) for one in stats.wilson(0.952, 500))
    assert (0.801, 0.974) == tuple(round(one, 3) for one in stats.wilson(37 / 40, 40))


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9, 0.95, 0.99, 0.995])
def test_needed_is_the_least_number_that_suffices(threshold: float, confidence: float) -> None:
    """With so many calls, all agreeing, the bound reaches the threshold; with one less it does not."""
    n = stats.needed(threshold, confidence=confidence)

    assert n is not None
    assert stats.lower_bound(1.0, n, confidence=confidence) >= threshold - 1e-9
    assert n == 1 or stats.lower_bound(1.0, n - 1, confidence=confidence) < threshold


def test_needed_for_95_and_100() -> None:
    """95 at 95 % confidence needs 52 calls; nothing shows 100."""
    assert 52 == stats.needed(0.95, confidence=0.95)
    assert stats.needed(1.0, confidence=0.95) is None


def test_single_calls_are_exact_mcnemar(dice: random.Random) -> None:
    """Where every cluster is one call, the permutation test is McNemar's exact one, one-sided."""
    for _ in range(TABLES):
        lost, won = dice.randint(0, 40), dice.randint(0, 40)
        changes = [Fraction(-1)] * lost + [Fraction(1)] * won + [Fraction(0)] * dice.randint(0, 5)
        expected = scipy_stats.binomtest(won, won + lost, alternative="less").pvalue if won + lost else 1.0

        assert expected == pytest.approx(stats.sign_flip(changes))


def test_sign_flip_is_scipys(dice: random.Random) -> None:
    """The permutation test is scipy's, which tries every combination of signs."""
    for _ in range(150):
        changes = [Fraction(dice.randint(-6, 6), dice.choice([1, 2, 3])) for _ in range(dice.randint(2, 9))]
        exact = [float(one) for one in changes]
        expected = scipy_stats.permutation_test(
            (np.array(exact),),
            lambda x, axis: np.round(np.sum(x, axis=axis), 9),
            permutation_type="samples",
            vectorized=True,
            alternative="less",
        )

        assert float(expected.pvalue) == pytest.approx(stats.sign_flip(changes))


def test_sign_flip_counts_every_combination(dice: random.Random) -> None:
    """The permutation test equals counting all combinations of signs by hand."""
    for _ in range(300):
        changes = [Fraction(dice.randint(-9, 9)) for _ in range(dice.randint(0, 9))]
        sums = [
            sum((sign * abs(one) for sign, one in zip(signs, changes, strict=True)), Fraction(0))
            for signs in product((-1, 1), repeat=len(changes))
        ]
        expected = sum(one <= sum(changes) for one in sums) / len(sums)

        assert expected == pytest.approx(stats.sign_flip(changes))


def test_sign_flip_of_many_clusters_stays_exact() -> None:
    """Thousands of clusters are counted, not drawn, and neither overflow nor vanish."""
    changes = [Fraction(-1)] * 1300 + [Fraction(1)] * 1200
    expected = scipy_stats.binomtest(1200, 2500, alternative="less").pvalue

    assert expected == pytest.approx(stats.sign_flip(changes), rel=1e-6)


def test_chance_of_the_tested_program_is_left_alone() -> None:
    """No formula draws from the global random state."""
    before = random.getstate()
    stats.sign_flip([Fraction(-1)] * 500)
    stats.smallest_drop([Fraction(0)] * 500, level=0.05)

    assert before == random.getstate()


def test_holm_keeps_the_order_and_never_helps(dice: random.Random) -> None:
    """Adjusted values are Holm's: step down, capped at 1, in the order given."""
    for _ in range(TABLES):
        values = [dice.random() ** 3 for _ in range(dice.randint(1, 8))]
        order = np.argsort(values)
        expected = np.empty(len(values))
        steps = np.sort(values) * np.arange(len(values), 0, -1)
        expected[order] = np.minimum(1, np.maximum.accumulate(steps))

        assert expected.tolist() == pytest.approx(stats.holm(values))


def test_smallest_drop_is_the_edge(dice: random.Random) -> None:
    """One lost call less than the smallest drop would not have been significant, the smallest drop is."""
    for _ in range(200):
        gains = [Fraction(dice.randint(1, 3)) for _ in range(dice.randint(0, 6))]
        level = dice.choice([0.05, 0.01])
        net = stats.smallest_drop([*gains, *[Fraction(0)] * 60], level=level)

        assert net is not None
        lost = int(net + sum(gains))
        assert stats.sign_flip([*gains, *[Fraction(-1)] * lost]) <= level
        assert stats.sign_flip([*gains, *[Fraction(-1)] * (lost - 1)]) > level or lost - 1 <= sum(gains)


def test_smallest_drop_of_too_little_is_none() -> None:
    """Four clusters can show no drop at 5 %: the rarest outcome of four signs has 6 %."""
    assert stats.smallest_drop([Fraction(0)] * 4, level=0.05) is None
    assert Fraction(5) == stats.smallest_drop([Fraction(0)] * 5, level=0.05)
    assert stats.smallest_drop([], level=0.05) is None


def test_fewer_than_eight_clusters_say_nothing() -> None:
    """Of few groups nothing is claimed, however many calls they hold."""
    assert stats.effective([(100, Fraction(90))] * 7) is None
    assert stats.effective([(100, Fraction(90))] * 8) is not None
    assert stats.effective([]) is None


def test_single_calls_are_worth_themselves(dice: random.Random) -> None:
    """Calls that hang together with nothing count one each, whatever their verdicts."""
    for _ in range(200):
        n = dice.randint(8, 300)

        assert n == stats.effective([(1, Fraction(dice.random() < 0.9)) for _ in range(n)])


def test_calls_that_are_all_alike_are_worth_their_clusters() -> None:
    """25 copies each of 40 calls are worth about 40 calls, whether they all agree or not."""
    mixed = [(25, Fraction(25 * (number % 3 > 0))) for number in range(40)]

    assert 30 < (stats.effective(mixed) or 0) <= 40
    assert 30 < (stats.effective([(25, Fraction(25))] * 40) or 0) <= 40


def test_clusters_gather_calls() -> None:
    """Calls of one name are one cluster, in the order in which the names came."""
    shares = [("a", Fraction(1)), ("b", Fraction(0)), ("a", Fraction(1, 2))]

    assert [(2, Fraction(3, 2)), (1, Fraction(0))] == stats.clusters(shares)


@pytest.mark.parametrize("freedom", [7, 8, 11, 19, 39, 200])
def test_student_is_scipys(freedom: int) -> None:
    """The quantile is right to a thousandth from the fewest clusters that count."""
    assert float(scipy_stats.t.ppf(0.975, freedom)) == pytest.approx(stats._student(freedom), abs=1e-3)


@dataclass(frozen=True)
class World:
    """Runs that could be: `k` clusters of about `mean` calls that are correlated by `alike`, agreeing at `rate`."""

    k: int
    mean: int
    alike: float
    rate: float

    def runs(self, n: int, *, seed: int) -> Iterator[list[Cluster]]:
        """Yield the clusters of simulated runs."""
        chance = np.random.default_rng(seed)
        scale = (1 - self.alike) / self.alike if self.alike else 0.0
        for _ in range(n):
            sizes = chance.integers(1, 2 * self.mean, self.k)
            rates = np.full(self.k, self.rate)
            if scale:
                rates = chance.beta(self.rate * scale, (1 - self.rate) * scale, self.k)
            agree = chance.binomial(sizes, rates)
            yield [(int(size), Fraction(int(right))) for size, right in zip(sizes, agree, strict=True)]

    def covered(self, n: int, *, seed: int, design: bool = True) -> float:
        """Return the share of simulated runs whose 95 % interval holds the true rate."""
        hits = 0
        for found in self.runs(n, seed=seed):
            calls = sum(size for size, _ in found)
            effective = stats.effective(found) if design else calls
            low, high = stats.wilson(float(sum(agree for _, agree in found) / calls), effective or 0)
            hits += low <= self.rate <= high
        return hits / n

    def passed(self, n: int, *, seed: int) -> float:
        """Return the share of simulated runs whose lower bound at 95 % confidence lies above the true rate."""
        above = 0
        for found in self.runs(n, seed=seed):
            calls = sum(size for size, _ in found)
            agreement = float(sum(agree for _, agree in found) / calls)
            above += stats.lower_bound(agreement, stats.effective(found) or 0, confidence=0.95) > self.rate
        return above / n


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("mean", [5, 25])
@pytest.mark.parametrize("k", [8, 12, 20, 40, 80])
def test_intervals_cover(k: int, mean: int, alike: float) -> None:
    """With dependent calls, the 95 % interval holds the truth in at least 90 % of runs (less a little for chance)."""
    for rate in (0.7, 0.9, 0.97):
        assert World(k, mean, alike, rate).covered(1000, seed=5) > 0.895


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("mean", [1, 5, 25])
@pytest.mark.parametrize("k", [8, 20, 80])
def test_lower_bounds_hold(k: int, mean: int, alike: float) -> None:
    """The lower bound at 95 % confidence lies above the truth in at most 12 % of runs, with independent calls in 5 %.

    It is these runs in which a model passes a threshold that it does not reach.
    """
    most = 0.05 if mean == 1 else 0.12
    for rate in (0.7, 0.9, 0.97):
        assert World(k, mean, alike, rate).passed(1000, seed=9) < most + 2 * math.sqrt(most * (1 - most) / 1000)


def test_intervals_cover_where_plain_ones_do_not() -> None:
    """12 clusters of 25 alike calls: plain Wilson holds the truth in a third of the runs, ours in nine of ten."""
    world = World(k=12, mean=25, alike=0.6, rate=0.7)

    assert world.covered(400, seed=7, design=False) < 0.45
    assert world.covered(400, seed=7) > 0.9


def alarms(*, k: int, size: int, alike: float, seed: int, n: int) -> float:
    """Return how often two models that are equally good are told apart, their calls changing in clusters."""
    chance = np.random.default_rng(seed)
    found = 0
    for _ in range(n):
        moved = chance.random(k) < 0.3
        together = chance.random(k) < alike
        step = np.where(together, size * chance.choice([-1, 1], k), chance.integers(-size, size + 1, k))
        changes = [Fraction(int(one)) for one in np.where(moved, step, 0)]
        found += stats.sign_flip(changes) <= 0.05
    return found / n


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_false_alarms_hold(alike: float) -> None:
    """Retraining noise in whole clusters is called a drop in at most 5 % of comparisons (and a little for chance)."""
    assert alarms(k=40, size=5, alike=alike, seed=3, n=1500) < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1500)


def test_false_alarms_hold_over_tasks() -> None:
    """With five tasks judged beside their sum, noise is called a drop anywhere in at most 5 % of comparisons."""
    chance = np.random.default_rng(4)
    found = 0
    for _ in range(800):
        tasks = [[Fraction(int(one)) for one in chance.choice([-3, -1, 0, 0, 0, 1, 3], 20)] for _ in range(5)]
        together = [change for task in tasks for change in task]
        found += min(stats.holm([stats.sign_flip(each) for each in (together, *tasks)])) <= 0.05

    assert found / 800 < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 800)


def test_a_real_drop_is_found() -> None:
    """A model that loses eight calls in eight clusters and gains one is told apart from noise."""
    assert stats.sign_flip([Fraction(-1)] * 8 + [Fraction(1)]) < 0.05
