"""`pytest_distil_model`: a model of a suite's own, asked by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.evaluating import Project
from support.labels import LABELS, THIRTY

CONFTEST = """
    import os

    os.environ["OPENAI_LATE"] = "loaded by the conftest"

    def pytest_distil_model(config, name):
        {body}
"""

STUDENT = """
    import json, os
    from pytest_distil import Answer, Unanswered

    tries = {}

    class Student:
        def __init__(self, name):
            assert name == "mine/odd" and os.environ["OPENAI_LATE"]

        async def ask(self, prompt):
            n = prompt.arguments["n"]
            tries[n] = tries.get(n, 0) + 1
            if n == 3 and tries[n] == 1:
                raise Unanswered("not yet", retry=True, retry_after=0)
            with open("asked.log", "a") as log:
                print(n, file=log)
            label = "odd" if n % 2 or n == 2 else "even"
            return Answer(message={"content": json.dumps({"value": label})})
"""


def project(folder: Path, body: str = 'return "students:Student" if name.startswith("mine/") else None') -> Project:
    """Return a suite with a model of its own."""
    made = Project(folder, labels=LABELS, test_labels=THIRTY, students=STUDENT)
    made.write(conftest=CONFTEST.format(body=body))
    return made


@pytest.mark.parametrize("args", [(), pytest.param(("-n2",), marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_it_is_asked_and_its_answers_are_kept(tmp_path: Path, args: tuple[str, ...]) -> None:
    """It finds the suite's modules and environment, may be asked again, and is asked once about each call."""
    suite = project(tmp_path)
    first = suite.run("--distil-eval=mine/odd", "-W", "error", *args, plugins=("xdist",) if args else ())
    second = suite.run("--distil-eval=mine/odd")

    assert ("mine/odd", 29, 1) == (
        first.report["model"],
        first.report["totals"]["agree"],
        first.report["totals"]["differ"],
    )
    assert {"passed": 29, "disagreed": 1} == first.counts
    assert (31, 1) == (first.report["usage"]["requests"], first.report["usage"]["retries"])
    assert (0, 30) == (second.report["usage"]["requests"], second.report["usage"]["stored"])
    assert 30 == len(suite.lines("asked.log"))


def test_a_model_that_has_changed_is_asked_anew(tmp_path: Path) -> None:
    """Answers are stored under the text of its module, where it says nothing better."""
    suite = project(tmp_path)
    suite.run("--distil-eval=mine/odd")
    suite.write(students=STUDENT.replace("or n == 2", ""))
    again = suite.run("--distil-eval=mine/odd")

    assert (30, 0) == (again.report["totals"]["agree"], again.report["usage"]["stored"])


def test_offline_asks_nothing(tmp_path: Path) -> None:
    """As of every model, only stored answers count then."""
    suite = project(tmp_path)
    ran = suite.run("--distil-eval=mine/odd", "--distil-offline")

    assert 30 == ran.report["totals"]["failed"]
    assert [] == suite.lines("asked.log")


def test_a_factory_that_makes_no_model(tmp_path: Path) -> None:
    """No answer comes, and the ruling says what happened."""
    suite = project(tmp_path, 'return "students:Teacher"')
    ran = suite.run("--distil-eval=mine/odd")

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert "'mine/odd': 'students:Teacher' makes no model: AttributeError: " in ran.out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 'students'", "ERROR: --distil-eval=mine/odd: pytest_distil_model returned 'students'; return "),
        (
            "raise KeyError(name)",
            "ERROR: --distil-eval=mine/odd: pytest_distil_model raised KeyError: ",
        ),
    ],
)
def test_a_hook_that_does_not_work(tmp_path: Path, body: str, said: str) -> None:
    """It is a usage error that names the option, the model and the hook."""
    ran = project(tmp_path, body).run("--distil-eval=mine/odd")

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert said in ran.err
