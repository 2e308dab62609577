"""Labels that a mock may have made are counted apart, left out where the user says so, and limited by test."""

from __future__ import annotations

import pytest

from pytest_distil.core.call import CAPPED, EXCLUDED
from support.suites import Session, Suite

SHOP = """
    from pytest_distil import distil

    def ask(text):
        return f"really {text}"

    @distil
    def answer(text: str) -> str:
        return ask(text)
"""

TESTS = """
    from contextlib import contextmanager
    from unittest.mock import patch
    import pytest
    import SHOP as shop

    @contextmanager
    def offline():
        with patch.object(shop, "ask", return_value="patched"):
            yield

    @pytest.fixture(scope="module")
    def client():
        yield

    @pytest.fixture
    def wrapped(monkeypatch):
        monkeypatch.setattr(shop, "ask", lambda text: "mine")

    @pytest.mark.parametrize("n", range(12))
    def test_patched(n):
        with offline():
            assert shop.answer(f"patched {n}") == "patched"

    def test_patched_before():
        with offline():
            pass
        assert shop.answer("both") == "really both"

    def test_monkeypatched(wrapped):
        assert shop.answer("mine") == "mine"

    def test_asks_late(request):
        assert shop.answer("early") == "really early"
        request.getfixturevalue("client")
        assert shop.answer("late") == "really late"

    def test_uses_it(client):
        assert shop.answer("late") == "really late"

    def test_real(request):
        request.getfixturevalue("monkeypatch")
        assert shop.answer("real") == "really real"

    @pytest.mark.parametrize("n", range(4))
    def test_also_real(n):
        assert shop.answer("real") == "really real"
        assert shop.answer(f"other {n}") == f"really other {n}"
"""

RUNS = {
    "plain": (),
    "workers": ("-n", "2"),
    "random order": ("-p", "randomly"),
}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Return a suite with mocks of several kinds."""
    suite = Suite(pytester)
    suite.write(TESTS.replace("SHOP", suite.write(SHOP, "shop_of_mocks")))
    return suite


def texts(session: Session) -> set[str]:
    """Return the argument of every example."""
    return {one["arguments"]["text"] for one in session.examples}


def test_mocks_are_counted_apart(suite: Suite) -> None:
    """An example that only tests with mocks vouch for is counted by each of them; one real test is enough."""
    session = suite.collect()
    [task] = session.manifest["tasks"]
    functions = {
        name: [test.rpartition("::")[2] for test in tests] for name, tests in session.manifest["mocks"].items()
    }

    assert (13, {"unittest.mock.patch": 12, "monkeypatch": 1}) == (task["mocked"], task["mocks"])
    assert {"unittest.mock.patch": ["test_patched"], "monkeypatch": ["test_monkeypatched", "test_real"]} == functions
    assert 12 == task["one_result"][1]
    assert task["one_result"][0].endswith("::test_patched")


def test_the_summary_says_it(suite: Suite) -> None:
    """The summary warns of examples with mocks, and of one test that gives one result for many inputs."""
    told = " ".join(suite.run("--distil-collect").stdout.str().split())

    assert "come only from tests with mocks (unittest.mock.patch 12, monkeypatch" in told
    assert "one test, 12 inputs, one result:" in told


@pytest.mark.parametrize("run", [pytest.param(args, id=name) for name, args in RUNS.items()])
def test_excluding(suite: Suite, run: tuple[str, ...]) -> None:
    """The calls of a test that uses an excluded fixture are left out, in whatever way and order it came to use it."""
    suite.pytester.makeini(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
        "distil_exclude_fixtures = client unittest.mock.patch monkeypatch\n"
    )
    session = suite.collect(*run, subprocess=bool(run))

    assert {"both", "real", *(f"other {n}" for n in range(4))} == texts(session)
    assert {EXCLUDED: 12 + 1 + 2 + 1 + 1} == session.left_out


@pytest.mark.parametrize("run", [pytest.param(args, id=name) for name, args in RUNS.items()])
def test_a_test_function_is_capped(suite: Suite, run: tuple[str, ...]) -> None:
    """However the run goes, the same examples of a test function are taken, and the others are kept for a merge."""
    suite.pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\ndistil_max_per_test = 3\n")
    plain = suite.collect()
    other = suite.collect(*run, subprocess=bool(run))

    assert 3 == sum(text.startswith("patched") for text in texts(plain))
    assert {CAPPED: 9 + 2} == plain.left_out
    assert {"calls.jsonl", "capped.jsonl"} < plain.files().keys()
    assert plain.files() == other.files()
    assert plain.manifest["tasks"] == other.manifest["tasks"]
