from pytest_distil.core.gate import judge
from pytest_distil.core.promotion import promoted
from pytest_distil.core.trial import Difference
from pytest_distil.core.wants import Wants
from pytest_distil.reports import findings, html, markdown
from pytest_distil.reports.terminal import evaluated
from support.reports import facts, receipt, repeated, sample, triage


def test_short_names_tell_tasks_apart() -> None:
    """Names are as short as they can be and still say which task it is."""
    report = sample([triage(1)], tasks=[facts(name) for name in ("a.b.f", "a.c.f", "a.c.g", "h", "x.h")])

    assert {"a.b.f": "b.f", "a.c.f": "c.f", "a.c.g": "g", "h": "h", "x.h": "x.h"} == findings.short_names(report)


def test_the_most_frequent_fields_first_each_with_a_held_out_example() -> None:
    """Fields come by how often they differ; an example is from a held-out call where there is one."""
    seen = triage(1, wrong="label", held_out=False)
    held_out = triage(2, wrong="label", held_out="input")
    found = findings.wrong_fields(sample([seen, held_out, triage(3, wrong="order"), triage(4)]))

    assert [("label", 2, 4), ("order", 1, 4)] == [(one.path, one.differ, one.compared) for one in found]
    assert held_out.tests[0] == found[0].test


def test_a_field_wrong_only_with_its_whole_has_no_example_of_its_own() -> None:
    """Where a list has an item too many, its parts differ without an example of their own."""
    longer = (Difference("items[2]", "added", None, {"name": "x"}),)
    found = findings.wrong_fields(sample([receipt(1, wrong="total", differences=longer)]))

    assert {"items[*]": True, "items[*].name": False, "items[*].price": False} == {
        one.path: one.example is not None for one in found
    }


def test_values_are_counted_on_the_held_out_calls() -> None:
    """Agreement per value is that of held-out calls, the worst first, with what came in its place."""
    listed = [triage(n, held_out="input", wrong="label" if n == 5 else None) for n in range(15)]
    report = sample([*listed, *[triage(n, held_out=False, wrong="label") for n in range(15, 20)]])
    side, fields = findings.values(report["tasks"][0])

    assert "held_out" == side
    assert [("bug", 4, 5, (("other", "differ", 1),)), ("billing", 5, 5, ()), ("feature", 5, 5, ())] == [
        (one.value, one.agree, one.compared, one.others) for one in fields["label"]
    ]
    assert "seen" == findings.values(sample([triage(1)])["tasks"][0])[0]


def test_wrong_calls_come_by_what_matters() -> None:
    """Pinned calls come first, then held-out ones, then seen ones, then what could not be scored."""
    listed = [
        triage(1, wrong="unscored"),
        triage(2, wrong="label"),
        triage(3, wrong="invalid", held_out="input"),
        triage(4, wrong="label", pinned=True),
        triage(6),
        repeated(triage(7), "agree", "differ"),
    ]
    found = findings.wrong_trials(sample(listed))

    assert [4, 3, 2, 7, 1] == [int(one["fingerprint"], 16) for one in found]


def test_reasons_of_all_tasks() -> None:
    """Reasons are added up over tasks, the most frequent first."""
    listed = [triage(1, wrong="invalid", reason="b"), triage(2, wrong="invalid", reason="a")]
    report = sample([*listed, receipt(1, wrong="invalid", reason="b")])

    assert [("b", 2), ("a", 1)] == findings.reasons(report, "invalid")


def test_calls_that_the_baseline_had_right_come_first_and_say_so() -> None:
    """What the gate says is listed is listed: newly wrong calls, before those that were wrong already."""
    before = sample([triage(n, held_out="input", wrong="label" if n == 1 else None) for n in range(9)])
    now = sample([triage(n, held_out="input", wrong="label" if n in (1, 7) else None) for n in range(9)])
    report = now | {"ruling": judge(now, wants=Wants(baseline=promoted(before)))}
    newly = findings.newly_wrong(report)
    listed = [(one["fingerprint"][-1], findings.standing(one, newly=newly)) for one in findings.wrong_trials(report)]

    assert [("7", "held out, new input, newly wrong"), ("1", "held out, new input")] == listed
    for render in (markdown.render, html.render):
        assert 1 == render(report).count("held out, new input, newly wrong")
    assert 1 == sum("newly wrong)" in line.text for line in evaluated(report, width=200, verbosity=1))
