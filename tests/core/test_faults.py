import pytest

from pytest_distil.core.evidence import Selection
from pytest_distil.core.faults import always, gated, none_held_out, same_model
from pytest_distil.core.wants import Wants
from support.reports import facts, sample, triage


@pytest.mark.parametrize(
    ("asked", "served", "same"),
    [
        ("gpt-4o-mini", "gpt-4o-mini", True),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18", True),
        ("gpt-4", "gpt-4-0613", True),
        ("llama3", "llama3:latest", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini", False),
        ("id:memory:x", "memory:x", True),
        ("id:a", "b", False),
        ("recorded:answers.jsonl", "gpt-4o-mini", True),
        ("local:triage", "smollm2", True),
        ("a", "b", False),
    ],
)
def test_same_model(asked: str, served: str, *, same: bool) -> None:
    """A dated or tagged version of the model asked for is that model; a relative is not."""
    assert same is same_model(asked, served)


def test_none_held_out() -> None:
    """What to do depends on how much there is."""
    assert none_held_out(1).startswith("the only call is not held out; use --distil-gate-on=all or collect about 20")
    assert none_held_out(5).startswith("none of the 5 calls is held out")
    assert none_held_out(40).endswith("collect more distinct calls")


def test_a_sound_run_has_no_fault() -> None:
    """Nothing is made up about a run that is whole."""
    trials, report = [triage(5)], sample([triage(5)], selection=Selection(expected=1))

    assert [] == list(always(trials, report=report))
    assert [] == list(gated(trials, report=report, wants=Wants(fail_under=0.9)))


def test_only_calls_of_wide_fixtures_fail_a_gate() -> None:
    """A gate over calls that are never judged fails, and says whose they are."""
    trials = [triage(5, apart="fixture")]

    assert "fixtures wider than a function" in next(gated(trials, report=sample(trials), wants=Wants(fail_under=0.9)))


def test_only_unscored_held_out_calls_fail_a_gate() -> None:
    """Held-out calls that cannot be scored leave a gate with nothing, even if others can."""
    trials = [triage(5, wrong="unscored"), triage(1)]
    reasons = list(gated(trials, report=sample(trials), wants=Wants(fail_under=0.9)))

    assert ["no held-out call could be scored; the report says why"] == reasons


def test_each_fault_is_said_once() -> None:
    """Two tasks answered by one wrong model are one sentence."""
    tasks = [facts(name, model="a", served=("b",)) for name in ("one", "two")]
    faults = list(always([triage(1)], report=sample([triage(1)], tasks=tasks)))

    assert 1 == len(faults)
    assert "'b' answered where 'a' was asked for" in faults[0]
    assert "--distil-eval=b" in faults[0]
