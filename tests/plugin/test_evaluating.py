"""What a model's values do to a suite: with everything in it that can go wrong, in one process and in several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_distil.core.report import comparable
from pytest_distil.reports import words
from support.evaluating import Project, Ran, answering, endings, verdicts
from support.server import ChatServer
from support.shop import ENDINGS, SHOP, TESTS, ending_of, model

HOW: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": ((), ()),
    "two workers": (("-n", "2"), ("xdist",)),
    "four workers, random order": (("-n", "4", "-p", "randomly"), ("xdist", "randomly")),
    "reruns": (("--reruns", "1"), ("pytest_rerunfailures",)),
}
"""Options and plugins of each way to run the suite."""

EVERY = [
    pytest.param("plain"),
    pytest.param("two workers"),
    pytest.param("four workers, random order", marks=pytest.mark.slow),
    pytest.param("reruns"),
]


class Evaluated(NamedTuple):
    """The suite after one evaluating run."""

    project: Project
    ran: Ran
    server: ChatServer


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Evaluated]:
    """Return what evaluates the suite in one way, once."""
    base = Project(tmp_path_factory.mktemp("shop") / "base", shop=SHOP, test_shop=TESTS)
    base.collect()

    @cache
    def run(how: str) -> Evaluated:
        options, plugins = HOW[how]
        project = base.copy(base.folder.parent / how.replace(" ", "_"))
        with ChatServer(answering(model)) as server:
            ran = project.evaluate(
                server,
                "-rA",
                "--junitxml=junit.xml",
                *("-o", "junit_family=xunit1", "-o", "junit_logging=all"),
                *options,
                plugins=plugins,
            )
        return Evaluated(project, ran, server)

    return run


@pytest.mark.parametrize("how", EVERY)
def test_how_tests_end(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """A test that fails by the model alone is disagreed, one with a bug of its own fails, whatever is beside it."""
    project, ran, _ = evaluated(how)
    named = {name: ending_of(name.partition("[")[0]) for name in project.junit()}
    wanted = Counter(named.values())

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert set(ENDINGS) == wanted.keys()
    assert {name: how for name, how in named.items() if how not in ("passed", "skipped")} == endings(ran.report)
    assert [wanted[ending] for ending in ENDINGS] == [
        ran.report["tests"][name] for name in ("passed", "disagreed", "failed", "errors", "skipped")
    ]


@pytest.mark.parametrize("how", EVERY)
def test_what_pytest_counts(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """The closing line counts disagreed tests apart; a failed subtest and its test are two failures, as ever."""
    _, ran, _ = evaluated(how)
    own = {"rerun", "warning", "warnings"}  # rerunfailures counts attempts, and one warns

    assert {
        "failed": 6,
        "passed": 15,
        "skipped": 1,
        "xfailed": 3,
        "error": 1,
        "disagreed": 13,
    } == {name: n for name, n in ran.counts.items() if name not in own}


@pytest.mark.parametrize("how", EVERY)
def test_each_prompt_is_asked_once(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """No prompt is asked twice: not by several workers, not in a second run of a test, not by asking ahead."""
    _, _, server = evaluated(how)

    assert 40 < len(server.requests)
    assert {1} == set(server.tries.values())


@pytest.mark.parametrize("how", [how for how in EVERY if how.values[0] != "plain"])
def test_the_report_is_the_same(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """With workers, in any order, and with reruns the report says the same."""
    assert comparable(evaluated("plain").ran.report) == comparable(evaluated(how).ran.report)


@pytest.mark.parametrize("how", EVERY)
def test_originals_run_once_an_attempt(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """An original runs once for a test that stands, twice for one that runs again; wide fixtures are set up once."""
    project, ran, _ = evaluated(how)
    times = Counter(project.lines("originals.log"))
    workers = 2 if "workers" in how else 1  # a fixture of a module is set up in each worker that needs it

    assert 1 == times["money"]
    assert 1 == times["WRONG money, whatever"]
    assert 2 == times["WRONG money"]
    assert 2 == times["WRONG money unit"]
    assert times["wide fixture set up"] == times["wide fixture torn down"] == times["WRONG money wide"]
    assert 1 <= times["wide fixture set up"] <= workers
    assert (3 if how == "reruns" else 2) == times["WRONG money beside"]
    assert (3 if how == "reruns" else 1) == times["money too"]  # reruns are left to their plugin, one attempt later
    assert "broken, not reached with the model" not in times
    assert "agree" == verdict_of(ran, "broken, not reached with the model")


def verdict_of(ran: Ran, mail: str) -> str:
    """Return the verdict on a call, found by what is not said of those that agree."""
    wrong = {one["arguments"]["mail"] for one in ran.report["trials"] if "mail" in one.get("arguments", {})}
    return "agree" if mail not in wrong else str(ran.trial(mail=mail)["verdict"])


@pytest.mark.parametrize("how", EVERY)
def test_failures_are_their_own(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """A failure shows the bug's own traceback, without a frame of ours, and what was printed once."""
    _, ran, _ = evaluated(how)
    failures = ran.out.partition("= FAILURES =")[2].partition("= warnings summary =")[0]

    assert "the bug of its own" in failures
    assert 'assert triage("WRONG money beside") == "refund"\n>       assert 1 == 2' in failures
    assert "the fixture's own fault" in ran.out
    assert "pytest_distil/" not in ran.out.partition("distil: evaluated")[0]
    assert "InvalidAnswer" not in ran.out
    assert "called no marked function" not in ran.out
    # In sections of captured output; the source that tracebacks show has them too.
    attempts = 2 if how == "reruns" else 1
    assert attempts == ran.out.count("\nprinted by failed\n")
    assert attempts == ran.out.count("logged by failed\n")


def test_warnings_are_not_doubled(evaluated: Callable[[str], Evaluated]) -> None:
    """A warning of a test that ran twice is counted once."""
    _, ran, _ = evaluated("plain")

    assert 1 == ran.counts["warning"]
    assert 1 == ran.out.count("UserWarning: just one warning")


@pytest.mark.parametrize("how", EVERY)
def test_junit(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """A JUnit file counts each test once, a disagreed one as passed."""
    project, _, _ = evaluated(how)
    cases = project.junit()
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    errors = {name for name, case in cases.items() if case.find("error") is not None}

    assert {name for name in cases if ending_of(name) == "failed"} == failed
    assert {"test_error"} == errors
    assert 1 == cases["test_disagreed"].findtext("system-out", "").count("printed by disagreed")
    assert [("colour", "red")] == [
        (one.get("name"), one.get("value")) for one in cases["test_disagreed"].iter("property")
    ]


@pytest.mark.parametrize("how", EVERY)
def test_junit_properties(evaluated: Callable[[str], Evaluated], how: str) -> None:
    """A JUnit file says once of each test that called, reruns or not, what it got from the model."""
    project, ran, _ = evaluated(how)
    said = project.junit_properties()
    names = [name for name, _ in said]

    assert [("distil_model", ran.report["model"]), ("distil_ruling", words.ruling(ran.report))] == said[:2]
    assert len(set(names)) == len(names)
    assert ("distil test_shop.py::test_disagreed", "1 call, different values, disagreed") in said


def test_what_tests_received(evaluated: Callable[[str], Evaluated]) -> None:
    """The report tells tests in which all values were the original's from those in which one was not."""
    tests = evaluated("plain").ran.report["tests"]

    assert (9, 4, 13) == (tests["same_pass"], tests["different_pass"], tests["different_fail"])


def test_what_is_judged(evaluated: Callable[[str], Evaluated]) -> None:
    """Calls of wide fixtures are scored apart, nested ones by the original's own run; raising ones are not scored."""
    _, ran, _ = evaluated("plain")

    assert ("differ", "fixture") == of(ran.trial(mail="WRONG money wide"))
    assert ("differ", None) == of(ran.trial(mail="WRONG money nested"))
    assert ("differ", None) == of(ran.trial(mail="WRONG money in a thread"))
    assert ("invalid", None) == of(ran.trial(mail="INVALID money swallowed"))
    assert "the original raised" == ran.trial(mail="boom expected")["reason"]
    assert "the test did not pass" == ran.trial(mail="WRONG money beside")["reason"]
    assert ["refund", "refund"] != ran.trial(mails=["WRONG", "money"])["original"]
    assert 1 == sum(task.endswith("depth") for task, _ in verdicts(ran.report))


def of(trial: dict[str, object]) -> tuple[object, object]:
    """Return what decides where a trial is counted."""
    return trial["verdict"], trial["apart"]


def test_a_shadow_run(evaluated: Callable[[str], Evaluated], tmp_path: Path) -> None:
    """With `--distil-return=original` tests run as without us, and the same calls are judged the same."""
    plain = evaluated("plain")
    project = plain.project.copy(tmp_path / "shadow")
    with ChatServer(answering(model), latency=0.05) as server:
        ran = project.evaluate(server, "--distil-return=original", "-p", "no:randomly")
    times = Counter(project.lines("originals.log"))

    assert "disagreed" not in ran.counts
    assert {"failed": 6, "passed": 28} == {name: ran.counts[name] for name in ("failed", "passed")}
    assert verdicts(plain.ran.report) == verdicts(ran.report)
    assert {1} == set(server.tries.values())
    assert 1 == times["WRONG money"]
