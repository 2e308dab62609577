from pytest_distil.core.blocks import fields
from pytest_distil.core.evidence import Outcome
from pytest_distil.core.trial import Difference, Ignored
from support.reports import receipt, repeated, sample, triage


def test_memory_is_counted_on_the_held_out_calls() -> None:
    """The memory models stand on the same held-out calls as the model, whatever the model's verdicts are."""
    report = sample()
    compared = {name: report["held_out"][name] for name in ("agree", "differ", "invalid", "failed")}

    for each in report["memory"].values():
        assert sum(compared.values()) == each["agree"] + each["differ"]
    assert 0 < report["memory"]["nearest"]["agreement"] < 1
    assert sample([triage(1)])["memory"] is None


def test_fields_count_calls() -> None:
    """A field's numbers are calls: two wrong prices in one receipt are one call with a wrong price."""
    twice = (Difference("items[0].price", "value"), Difference("items[1].price", "value"))
    listed = [receipt(2, wrong="total", differences=twice), receipt(4), receipt(5, wrong="invalid")]
    found = {one["path"]: one for one in fields(listed)}

    assert {"path": "items[*].price", "compared": 2, "differ": 1, "ignored": 0, "missing": 1} == found["items[*].price"]
    assert 0 == found["total"]["differ"]


def test_a_wrong_whole_is_wrong_in_its_parts() -> None:
    """A list that is too long differs in its items and all that they hold; calls that agree are compared in it too."""
    longer = (Difference("items[2]", "added"),)
    found = {one["path"]: one for one in fields([receipt(1, wrong="total", differences=longer), receipt(2)])}

    assert (2, 1) == (found["items[*]"]["compared"], found["items[*]"]["differ"])
    assert (2, 1) == (found["items[*].price"]["compared"], found["items[*].price"]["differ"])
    assert 0 == found["shop"]["differ"]


def test_ignored_differences_are_counted_apart() -> None:
    """A difference that a rule ignores is no difference, and is not forgotten."""
    found = {one["path"]: one for one in fields([triage(1, ignored=(Ignored("order", "free text"),))])}

    assert {"path": "order", "compared": 1, "differ": 0, "ignored": 1, "missing": 0} == found["order"]


def test_reasons_are_counted_most_frequent_first() -> None:
    """Invalid, failed and unscored trials are counted by their reason."""
    listed = [triage(n, wrong="invalid", reason="no JSON" if n % 3 else "truncated") for n in range(5)]

    assert {"no JSON": 3, "truncated": 2} == sample(listed)["tasks"][0]["reasons"]["invalid"]
    assert ["no JSON", "truncated"] == list(sample(listed)["tasks"][0]["reasons"]["invalid"])


def test_tests_are_counted_by_how_they_ended_and_what_they_got() -> None:
    """The cells say what tests notice: a value that differs passes or fails them."""
    ended = [
        Outcome(test="a", ending="passed", different=False),
        Outcome(test="b", ending="passed", different=True),
        Outcome(test="c", ending="disagreed", different=True),
        Outcome(test="d", ending="failed"),
        Outcome(test="e", ending="passed"),
        Outcome(test="f", ending="passed", different=False, must_pass=True),
        Outcome(test="g", ending="error"),
        Outcome(test="h", ending="skipped"),
    ]
    found = sample([triage(1)], tests=ended)["tests"]
    listed = found.pop("listed")
    endings = {"passed": 4, "disagreed": 1, "failed": 1, "errors": 1, "skipped": 1}

    assert endings | {"same_pass": 2, "different_pass": 1, "different_fail": 1} == found
    assert ["c", "d", "f", "g"] == [one["test"] for one in listed]


def test_repeats_are_counted_by_round() -> None:
    """The spread of repeated asking is the agreement of each round; calls answered in two ways are unstable."""
    listed = [
        repeated(triage(1), "agree", "differ"),
        repeated(triage(2), "agree", "agree"),
        triage(3, wrong="unscored"),
    ]

    assert {"calls": 2, "unstable": 1, "agreement": [1.0, 0.5]} == sample(listed)["repeats"]
    assert sample([triage(1)])["repeats"] is None


def test_noise_is_the_original_against_itself() -> None:
    """Where the original ran twice, its agreement with itself stands beside the model's on the same calls."""
    listed = [triage(1, again=()), triage(2, again=("label",), wrong="label"), triage(3, again=()), triage(4)]
    noise = sample(listed)["noise"]

    assert (2, 1) == (noise["agree"], noise["differ"])
    assert (2, 1) == (noise["model"]["agree"], noise["model"]["differ"])
    assert [{"path": "label", "differ": 1}] == noise["fields"]
    assert sample([triage(1)])["noise"] is None
