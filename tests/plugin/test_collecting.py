"""A collecting run keeps the calls that its tests vouch for, and says of the others why not."""

from __future__ import annotations

import pytest

from pytest_distil.core.call import (
    ARGUMENT,
    CONFLICT,
    MARKED,
    NO_SCHEMA,
    NOT_PASSED,
    OUTSIDE,
    OUTVOTED,
    RAISED,
    TEARDOWN,
    WIDE_FIXTURE,
)
from support.suites import Suite, collected

HEAD = """
    import asyncio, threading, unittest
    import pytest
    from pytest_distil import distil

    @distil
    def double(n: int) -> int:
        return 2 * n

"""


def test_calls_of_passing_tests_are_kept(pytester: pytest.Pytester) -> None:
    """Each distinct call of a test that passed is one example, with every test that made it."""
    session = collected(
        pytester,
        HEAD
        + """
    def test_one():
        assert double(1) == double(n=1) == 2

    def test_two():
        assert double(1) + double(2) == 6
    """,
    )

    assert [({"n": 1}, 2), ({"n": 2}, 4)] == session.calls
    assert [2, 1] == sorted((len(one["tests"]) for one in session.examples), reverse=True)
    assert [4] == [task["calls"] for task in session.manifest["tasks"]]
    assert {"passed": 2, "not_passed": 0} == session.manifest["tests"]
    assert {} == session.left_out


def test_tests_that_do_not_pass_contribute_nothing(pytester: pytest.Pytester) -> None:
    """Failed, errored, skipped and expected failures leave their calls out, and each is counted."""
    session = collected(
        pytester,
        HEAD
        + """
    def test_fails():
        assert double(1) == 3

    @pytest.mark.xfail
    def test_expected_to_fail():
        assert double(2) == 3

    @pytest.mark.xfail
    def test_passes_though_expected_to_fail():
        assert double(3) == 6

    @pytest.mark.xfail(strict=True)
    def test_passes_against_strictness():
        assert double(4) == 8

    def test_skips():
        double(5)
        pytest.skip("later")

    @pytest.fixture
    def broken():
        double(6)
        raise ValueError

    def test_errors(broken):
        pass

    @pytest.fixture
    def breaks_later():
        yield
        raise ValueError

    def test_errors_in_teardown(breaks_later):
        assert double(7) == 14

    def test_passes():
        assert double(8) == 16
    """,
    )

    assert [({"n": 8}, 16)] == session.calls
    assert {NOT_PASSED: 7} == session.left_out
    assert {"passed": 1, "not_passed": 7} == session.manifest["tests"]


def test_only_the_last_attempt_of_a_rerun_test_counts(pytester: pytest.Pytester) -> None:
    """What an attempt called that was rerun is left out; the one that passed counts."""
    session = collected(
        pytester,
        HEAD
        + """
    attempts = []

    def test_flaky():
        attempts.append(1)
        assert double(len(attempts)) == 6

    def test_stable():
        assert double(1) == 2
    """,
        "--reruns=3",
    )

    assert [({"n": 1}, 2), ({"n": 3}, 6)] == session.calls
    assert [["test_stable"], ["test_flaky"]] == [
        [test.rpartition("::")[2] for test in one["tests"]]
        for one in sorted(session.examples, key=lambda one: one["result"])
    ]
    assert {"passed": 2, "not_passed": 0} == session.manifest["tests"]


def test_a_plugin_that_drops_reports_loses_nothing(pytester: pytest.Pytester) -> None:
    """The first attempt to call a task may never be reported (rerunfailures 16.0 does so): its brief still arrives."""
    pytester.makeconftest(
        """
        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            for last in (False, True):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                for report in reports if last else reports[:1]:
                    item.ihook.pytest_runtest_logreport(report=report)
            return True
        """
    )
    session = collected(pytester, HEAD + "    def test_one():\n        assert double(1) == 2\n")

    assert [({"n": 1}, 2)] == session.calls
    assert {"passed": 1, "not_passed": 0} == session.manifest["tests"]


def test_a_failed_subtest_spoils_its_test(pytester: pytest.Pytester) -> None:
    """Subtests of pytest and of unittest: where one fails, no call of the test counts."""
    session = collected(
        pytester,
        HEAD
        + """
    def test_one_fails(subtests):
        for n in range(3):
            with subtests.test(n=n):
                assert double(n) != 2

    def test_all_pass(subtests):
        for n in range(10, 13):
            with subtests.test(n=n):
                assert double(n) == 2 * n

    class TestOld(unittest.TestCase):
        def test_one_fails(self):
            for n in range(20, 23):
                with self.subTest(n=n):
                    self.assertNotEqual(double(n), 42)

        def test_all_pass(self):
            for n in range(30, 33):
                with self.subTest(n=n):
                    self.assertEqual(double(n), 2 * n)
    """,
    )

    assert [10, 11, 12, 30, 31, 32] == [arguments["n"] for arguments, _ in session.calls]
    assert {NOT_PASSED: 6} == session.left_out


def test_fixtures_of_every_scope(pytester: pytest.Pytester) -> None:
    """What function fixtures call is the test's; wider ones, and teardown of any, are left out and counted."""
    session = collected(
        pytester,
        HEAD
        + """
    @pytest.fixture(scope="session")
    def of_session():
        yield double(1)
        double(101)

    @pytest.fixture(scope="module")
    def of_module(of_session):
        yield double(2)
        double(102)

    @pytest.fixture(scope="class", autouse=True)
    def of_class():
        yield double(3)
        double(103)

    @pytest.fixture
    def of_function(request):
        yield double(4)
        double(104)

    @pytest.fixture(scope="module")
    def asks_late(request):
        return double(5) + request.getfixturevalue("of_session")

    def setup_module():
        double(6)

    def setup_function():
        double(7)

    def teardown_function():
        double(107)

    def test_all(of_module, of_function, asks_late):
        assert double(8) == 16
    """,
    )

    assert [4, 7, 8] == [arguments["n"] for arguments, _ in session.calls]
    assert {WIDE_FIXTURE: 5, TEARDOWN: 5} == session.left_out


def test_calls_outside_tests_are_left_out(pytester: pytest.Pytester) -> None:
    """At import, at collection and between tests no test vouches."""
    pytester.makeconftest(
        """
        def pytest_runtest_logfinish():
            import sys
            for name, module in list(sys.modules.items()):
                if name.startswith("test_suite") and hasattr(module, "double"):
                    module.double(100)
        """
    )
    session = collected(
        pytester,
        HEAD
        + """
    CONSTANT = double(1)

    @pytest.mark.parametrize("n", [double(2), double(3)])
    def test_parameters(n):
        assert double(4) == 8
    """,
    )

    assert [({"n": 4}, 8)] == session.calls
    assert {OUTSIDE: 4} == session.left_out, "three at import, one between the two tests"


def test_threads(pytester: pytest.Pytester) -> None:
    """A thread's calls are its test's while the test lasts; a call that ends later is left out."""
    session = collected(
        pytester,
        HEAD
        + """
    go_on = threading.Event()
    left = []

    @distil
    def slow(n: int) -> int:
        go_on.wait(60)
        return n

    def test_joins():
        thread = threading.Thread(target=double, args=(1,))
        thread.start()
        thread.join()

    def test_leaves_a_thread():
        left.append(threading.Thread(target=slow, args=(2,)))
        left[0].start()

    def test_later():
        go_on.set()
        left[0].join()
        assert double(3) == 6
    """,
    )

    assert [({"n": 1}, 2), ({"n": 3}, 6)] == session.calls
    assert {OUTSIDE: 1} == {reason: n for reason, n in session.left_out.items() if n}


def test_classes_and_methods(pytester: pytest.Pytester) -> None:
    """`self` of a dataclass is part of the call; of another class it is not, and the summary says so once."""
    suite = Suite(pytester)
    suite.write(
        """
        import dataclasses
        from pytest_distil import distil

        @dataclasses.dataclass
        class Rate:
            percent: int

            @distil
            def of(self, amount: int) -> float:
                return amount * self.percent / 100

        class Shop:
            def __init__(self, rate):
                self.rate = rate

            @distil
            def price(self, net: int) -> float:
                return net + self.rate.of(net)

            @classmethod
            @distil
            def name(cls, n: int) -> str:
                return f"shop {n}"

            @staticmethod
            @distil
            def round(value: float) -> int:
                return round(value)

        class TestShop:
            def test_price(self):
                shop = Shop(Rate(50))
                assert shop.price(100) == 150
                assert Shop.name(1) == "shop 1"
                assert shop.round(1.9) == 2

            def test_again(self):
                assert Shop(Rate(50)).price(net=100) == 150
        """
    )
    result = suite.run("--distil-collect")
    [folder] = suite.sessions()

    text = (folder / "calls.jsonl").read_text()
    assert 4 == len(text.splitlines())
    assert '"arguments":{"self":{"percent":50},"amount":100},"result":50.0' in text
    assert '"arguments":{"net":100},"result":150.0' in text
    result.stdout.fnmatch_lines(["*Shop.price: 'self' is no part of a call*"])
    assert 1 == result.stdout.str().count("'self' is no part")


@pytest.mark.parametrize("plugin", ["asyncio", "anyio"])
def test_async(pytester: pytest.Pytester, plugin: str) -> None:
    """Coroutines are recorded when they return, under asyncio and trio, and with the tasks that they start."""
    session = collected(
        pytester,
        HEAD
        + f"""
    import anyio

    @distil
    async def later(n: int) -> int:
        await anyio.sleep(0)
        return double(n) + 1

    @pytest.mark.{plugin}
    async def test_awaits():
        assert await later(1) == 3

    @pytest.mark.{plugin}
    async def test_together():
        async with anyio.create_task_group() as group:
            for n in (2, 3):
                group.start_soon(later, n)

    @pytest.mark.{plugin}
    async def test_in_a_thread():
        assert await anyio.to_thread.run_sync(double, 10) == 20

    @pytest.mark.{plugin}
    async def test_cancelled():
        with anyio.move_on_after(0):
            await later(99)
    """,
    )

    assert [1, 1, 2, 2, 3, 3, 10] == sorted(arguments["n"] for arguments, _ in session.calls)
    # anyio runs each test twice: under asyncio and under trio
    assert {RAISED: 2 if plugin == "anyio" else 1} == session.left_out
    assert (plugin == "anyio") == any("[trio]" in test for one in session.examples for test in one["tests"])


def test_markers(pytester: pytest.Pytester) -> None:
    """`collect=False` leaves a test's calls out, `held_out=True` keeps them from training, whoever makes them too."""
    session = collected(
        pytester,
        HEAD
        + """
    @pytest.mark.distil(collect=False)
    def test_not_for_training():
        double(1)

    @pytest.mark.distil(held_out=True)
    class TestHeldOut:
        def test_it(self):
            assert double(2) == 4

        @pytest.mark.distil(held_out=False)
        def test_but_not_this(self):
            assert double(4) == 8

    def test_same_call():
        assert double(2) == 4
    """,
        "-o",
        "distil_holdout=0",
        "--strict-markers",
    )

    assert {2: "pattern", 4: False} == {one["arguments"]["n"]: one["held_out"] for one in session.examples}
    assert {MARKED: 1} == session.left_out


def test_unknown_keywords_of_the_marker_are_refused(pytester: pytest.Pytester) -> None:
    """A misspelt keyword is a usage error that names it and what there is."""
    suite = Suite(pytester)
    suite.write(HEAD + "    @pytest.mark.distil(heldout=True)\n    def test_it():\n        pass\n")
    result = suite.run("--distil-collect")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["*::test_it: @pytest.mark.distil does not know heldout; it takes collect, held_out*"])


def test_conflicts_are_dropped_and_listed(pytester: pytest.Pytester) -> None:
    """One call with two results becomes no example; conflicts.jsonl has both, and the cause is named."""
    suite = Suite(pytester)
    suite.write(CONFLICTING)
    session = suite.collect()

    assert [({"n": 9}, 9)] == session.calls
    assert {CONFLICT: 1} == session.left_out
    assert "'base'" in session.manifest["left_out_examples"][CONFLICT]["detail"]
    conflict = (session.folder / "conflicts.jsonl").read_text()
    assert '"results":[{"result":11,"tests":' in conflict
    assert '{"result":21,"tests":' in conflict


def test_conflicts_are_settled_by_majority(pytester: pytest.Pytester) -> None:
    """With `distil_conflicts = majority` the result that most tests saw stands, with those tests alone."""
    suite = Suite(pytester)
    suite.write(CONFLICTING)
    session = suite.collect("-o", "distil_conflicts=majority")

    assert [({"n": 1}, 11), ({"n": 9}, 9)] == session.calls
    assert {OUTVOTED: 1} == session.left_out
    assert [2, 1] == [len(one["tests"]) for one in sorted(session.examples, key=lambda one: one["arguments"]["n"])]


CONFLICTING = """
    from pytest_distil import distil

    @distil(exclude="base")
    def above(n: int, base: int = 0) -> int:
        return base + n

    def test_ten():
        assert above(1, 10) == 11

    def test_ten_again():
        assert above(1, base=10) == 11

    def test_twenty():
        assert above(1, 20) == 21

    def test_other():
        assert above(9) == 9
"""


def test_what_cannot_be_recorded_is_counted(pytester: pytest.Pytester) -> None:
    """Types without schema, arguments without JSON form, and calls that raise: each has its reason, none its raise."""
    suite = Suite(pytester)
    suite.write(
        HEAD
        + """
    class Plain:
        pass

    @distil
    def to_plain(n: int) -> Plain:
        return Plain()

    @distil
    def length(values: list) -> int:
        return len(list(values))

    @distil
    def fails(n: int) -> int:
        raise KeyError(n)

    def test_all():
        assert isinstance(to_plain(1), Plain)
        assert length(iter([1, 2])) == 2
        with pytest.raises(KeyError):
            fails(3)
        with pytest.raises(TypeError):
            double()
        assert double(4) == 8
    """
    )
    result = suite.run("--distil-collect")
    listed = suite.run("--distil-collect", "-v")

    result.assert_outcomes(passed=1)
    listed.stdout.fnmatch_lines(["*length in *::test_all*iterator*"])
    result.stdout.fnmatch_lines(
        [
            "left out: 4 calls",
            f"  2  {ARGUMENT}",
            "*the call does not fit*",
            f"  1  {RAISED}",
            "*fails in *::test_all*",
            f"  1  {NO_SCHEMA}",
            "*to_plain in *::test_all*",
        ],
    )
    assert "return a model, a dataclass or a TypedDict instead" in " ".join(result.stdout.str().split())


def test_nothing_is_noticed(pytester: pytest.Pytester) -> None:
    """Under `-W error` and strict markers the same tests pass, with the same random numbers and no new warning."""
    suite = Suite(pytester)
    suite.write(
        HEAD
        + """
    import random, warnings

    def test_random():
        random.seed(1)
        first = random.random()
        random.seed(1)
        double(1)
        assert random.random() == first

    def test_arguments_are_untouched():
        @distil
        def total(values: list[int]) -> int:
            values.append(9)
            return sum(values)

        values = [1, 2]
        assert total(values) == 12
        assert values == [1, 2, 9]

    def test_warning_of_the_original():
        @distil
        def old(n: int) -> int:
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            return n

        with pytest.warns(DeprecationWarning):
            old(1)
    """
    )
    result = suite.run("--distil-collect", "-W", "error", "--strict-markers", "--strict-config", subprocess=True)

    result.assert_outcomes(passed=3)
    [folder] = suite.sessions()
    assert '"arguments":{"values":[1,2]},"result":12' in (folder / "calls.jsonl").read_text(), "taken before the call"


BROKEN = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("no")

@pytest.fixture(scope="module")
def wide():
    raise RuntimeError("no")

@pytest.fixture
def late():
    yield
    raise RuntimeError("late")
"""


def test_failing_fixtures_are_shown_without_us(pytester: pytest.Pytester) -> None:
    """Tracebacks of errors in setup and teardown are the same, also where the fixture is in a conftest."""
    suite = Suite(pytester)
    pytester.makeconftest(BROKEN)
    suite.write("def test_a(broken): ...\ndef test_b(wide): ...\ndef test_c(late): ...")
    plain, collecting = (suite.run("-v", *args) for args in ((), ("--distil-collect",)))
    errors = [
        result.outlines[result.outlines.index("") : result.outlines.index(line)]
        for result in (plain, collecting)
        for line in result.outlines
        if "short test summary info" in line
    ]

    assert {"passed": 1, "errors": 3} == collecting.parseoutcomes()
    assert errors[0] == errors[1]
