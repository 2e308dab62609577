from fractions import Fraction

import pytest

from pytest_distil.core.tally import Tally, counts
from support.reports import repeated, triage, trials


def test_tallies_add_up() -> None:
    """`sum` works on tallies, from 0, and what is counted is what was there."""
    parts = [Tally(agree=2, differ=1), Tally(invalid=1, failed=1, unscored=4)]
    total = sum(parts)

    assert Tally(agree=2, differ=1, invalid=1, failed=1, unscored=4) == total
    assert 5 == sum(parts, Tally()).compared
    assert 2 / 5 == sum(parts, Tally()).agreement


def test_nothing_compared_has_no_agreement() -> None:
    """Where nothing was compared, agreement is None, and neither 0 nor 1."""
    assert Tally(unscored=3).agreement is None
    assert counts([])["agreement"] is None
    assert counts([])["interval"] is None


def test_repeats_count_by_their_mean() -> None:
    """Agreement is the mean over repeats; the verdict counted is that of the first answer, as production asks once."""
    listed = [repeated(triage(1), "agree", "differ", "agree"), repeated(triage(2), "differ", "agree", "differ")]
    found = counts(listed)

    assert (1, 1) == (found["agree"], found["differ"])
    assert found["agreement"] == pytest.approx(0.5)
    assert Fraction(-1, 3) == Tally.of(listed[:1]).shift


def test_both_ways_of_counting_agree() -> None:
    """A tally's agreement is the one that stands in COUNTS, with repeats and without."""
    listed = [*trials(60), repeated(triage(61), "agree", "differ", "failed"), triage(62, wrong="unscored")]

    assert Tally.of(listed).agreement == counts(listed)["agreement"]
    assert Tally.of(listed) == sum((Tally.of([one]) for one in listed), Tally())
