import pytest

from pytest_distil.core.call import HeldOut
from pytest_distil.core.wants import GateOn, Wants, on_side
from support.reports import triage


@pytest.mark.parametrize(
    ("judged", "selected"),
    [("held-out", [False, True, True]), ("new-patterns", [False, False, True]), ("all", [True, True, True])],
)
def test_sides(judged: GateOn, selected: list[bool]) -> None:
    """Each choice judges its side, and never what is scored apart."""
    sides: list[HeldOut] = [False, "input", "pattern"]
    wants = Wants(gate_on=judged)

    assert selected == [on_side(judged, side) for side in sides]
    assert selected == [wants.selects(triage(1, held_out=side)) for side in sides]
    assert not any(wants.selects(triage(1, held_out=side, apart="fixture")) for side in sides)


@pytest.mark.parametrize(
    ("wants", "gated"),
    [
        (Wants(), False),
        (Wants(min_calls=9, confidence=0.95, allowed_drop=0.1, gate_on="all"), False),
        (Wants(fail_under=0.0), True),
        (Wants(fail_under_tests=0.5), True),
        (Wants(thresholds={"a": 0.5}), True),
        (Wants(baseline={}), True),
        (Wants(baseline_path="a.json"), True),
    ],
)
def test_what_asks_for_a_gate(wants: Wants, *, gated: bool) -> None:
    """Thresholds and baselines ask for a gate; how to judge does not."""
    assert gated is wants.gated


def test_calls_are_named_by_their_side() -> None:
    """Sentences say which calls they are about, in the right number."""
    assert "1 held-out call" == Wants().calls(1)
    assert "2 calls of new patterns" == Wants(gate_on="new-patterns").calls(2)
    assert "0 calls" == Wants(holdout=0).calls(0)
