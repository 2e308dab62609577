"""Running a test again: it is as if it had not run before, and nobody heard of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.evaluating import Project, endings
from support.labels import LABELS

MAJORITY = "--distil-eval=memory:majority"
"""Says "even" of every number: right for even ones."""

FIXTURES = """
    import pytest
    from pathlib import Path
    from labels import parity

    def log(text):
        with (Path(__file__).parent / "events.log").open("a") as file:
            file.write(f"{text}\\n")

    def fixture(scope, *needs):
        @pytest.fixture(scope=scope, name=f"{scope}_one")
        def one():
            log(f"{scope} up")
            yield scope
            log(f"{scope} down")
        return one

    a, b, c, d = map(fixture, ("session", "module", "class", "function"))

    @pytest.fixture(params=["x", "y"], scope="module")
    def parameter(request):
        log(f"parameter {request.param} up")
        yield request.param
        log(f"parameter {request.param} down")

    def test_first(session_one, function_one):
        log("first")
        assert parity(1) == "odd"

    @pytest.mark.parametrize("n", [2, 3])
    def test_with_parameter(parameter, n):
        log(f"with {parameter} {n}")
        assert parity(n) in ("even", "odd")[n % 2:]

    class TestClass:
        def test_in_class(self, class_one, function_one):
            log("in class")
            assert parity(4) == "even"

        def test_last(self, session_one, module_one, class_one, function_one):
            log("last")
            assert parity(5) == "odd"
"""

TRAIN = """
    import pytest
    from labels import parity

    @pytest.mark.parametrize("n", [*range(10, 40, 2), 1, 3, 5])
    def test_train(n):
        parity(n)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a suite with a session in which most numbers are even."""
    project = Project(tmp_path_factory.mktemp("base") / "base", labels=LABELS, test_train=TRAIN)
    project.collect()
    return project


def test_fixtures(base: Project, tmp_path: Path) -> None:
    """Function fixtures are set up for each run of a test, wider ones once, and each is torn down in its place."""
    project = base.copy(tmp_path / "copy")
    project.write(test_fixtures=FIXTURES)
    ran = project.run(MAJORITY, "test_fixtures.py")

    assert {"passed": 3, "disagreed": 4} == ran.counts
    assert [
        *("session up", "function up", "first", "function down", "function up", "first", "function down"),
        *("parameter x up", "with x 2", "with x 3", "with x 3", "parameter x down"),
        *("parameter y up", "with y 2", "with y 3", "with y 3"),
        *("class up", "function up", "in class", "function down"),
        *("module up", "function up", "last", "function down", "function up", "last", "function down"),
        *("class down", "module down", "parameter y down", "session down"),
    ] == project.lines("events.log")


BROKEN_TEARDOWN = """
    import pytest
    from labels import parity

    @pytest.fixture(scope="module")
    def wide():
        yield
        raise RuntimeError("torn down badly")

    def test_before():
        assert parity(4) == "even"

    def test_clean(wide):
        assert parity(2) == "even"
"""


def test_a_wide_teardown_that_fails(base: Project, tmp_path: Path) -> None:
    """An error in the teardown of a wider fixture is reported once, beside the test that passed."""
    project = base.copy(tmp_path / "copy")
    project.write(test_teardown=BROKEN_TEARDOWN)
    ran = project.run(MAJORITY, "test_teardown.py")

    assert {"passed": 2, "error": 1} == ran.counts
    assert {"test_clean": "error"} == endings(ran.report)
    assert 1 == ran.out.count("ERROR test_teardown.py::test_clean - RuntimeError: torn down badly")
    assert 1 == ran.out.count("ERROR at teardown of test_clean")


EXITS = """
    import pytest
    from labels import parity

    def test_first():
        assert parity(2) == "even"

    def test_exits():
        parity(1)
        pytest.exit("enough", returncode=7)

    def test_never():
        pass
"""


def test_exit(base: Project, tmp_path: Path) -> None:
    """`pytest.exit` ends the run at once with its own status; what was known is reported, and not judged."""
    project = base.copy(tmp_path / "copy")
    project.write(test_exits=EXITS)
    ran = project.run(MAJORITY, "test_exits.py", "--distil-fail-under=50", "--distil-gate-on=all")

    assert 7 == ran.status
    assert {"passed": 1} == ran.counts
    assert ran.report["selection"]["interrupted"]
    assert ran.report["ruling"]["passed"] is None


@pytest.mark.parametrize(
    ("option", "counts"),
    [
        ("--setup-show", {"passed": 3, "disagreed": 4}),
        ("--setup-only", {}),
        pytest.param("--setup-plan", {}, marks=pytest.mark.slow),
    ],
)
def test_showing_fixtures(base: Project, tmp_path: Path, option: str, counts: dict[str, int]) -> None:
    """Fixtures can be shown as ever; where no test runs, nothing is evaluated."""
    project = base.copy(tmp_path / "copy")
    project.write(test_fixtures=FIXTURES)
    ran = project.run(MAJORITY, "test_fixtures.py", option)

    assert "SETUP    C class_one" in ran.out
    assert counts == {name: n for name, n in ran.counts.items() if name in ("passed", "disagreed", "failed")}
    assert "Traceback" not in ran.out + ran.err


def test_names_in_verbose_output(base: Project, tmp_path: Path) -> None:
    """A test's name is printed when it begins, once, and how it ended beside it."""
    project = base.copy(tmp_path / "copy")
    project.write(test_fixtures=FIXTURES)
    ran = project.run(MAJORITY, "test_fixtures.py", "-v")
    lines = [line.split() for line in ran.out.splitlines() if line.startswith("test_fixtures.py::")]

    assert 7 == len(lines)
    assert ["DISAGREED", "PASSED"] == sorted({words[1] for words in lines})
    assert 7 == len({words[0] for words in lines})


LISTENS = """
    from pathlib import Path

    def log(*words):
        with (Path(__file__).parent / "heard.log").open("a") as file:
            print(*words, file=file)

    def pytest_runtest_logstart(nodeid):
        log("start", nodeid.rpartition("::")[2])

    def pytest_runtest_logfinish(nodeid):
        log("finish", nodeid.rpartition("::")[2])

    def pytest_runtest_logreport(report):
        log(report.when, report.outcome, report.nodeid.rpartition("::")[2])
"""


def test_what_other_plugins_hear(base: Project, tmp_path: Path) -> None:
    """Others hear of one start, one end and one report a phase for each test, however often it ran."""
    project = base.copy(tmp_path / "copy")
    project.write(conftest=LISTENS, test_exits=EXITS.replace('pytest.exit("enough", returncode=7)', "assert False"))
    project.run(MAJORITY, "test_exits.py")

    assert [
        f"{what} {name}"
        for name, call in (("test_first", "passed"), ("test_exits", "failed"), ("test_never", "passed"))
        for what in ("start", "setup passed", f"call {call}", "teardown passed", "finish")
    ] == project.lines("heard.log")


KINDS = """
    import unittest
    import pytest
    from hypothesis import given, settings, strategies
    from labels import parity

    def documented():
        '''
        >>> documented()
        'odd'
        '''
        return parity(1)

    @given(strategies.integers(0, 3))
    @settings(max_examples=20, database=None)
    def test_hypothesis(n):
        assert parity(n) == ("odd" if n % 2 else "even")

    class TestMethods:
        @given(strategies.integers(0, 3))
        @settings(max_examples=20, database=None)
        def test_hypothesis(self, n):
            assert parity(n) == ("odd" if n % 2 else "even")

    class TestAsync(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.label = parity(3)

        async def test_async(self):
            self.assertEqual("odd", self.label)

    class TestExpected(unittest.TestCase):
        @unittest.expectedFailure
        def test_expected(self):
            self.assertEqual("even", parity(3))

    @pytest.mark.xfail(run=False)
    def test_not_run():
        assert parity(5) == "odd"

    @pytest.mark.parametrize("n", [5, 2])
    def test_parameters(n, tmp_path, capsys):
        print("hello")
        assert capsys.readouterr().out == "hello\\n"
        (tmp_path / "file").touch(exist_ok=False)
        assert parity(n) == ("odd" if n % 2 else "even")
"""


def test_kinds_of_tests(base: Project, tmp_path: Path) -> None:
    """Doctests, properties, unittest's own kinds and expected failures run again as well as functions do."""
    project = base.copy(tmp_path / "copy")
    project.write(test_kinds=KINDS)
    ran = project.run(MAJORITY, "test_kinds.py", "--doctest-modules")

    assert {"passed": 1, "disagreed": 5, "xfailed": 2} == ran.counts, ran.out
