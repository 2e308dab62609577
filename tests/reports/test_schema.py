import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_distil.core.evidence import Outcome, Selection
from pytest_distil.core.gate import judge
from pytest_distil.core.merging import merge
from pytest_distil.core.report import FORMAT_VERSION, ReportJson
from pytest_distil.core.trial import Difference, Ignored
from pytest_distil.core.wants import Wants
from support.hostile import HOSTILE
from support.reports import facts, receipt, repeated, sample, triage, trials

SCHEMA: dict[str, Any] = json.loads(
    resources.files("pytest_distil.reports").joinpath("report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def everything() -> ReportJson:
    """Return a report in which every block holds something."""
    listed = [
        *trials(),
        repeated(triage(300, again=()), "agree", "differ"),
        repeated(triage(301, again=("label",)), "agree", "agree"),
        triage(302, wrong="ignored", ignored=(Ignored("order", "free text"),)),
        triage(303, apart="unrecorded", wrong="failed"),
        triage(304, apart="fixture"),
        receipt(1, wrong="total", differences=(Difference("items[2]", "added", None, {}),), pinned=True),
        *[triage(310 + n, wrong="invalid", answer=text, reason=text) for n, text in enumerate(HOSTILE)],
        triage(400, wrong="unscored", original=None),
    ]
    tests = [Outcome(test=text, ending="disagreed", different=True, must_pass=True) for text in HOSTILE]
    tasks = [facts("shop.mail.triage", card={"schema": "x"}), facts("shop.receipts.parse_receipt")]
    return sample(listed, tests=tests, tasks=tasks, hints=[], selection=Selection(expected=9, sample=0.5))


WANTS = [
    Wants(),
    Wants(fail_under=0.9, fail_under_tests=0.5, confidence=0.9, thresholds={"triage": 0.9, "triage.label": 1.0}),
    Wants(baseline=sample(), baseline_path="base.json", gate_on="all"),
    Wants(baseline=sample([triage(999)]), gate_on="new-patterns", min_calls=1000, fail_under=0.1),
    Wants(baseline_path="base.json"),
]


@pytest.mark.parametrize("wants", WANTS, ids=range(len(WANTS)))
@pytest.mark.parametrize(
    "report",
    [
        everything(),
        sample(),
        sample([], tasks=[]),
        sample(selection=Selection(interrupted=True)),
        merge([sample()] * 2),
    ],
    ids=["everything", "plain", "empty", "interrupted", "merged"],
)
def test_every_report_is_valid(report: ReportJson, wants: Wants) -> None:
    """What is published as the schema is what is written, judged or not, whatever it holds."""
    judged = {**report, "ruling": judge(report, wants=wants)}

    for each in (report, judged):
        found = [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(each)]
        assert [] == found


def test_the_schema_is_of_this_version() -> None:
    """The schema is valid itself, and names the version that is written."""
    Draft202012Validator.check_schema(SCHEMA)

    assert {"const": FORMAT_VERSION} == SCHEMA["properties"]["v"]
    assert SCHEMA["$id"].endswith(f":{FORMAT_VERSION}")


def test_every_name_is_published() -> None:
    """No block, trial, task or ruling has a name that the schema does not know."""
    report = everything()
    ruling = judge(report, wants=WANTS[2])
    known = SCHEMA["$defs"]

    assert set(report) == set(SCHEMA["properties"])
    assert set(report["tasks"][0]) == set(known["task"]["properties"])
    assert {name for one in report["trials"] for name in one} == set(known["trial"]["properties"])
    assert set(ruling) == set(known["ruling"]["properties"])
    assert set(ruling["baseline"]) == set(known["baseline"]["properties"])
    assert set(report["totals"]) == set(known["counts"]["properties"])
    assert set(report["usage"]) == set(known["usage"]["properties"])


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"totals": {}},
        {"trials": [{"verdict": "fine"}]},
        {"trials": [{**triage(1).to_json(), "original": "leaked"}]},
        {"memory": {}},
    ],
)
def test_other_json_is_invalid(change: dict[str, Any]) -> None:
    """The schema refuses what is no report, and a trial that agrees and gives its values away."""
    assert not VALIDATOR.is_valid(sample() | change)
