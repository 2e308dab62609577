"""Functions named in the ini file are tasks like the others, and the suite does not notice."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis  # noqa: F401 - a run in this process would import it again each time
import pytest

import pytest_distil.plugin.collecting  # noqa: F401 - as above
from support.suites import Session

_numbers = count(1)

_PLUGINS = ("-p", "no:randomly", "-p", "no:cacheprovider")


class Library:
    """A package without our mark, with tests of every kind."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.name = f"library{next(_numbers)}"
        self._lay()

    def _lay(self) -> None:
        name = self.name
        self.pytester.mkpydir(name).joinpath("work.py").write_text(WORK.replace("LIBRARY", name), encoding="utf-8")
        (self.pytester.path / name / "__init__.py").write_text(f"from {name}.work import work, Desk\n")
        self.pytester.makepyfile(**{f"test_{name}": TESTS.replace("LIBRARY", name)})
        self.pytester.makeconftest(CONFTEST.replace("LIBRARY", name))
        self.pytester.makeini(INI)

    def ini(self, *lines: str) -> None:
        """Name targets in the ini file."""
        targets = "\n".join(f"    {line.replace('LIBRARY', self.name)}" for line in lines)
        self.pytester.makeini(f"{INI}\ndistil_functions =\n{targets}\n")

    def run(self, *args: str) -> pytest.RunResult:
        """Run the suite, in a process of its own where that is cheaper than to clean up."""
        return self.pytester.runpytest_inprocess(*_PLUGINS, *args)

    def sessions(self) -> list[Session]:
        """Return what was collected, oldest first."""
        return [Session(path) for path in sorted((self.pytester.path / ".distil/sessions").glob("*"))]


INI = """
[pytest]
pythonpath = .
addopts = --doctest-modules --strict-markers --strict-config
filterwarnings =
    error
    ignore:It looks like `register_random`
asyncio_default_fixture_loop_scope = function
"""

WORK = '''
def work(n: int, *, by: int = 2) -> int:
    """Multiply.

    >>> work(2)
    4
    >>> [work(n) for n in (1, 2)]
    [2, 4]
    """
    return n * by


class Desk:
    @staticmethod
    def fold(text: str) -> str:
        return text.casefold()

    def count(self, words: list[str]) -> dict[str, int]:
        return {word: words.count(word) for word in words}


def tree(depth: int) -> int:
    return 1 if depth == 0 else tree(depth - 1) + tree(depth - 1)


async def later(n: int) -> int:
    return n
'''

CONFTEST = """
import gc

import LIBRARY

taken = LIBRARY.work
gc.collect()
gc.freeze()


def pytest_unconfigure():
    gc.unfreeze()
"""

TESTS = """
import asyncio
import functools
import unittest

import pytest
from hypothesis import given, settings, strategies

import LIBRARY
from LIBRARY import work
from LIBRARY.work import Desk, later, tree

fold = Desk.fold
count = Desk().count
triple = functools.partial(work, by=3)
TABLE = {"work": work}


@pytest.mark.parametrize("n", range(20))
def test_work(n):
    assert work(n) == LIBRARY.work(n) == TABLE["work"](n) == 2 * n


def test_others():
    assert triple(2) == 6
    assert fold("A") == "a"
    assert count(["a", "b", "a"]) == {"a": 2, "b": 1}
    assert asyncio.run(later(3)) == 3


def test_tree():
    assert tree(7) == 128


class TestUnittest(unittest.TestCase):
    def test_it(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertEqual(work(n), 2 * n)


@settings(max_examples=10, deadline=None, database=None, derandomize=True)
@given(strategies.integers())
def test_given(n):
    assert work(n) == 2 * n


def test_fails():
    assert work(1) == 3


def test_raises():
    with pytest.raises(TypeError, match="unsupported operand"):
        work({})
"""

TARGETS = ("LIBRARY.work:work", "LIBRARY.work:Desk.fold", "LIBRARY.work:Desk.count", "LIBRARY.work:tree",
           "LIBRARY.work:later name=patience")  # fmt: skip

PROFILE = """
import sys, threading, json, atexit

counts = {}

def profile(frame, event, arg):
    if event == "call" and frame.f_code.co_filename.endswith("work.py"):
        name = frame.f_code.co_name
        counts[name] = counts.get(name, 0) + 1

def pytest_collection_finish():
    sys.setprofile(profile)
    threading.setprofile(profile)

def pytest_runtestloop():
    pass

def pytest_sessionfinish():
    sys.setprofile(None)
    open("counts.json", "w").write(json.dumps(counts))
"""


@pytest.fixture
def library(pytester: pytest.Pytester) -> Iterator[Library]:
    """Lay a package, and forget it."""
    laid = Library(pytester)
    yield laid
    for name in [name for name in sys.modules if name.partition(".")[0] == laid.name]:
        del sys.modules[name]


def outcomes(result: pytest.RunResult) -> list[str]:
    """Return the names and outcomes of all tests, and what failures show."""
    wanted = re.compile(r"^(E  |>  )|::.* (PASSED|FAILED|SUBPASSED|SUBFAILED)")
    return sorted(line.split(" [ ")[0].rstrip() for line in result.outlines if wanted.search(line))


def test_the_suite_does_not_notice(library: Library) -> None:
    """The same tests are collected, doctests among them, with the same results and the same tracebacks."""
    plain = library.run("-v")
    library.ini(*TARGETS)
    marked = library.run("-v", "--distil-collect")

    assert outcomes(plain) == outcomes(marked)
    assert plain.parseoutcomes() == marked.parseoutcomes()
    assert 1 == plain.parseoutcomes()["failed"]
    assert any("work.py::" in line for line in outcomes(marked))


def test_every_call_is_counted(library: Library) -> None:
    """What was recorded and what was left out are together as many calls as the interpreter's profile tells."""
    (library.pytester.path / "profiling.py").write_text(PROFILE)
    library.pytester.syspathinsert()
    library.run("-p", "profiling")
    counts = json.loads((library.pytester.path / "counts.json").read_text())
    library.ini(*TARGETS)
    library.run("--distil-collect")
    [session] = library.sessions()
    # A call inside a call of the same task is the task's own work, and is neither recorded nor left out.
    recorded = sum(task["calls"] for task in session.manifest["tasks"])
    left_out = sum(session.left_out.values())
    inner = counts["tree"] - 1

    marked = sum(counts[name] for name in ("work", "fold", "count", "tree", "later"))

    assert 255 == counts["tree"]
    assert marked == recorded + left_out + inner


def test_twenty_thousand_calls_in_one_test(library: Library) -> None:
    """None is lost, and each distinct one is an example once."""
    library.pytester.makepyfile(
        test_many=f"from {library.name} import work\n\n"
        "def test_many():\n    assert [work(n % 100) for n in range(20_000)][-1] == 198\n"
    )
    library.ini("LIBRARY.work:work")
    library.run("--distil-collect", "test_many.py")
    [session] = library.sessions()
    [task] = session.manifest["tasks"]

    assert (20_000, 100) == (task["calls"], len(session.examples))
    assert {} == session.left_out


@pytest.mark.slow
def test_workers_see_the_same(library: Library) -> None:
    """Under xdist each worker marks for itself, and the session is the same."""
    library.ini(*TARGETS)
    library.run("--distil-collect")
    result = library.pytester.runpytest_subprocess(*_PLUGINS, "--distil-collect", "-n2")
    alone, together = library.sessions()

    assert 1 == result.parseoutcomes()["failed"]
    assert alone.files() == together.files()
    assert alone.left_out == together.left_out


def test_a_model_answers_for_such_functions(library: Library) -> None:
    """Tests receive the model's values from functions that were marked by their paths, and run again without them."""
    library.ini(*TARGETS)
    library.run("--distil-collect")
    result = library.run("--distil-eval=memory:majority", "--distil-gate-on=all")

    result.stdout.fnmatch_lines(["model *memory:majority*", "tests *2 passed, 24 disagreed, 1 failed*"])
    assert "differ" in result.stdout.str()


def test_the_functions_are_their_own_again(library: Library) -> None:
    """The marks are gone at the end of the run."""
    library.ini("LIBRARY.work:work")
    (library.pytester.path / "keeping.py").write_text(
        f"import {library.name}\ncode = {library.name}.work.__code__\n"
        "def pytest_sessionstart():\n    import LIBRARY; assert LIBRARY.work.__code__ is not code\n".replace(
            "LIBRARY", library.name
        )
    )
    library.pytester.syspathinsert()
    # The snapshot of modules that in-process runs take would forget both.
    result = library.pytester.runpython_c(
        f"import sys; sys.path.insert(0, '.'); import keeping, pytest; "
        f"pytest.main([*{_PLUGINS}, '--distil-collect', '-q'], plugins=[keeping]); "
        f"import {library.name} as it; print('same', it.work.__code__ is keeping.code)"
    )

    result.stdout.fnmatch_lines(["distil: 30 examples*", "same True"])


@pytest.mark.parametrize("workers", [(), pytest.param(("-n1",), marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_wrong_targets_are_a_usage_error(library: Library, workers: tuple[str, ...]) -> None:
    """All of them in one message, before any test runs, under xdist too."""
    library.ini("LIBRARY.work:wrok", "LIBRARY.wrok:work", "LIBRARY.work:work")
    result = library.pytester.runpytest_subprocess(*_PLUGINS, "--distil-collect", *workers)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    name = library.name
    message = (
        f"distil_functions: {name}.work:wrok: there is no 'wrok'; there is 'work'; "
        f"{name}.wrok:work: there is no module '{name}.wrok'; there is '{name}.work'"
    )

    assert f"ERROR: {message}" in [*result.errlines, *result.outlines]
    assert "passed" not in result.parseoutcomes()


def test_a_target_nobody_imported_is_named(library: Library) -> None:
    """A module that exists and that no test needs is no error, but its calls cannot be missed in silence."""
    library.ini("LIBRARY.work:work", "wave:open")
    result = library.run("--distil-collect", "--deselect", f"test_{library.name}.py::test_fails")

    result.stdout.fnmatch_lines(["*distil: distil_functions*", "wave:open: its module was not imported in this run*"])


def test_the_command_line_takes_the_place_of_the_ini_file(library: Library) -> None:
    """As every other option; without a mode it means nothing, and is refused."""
    library.ini("LIBRARY.work:nonsense")
    library.run("--distil-collect", f"--distil-function={library.name}.work:work")
    [session] = library.sessions()

    assert [f"{library.name}.work.work"] == [task["brief"]["task"] for task in session.manifest["tasks"]]

    refused = library.run(f"--distil-function={library.name}.work:work")

    assert pytest.ExitCode.USAGE_ERROR == refused.ret
    refused.stderr.fnmatch_lines(["ERROR: --distil-function: needs --distil-collect or --distil-eval=MODEL"])


def test_a_run_without_a_mode_marks_nothing(library: Library) -> None:
    """The ini file alone changes no run: not even a wrong target does."""
    library.ini("LIBRARY.work:nonsense")

    assert 1 == library.run().parseoutcomes()["failed"]
    assert not Path(library.pytester.path / ".distil").exists()
