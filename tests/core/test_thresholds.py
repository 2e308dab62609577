from pytest_distil.core.thresholds import compared, unreachable
from support.reports import sample, triage


def test_unreachable_says_how_many_it_takes() -> None:
    """Before anything is asked, a session that cannot show what is wanted is told so."""
    sentence = unreachable(0.95, confidence=0.95, independent=8, holding="this session holds out 8")

    assert "95 at 95 % confidence needs at least 52 independent calls; this session holds out 8" == sentence
    assert unreachable(0.95, confidence=0.95, independent=52, holding="") is None


def test_compared_counts_all_but_unscored() -> None:
    """Invalid and failed answers count; what cannot be scored does not."""
    wrong = ["label", "invalid", "failed", "unscored", None]

    assert 4 == compared(sample([triage(n, wrong=one) for n, one in enumerate(wrong)])["totals"])
