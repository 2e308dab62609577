"""What is judged, with a session and without: the calls that were recorded, whatever the model makes tests do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.evaluating import Project, answering, endings, verdicts
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer, Reply, error

CHAIN = '''
    from pathlib import Path

    from pytest_distil import distil

    def log(text):
        with (Path(__file__).parent / "originals.log").open("a") as file:
            file.write(f"{text}\\n")

    @distil
    def step(n: int) -> int:
        """Go on by one."""
        log(f"step {n}")
        return n + 1

    @distil
    def name(n: int) -> str:
        """Name a number."""
        log(f"name {n}")
        return f"number {n}"
'''

CHAINED = """
    import pytest
    from chain import name, step

    @pytest.mark.parametrize("n", [0, 10, 20])
    def test_ends_early(n):
        second = step(n)
        assert second == n + 1
        assert name(second) == f"number {n + 1}"

    @pytest.mark.parametrize("n", [100, 110, 120])
    def test_goes_astray(n):
        assert name(step(step(n))).startswith("number")
"""


def steps(wrong: Any) -> Any:
    """Return a model of `step` and `name`; `wrong` says of which steps it is what."""

    def model(task: str, arguments: dict[str, Any]) -> Any:
        n = arguments["n"]
        return f"number {n}" if task == "name" else wrong(n)

    return model


MODELS = {
    "right": steps(lambda n: n + 1),
    "wrong": steps(lambda n: n + 7),
    "invalid": steps(lambda _: Reply(content="?")),
}


def test_what_is_judged_does_not_depend_on_the_model(tmp_path: Path) -> None:
    """Calls that are judged are those recorded; what only a model's value led to is apart and gates nothing."""
    project = Project(tmp_path, chain=CHAIN, test_chain=CHAINED)
    project.collect()
    judged, counted, apart = [], [], []
    for model in MODELS.values():
        with ChatServer(answering(model)) as server:
            report = project.evaluate(server, "--distil-refresh").report
        judged.append({key for key, (verdict, why) in verdicts(report).items() if not why and verdict != "unscored"})
        counted.append({name: report[name]["unscored"] for name in ("totals", "unrecorded")})
        apart.append(sum(why == "unrecorded" for _, why in verdicts(report).values()))

    assert 15 == len(judged[0])
    assert judged[0] == judged[1] == judged[2]
    assert [{"totals": 0, "unrecorded": 0}] * 3 == counted
    assert [0, 6, 0] == apart


def test_originals_that_are_not_run(tmp_path: Path) -> None:
    """With `--distil-original=recorded` recorded results stand in, so nothing runs.

    A changed original is told, and fails a gate.
    """
    project = Project(tmp_path, chain=CHAIN, test_chain=CHAINED)
    project.collect()
    before = len(project.lines("originals.log"))
    gate = ("--distil-fail-under=50", "--distil-gate-on=all", "--distil-original=recorded")
    with ChatServer(answering(MODELS["right"])) as server:
        ran = project.evaluate(server, *gate)
        quiet = len(project.lines("originals.log"))
        project.write(chain=CHAIN.replace("return n + 1", "return n + 1 + 0"))
        changed = project.evaluate(server, *gate)
        ungated = project.evaluate(server, "--distil-original=recorded")

    assert (pytest.ExitCode.OK, before) == (ran.status, quiet)
    assert {"passed": 6} == ran.counts
    assert pytest.ExitCode.TESTS_FAILED == changed.status
    assert pytest.ExitCode.OK == ungated.status
    for told in (changed.out, ungated.out):
        assert "chain.step: the original changed since its results were recorded" in " ".join(told.split())


MARKED = CHAIN.replace("@distil\n    def step", '@distil(original="recorded")\n    def step')


@pytest.mark.slow
def test_one_original_that_is_not_run(tmp_path: Path) -> None:
    """`@distil(original="recorded")` says it for one task; a call that no session holds is run all the same."""
    project = Project(tmp_path, chain=MARKED, test_chain=CHAINED)
    project.collect()
    (tmp_path / "originals.log").unlink()
    with ChatServer(answering(MODELS["wrong"])) as server:
        project.evaluate(server)
    ran = set(project.lines("originals.log"))

    assert not {f"step {n}" for n in (0, 10, 20, 100, 110, 120)} & ran
    assert {"step 107", "name 1"} < ran


CHANGES = """
    from pytest_distil import distil

    @distil
    def renamed(n: int) -> int:
        return n

    @distil
    def retyped(n: int) -> {returns}:
        return {value}
    {more}
"""

CHANGED = """
    import changes

    def test_renamed():
        assert changes.renamed(1) == 1

    def test_retyped():
        assert changes.retyped(2)
"""


def test_a_session_that_is_out_of_date(tmp_path: Path) -> None:
    """Recorded calls that cannot be made any more are unscored with a reason each, and never an error."""
    more = "\n    @distil\n    def removed(n: int) -> int:\n        return n\n"
    tests = (
        CHANGED + "\n    def test_removed():\n        assert not hasattr(changes, 'removed') or changes.removed(3)\n"
    )
    project = Project(tmp_path, changes=CHANGES.format(returns="int", value="n", more=more), test_changes=tests)
    project.collect()
    project.write(
        changes=CHANGES.format(returns="list[str]", value='["a"]', more="")
        .replace("renamed(n", "renamed(m")
        .replace("return n\n", "return m\n", 1)
    )
    with ChatServer(answering(lambda task, given: ["a"] if task == "retyped" else given["m"])) as server:
        ran = project.evaluate(server)

    reasons = {one["task"].partition(".")[2]: one["reason"] for one in ran.report["trials"] if one["reason"]}
    assert {"passed": 3} == ran.counts
    assert "its parameters have changed" in reasons["renamed"]
    assert "it was not asked about" in reasons["removed"]
    assert 2 == ran.report["totals"]["agree"] + ran.report["unrecorded"]["agree"]


CONTRADICTS = """
    import pytest
    from pytest_distil import distil

    state = {"label": "a"}

    @distil
    def label(n: int) -> str:
        return state["label"]

    def test_one():
        assert label(1) == "a"

    def test_two():
        state["label"] = "b"
        assert label(1) == "b"

    def test_three():
        assert label(2) == "b"
"""


def test_an_original_that_contradicts_itself(tmp_path: Path) -> None:
    """One call with different results in different tests is unscored, not wrong."""
    project = Project(tmp_path, test_label=CONTRADICTS)
    with ChatServer(answering(lambda *_: "a")) as server:
        ran = project.evaluate(server)

    assert "unscored" == ran.trial(n=1)["verdict"]
    assert "the original gave different results for it" == ran.trial(n=1)["reason"]
    assert "differ" == ran.trial(n=2)["verdict"]


STATEFUL = """
    from pytest_distil import distil

    shelf = {}

    @distil
    def label(n: int) -> str:
        return "right"

    @distil
    def labels_so_far() -> list[str]:
        return sorted(shelf.values())

    def test_shelf():
        shelf[1] = label(1)
        assert labels_so_far()
"""


def test_results_that_a_value_of_the_model_has_led_to(tmp_path: Path) -> None:
    """What an original gives after the test received a wrong value is not held against the model."""
    project = Project(tmp_path, test_shelf=STATEFUL)
    project.collect()
    with ChatServer(answering(lambda task, _: "wrong" if task == "label" else ["right"])) as server:
        ran = project.evaluate(server)

    assert {"passed": 1} == ran.counts
    assert (1, 1) == (ran.report["totals"]["agree"], ran.report["totals"]["differ"])


CACHED = """
    from functools import lru_cache
    from pytest_distil import distil

    @lru_cache
    @distil
    def label(n: int) -> str:
        return "right"

    def test_fills_the_cache():
        assert label(1) in ("right", "wrong")

    def test_is_led_astray():
        assert label(1) == "right"
"""


def test_a_cache_above_the_mark(tmp_path: Path) -> None:
    """A test that fails on a value kept from an earlier one fails, and its report says what may be the reason."""
    project = Project(tmp_path, test_cache=CACHED)
    with ChatServer(answering(lambda *_: "wrong")) as server:
        ran = project.evaluate(server)

    assert {"passed": 1, "failed": 1} == ran.counts
    assert "it failed after test_cache.py::test_fills_the_cache had received a value from the model" in ran.out


def test_one_model_for_one_task(tmp_path: Path) -> None:
    """`TASK=MODEL` asks about that task alone; others are as without us."""
    project = Project(tmp_path, chain=CHAIN, test_chain=CHAINED)
    project.collect()
    with ChatServer(answering(MODELS["wrong"])) as server:
        ran = project.run("--distil-eval=name=student", "-o", f"distil_base_url={server.url}")

    assert {"passed": 6} == ran.counts
    assert ["chain.name"] == [task["task"] for task in ran.report["tasks"]]
    assert 6 == len(server.requests) == ran.report["totals"]["agree"]


@pytest.mark.slow
def test_two_models(tmp_path: Path) -> None:
    """Each task has its own model, and the report names it."""
    project = Project(tmp_path, chain=CHAIN, test_chain=CHAINED)
    project.collect()
    with ChatServer(answering(MODELS["right"])) as server:
        ran = project.evaluate(server, "--distil-eval=chain.name=memory:nearest")

    assert {"chain.name": "memory:nearest", "chain.step": "student"} == {
        task["task"]: task["model"] for task in ran.report["tasks"]
    }
    assert 9 == len(server.requests)


@pytest.mark.slow
def test_a_sample(tmp_path: Path) -> None:
    """With `--distil-sample` a share of the calls is asked about, the same in every run, and no other is judged."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    project.collect()
    with ChatServer(answering(wrong_for({}))) as server:
        first = project.evaluate(server, "--distil-sample=40")
        second = project.evaluate(server, "--distil-sample=40", "--distil-session=none")

    asked = first.report["totals"]["agree"]
    assert 5 < asked < 20
    assert asked == len(first.report["trials"])
    assert 2 * asked == len(server.requests)  # without a session the limit of tokens is another
    assert verdicts(first.report).keys() == verdicts(second.report).keys()
    assert 0.4 == first.report["selection"]["sample"]


def test_answers_that_fail(tmp_path: Path) -> None:
    """Where no answer comes, tests get the original's value, so that they pass."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    with ChatServer(answering(lambda _, given: error(400, "no") if given["n"] % 4 else "even")) as server:
        ran = project.evaluate(server, "-o", "distil_max_requests=20")

    assert {"passed": 30, "failed": 1} == ran.counts  # the failure is the gate's
    assert "more than 20 prompts" in str(ran.report["tasks"][0]["reasons"]["failed"])
    assert 20 == len(server.requests)


LAZY = """
    import pytest

    def test_imports_late():
        from chain import name, step
        second = step(1)
        assert second == 2
        assert name(second) == "number 2"

    def test_local():
        from pytest_distil import distil

        @distil
        def local(n: int) -> int:
            return n

        assert local(5) == 5
        assert local(6) == 6
"""


def test_tasks_that_exist_late(tmp_path: Path) -> None:
    """A task that is imported by its test is asked about in the end; one made by its test only as it is called."""
    project = Project(tmp_path, chain=CHAIN, test_lazy=LAZY)
    project.collect()
    models: dict[str, Callable[[int], Any]] = {
        "step": lambda n: n + 7,
        "name": "number {}".format,
        "local": lambda n: n + (n == 5),
    }
    with ChatServer(answering(lambda task, given: models[task](given["n"]))) as server:
        ran = project.evaluate(server)

    assert {"disagreed": 2} == ran.counts
    assert {"agree": 2, "differ": 2, "unscored": 0} == {
        name: ran.report["totals"][name] for name in ("agree", "differ", "unscored")
    }


NOISY = """
    import itertools
    import pytest
    from pytest_distil import distil

    numbers = itertools.count()

    @distil
    def noisy(n: int) -> int:
        return next(numbers)

    @distil
    def fragile(n: int) -> int:
        if next(numbers) % 2:
            raise ValueError("the second time")
        return n

    @distil
    def mutating(words: list[str]) -> int:
        words.append("more")
        return len(words)

    def test_noise():
        assert noisy(1) == 0
        assert fragile(2) == 2
        assert mutating(["a"]) == 2
        assert noisy(1) in (4, 5)
"""


@pytest.mark.slow
def test_noise(tmp_path: Path) -> None:
    """With `--distil-noise` an original runs twice, unseen: what it gives or raises the second time is only noted."""
    project = Project(tmp_path, test_noise=NOISY)
    with ChatServer(answering(lambda task, given: given.get("n", 2))) as server:
        ran = project.evaluate(server, "--distil-noise", "--distil-return=original")
    again = {one["task"].partition(".")[2]: one["again"] for one in ran.report["trials"]}

    assert {"passed": 1} == ran.counts
    assert ["$"] == again["fragile"]
    assert again["mutating"] is None


MARKS = """
    import pytest
    from labels import parity

    @pytest.mark.distil(collect=False)
    def test_left_out():
        assert parity(1) == "odd"

    def test_teardown(request):
        request.addfinalizer(lambda: parity(3))
        assert parity(2) == "even"

    at_import = parity(5)

    @pytest.mark.distil(held_out=True)
    def test_held_out():
        assert parity(4) == "even"
"""


def test_calls_that_are_left_out(tmp_path: Path) -> None:
    """Calls at import, in teardown and in tests marked so are not asked about, and give the original's values."""
    project = Project(tmp_path, labels=LABELS, test_marks=MARKS)
    with ChatServer(answering(wrong_for({1, 3, 5}))) as server:
        ran = project.evaluate(server)

    assert {"passed": 3} == ran.counts
    assert 2 == len(server.requests)
    assert {"made in teardown": 1, "the test is marked collect=False": 1} == {
        reason: n for reason, n in ran.report["left_out"].items() if "outside" not in reason
    }
    assert 1 == ran.report["new_patterns"]["agree"]
    assert not endings(ran.report)
