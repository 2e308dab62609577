import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.phrases import percent, plural, points, reaches, some


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.925, "92.5 %"),
        (0.95, "95 %"),
        (1 / 3, "33.3 %"),
        (0.99999, "99.9 %"),
        (1e-5, "0.1 %"),
    ],
)
def test_percent(rate: float, text: str) -> None:
    """A rate has one digit where it needs one."""
    assert text == percent(rate)


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_only_all_is_100_and_only_none_is_0(n: int, k: int) -> None:
    """`100 %` and `0 %` are said only where they are exactly true."""
    rate = min(k, n) / n

    assert ("100 %" == percent(rate)) is (rate == 1)
    assert ("0 %" == percent(rate)) is (rate == 0)


def test_rates_that_differ_look_different() -> None:
    """No sentence says that 95 % is below 95 %."""
    assert "94.96 %" == percent(0.94961, beside=0.95)
    assert "94.996 %" == percent(0.94996, beside=0.95)
    assert "95 %" == percent(0.95, beside=0.95)


def test_reaching_is_not_lost_by_rounding() -> None:
    """A rate that is the threshold reaches it, however the two were computed."""
    assert reaches(0.1 + 0.2, 0.3)
    assert reaches(923 / 1000, 92.3 / 100)
    assert not reaches(0.949999, 0.95)


def test_numbers_of_things() -> None:
    """One is singular, all others are plural, thousands are grouped."""
    assert ["0 calls", "1 call", "1,200 calls"] == [plural(n, "call") for n in (0, 1, 1200)]
    assert "2 entries" == plural(2, "entry", "entries")
    assert ["3.9 points", "1 point", "2 points"] == [points(one) for one in (3 / 76, -0.01, 0.02)]


def test_some_names() -> None:
    """A long list is cut, and says so."""
    assert "'a', 'b'" == some("ab")
    assert "'a', 'b', 'c' and 2 more" == some("abcde")
