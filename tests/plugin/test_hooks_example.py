"""`pytest_distil_example`: what a conftest makes of calls before they are kept."""

from __future__ import annotations

import signal
import sys

import pytest

from support.suites import FIVE, Session, Suite

CONFTEST = """
    from dataclasses import replace

    def pytest_distil_example(example):
        a = example.arguments.get("a")
        if a == 1:
            return "one is private"
        if a == 2:
            return replace(example, arguments={"b": 0, "a": 200})
        if a == 3:
            example.arguments["a"] = 300
        if a == 4:
            return replace(example, result=44)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Two tasks, 61 tests."""
    suite = Suite(pytester)
    suite.write(FIVE, "test_five")
    return suite


def adding(session: Session) -> dict[int, tuple[int, int]]:
    """Return `b` and the result of the examples of `add`, by `a`."""
    of_add = [one for one in session.examples if one["task"] == "test_five.add"]
    return {one["arguments"]["a"]: (one["arguments"]["b"], one["result"]) for one in of_add if one["arguments"]["b"]}


def test_examples_are_kept_changed_or_left_out(suite: Suite) -> None:
    """A text leaves out, an example changes, also in place, and None keeps; files and journal say the same."""
    suite.pytester.makeconftest(CONFTEST)
    session = suite.collect()
    made = adding(session)

    assert 1 not in made
    assert [{"a": 200, "b": 0}] == [one["arguments"] for one in session.examples if one["result"] == 4]
    assert {300: (3, 6), 4: (4, 44)} == {a: made[a] for a in (300, 4)}
    assert {a: (a, 2 * a) for a in range(5, 30)} == {a: made[a] for a in range(5, 30)}
    assert {"pytest_distil_example says so": 31} == session.left_out


@pytest.mark.slow
def test_workers_see_the_same(suite: Suite) -> None:
    """The session is byte-identical with two workers: the controller's conftest is asked."""
    suite.pytester.makeconftest(CONFTEST)
    alone = suite.collect()
    together = suite.collect("-p", "xdist", "-n2", subprocess=True)

    assert alone.files() == together.files()
    assert alone.left_out == together.left_out


def _unwrapped(result: pytest.RunResult) -> str:
    return " ".join(result.stdout.str().split())


FAULTY = {
    "return 3": "pytest_distil_example returned an int; return an Example, a reason to leave it out, or None",
    "raise KeyError(7)": "pytest_distil_example raised KeyError: 7 (conftest.py:4)",
    "return replace(example, task='x')": "pytest_distil_example changed more than arguments and result",
    "return replace(example, arguments={'a': 7})": "pytest_distil_example added or took away arguments",
    "return replace(example, result={7})": "pytest_distil_example made it what is no JSON: ",
    "return replace(example, result='seven')": "pytest_distil_example made its result what its type is not: $ is",
}


@pytest.mark.parametrize(("body", "said"), FAULTY.items())
def test_a_hook_that_does_not_work_fails_the_run(suite: Suite, body: str, said: str) -> None:
    """Its call is left out, the summary says why, all else is kept, and the tests have passed."""
    suite.pytester.makeconftest(f"""
        from dataclasses import replace

        def pytest_distil_example(example):
            if example.arguments == {{"a": 7, "b": 7}}: {body}
    """)
    result = suite.run("--distil-collect", "-q")
    [folder] = suite.sessions()
    session = Session(folder)

    result.assert_outcomes(passed=61)
    assert pytest.ExitCode.INTERNAL_ERROR == result.ret
    assert 7 not in adding(session)
    assert 28 == len(adding(session))
    assert {"pytest_distil_example did not work": 1} == session.left_out
    assert f"FAILED: 1 call left out, because pytest_distil_example did not work: {said}" in _unwrapped(result)
    assert said in session.manifest["left_out_examples"]["pytest_distil_example did not work"]["detail"]


def test_only_calls_that_are_vouched_for_are_seen(suite: Suite) -> None:
    """Calls of failing tests reach no hook."""
    suite.write(
        """
        from pytest_distil import distil

        @distil
        def secret(n: int) -> int:
            return n

        def test_fails():
            assert secret(1) == 2
        """
    )
    suite.pytester.makeconftest("""
        def pytest_distil_example(example):
            assert example.tests and not example.task.endswith("secret"), example
    """)
    result = suite.run("--distil-collect")

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.assert_outcomes(passed=61, failed=1)


@pytest.mark.slow
def test_recover_needs_no_conftest(suite: Suite) -> None:
    """The journal of a killed run holds what the hook made of its calls."""
    suite.pytester.makeconftest(f"{CONFTEST}\n    import os")
    suite.write(
        f"""
        import os

        def test_last():
            os.kill(os.getpid(), {signal.SIGKILL.value})
        """,
        "test_kill",
    )
    suite.run("--distil-collect", subprocess=True)
    [folder] = suite.sessions()
    journal = (folder / "journal.jsonl").read_text()
    (suite.pytester.path / "conftest.py").unlink()
    recovered = suite.pytester.run(sys.executable, "-m", "pytest_distil", "recover")

    assert 0 == recovered.ret
    assert "one is private" in journal
    assert 1 not in adding(Session(folder))
    assert (3, 6) == adding(Session(folder))[300]


LATE = "*sub?conftest.py: pytest_distil_example is called where no test is collected under xdist, so it must stand in *"


@pytest.mark.parametrize(
    "args", [(), pytest.param(("-p", "xdist", "-n1"), marks=pytest.mark.slow)], ids=["alone", "xdist"]
)
def test_a_conftest_that_the_session_side_does_not_load(suite: Suite, args: tuple[str, ...]) -> None:
    """It is a usage error with and without xdist, named by its path, and no error where the folder is named."""
    folder = suite.pytester.mkdir("sub")
    (folder / "conftest.py").write_text("def pytest_distil_example(example): return 'none'\n", encoding="utf-8")
    (folder / "test_sub.py").write_text("def test_it(): pass\n", encoding="utf-8")
    refused = suite.run("--distil-collect", *args, subprocess=bool(args))
    named = suite.run("--distil-collect", "sub", *args, subprocess=bool(args))
    plain = suite.run(*args, subprocess=bool(args))

    assert pytest.ExitCode.USAGE_ERROR == refused.ret
    refused.stderr.fnmatch_lines([LATE])
    assert [0, 0] == [named.ret, plain.ret]


def test_no_hook_is_called_without_a_mode(suite: Suite) -> None:
    """A plain run hears none of them."""
    hooks = ("example", "compare", "model", "encode", "decode", "schema")
    text = "\n".join(f"def pytest_distil_{name}(): raise RuntimeError" for name in hooks)
    suite.pytester.makeconftest(text)
    result = suite.run()

    result.assert_outcomes(passed=61)
    assert 0 == result.ret
