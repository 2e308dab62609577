"""However a run goes (workers, order, `-x`, Ctrl-C, SIGKILL), its session holds the same, or what had ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_distil.cli import demo, main
from support.suites import FIVE, Session, Suite, collected

ORDERS = {
    "workers": ("-n", "2"),
    "random order": ("-p", "randomly", "-p", "no:xdist"),
    "workers and random order": ("-n", "2", "-p", "randomly"),
    "one worker": ("-n", "1"),
    "without xdist": ("-p", "no:xdist"),
}


@pytest.mark.parametrize("how", [pytest.param(args, id=name) for name, args in ORDERS.items()])
def test_files_do_not_depend_on_the_run(pytester: pytest.Pytester, how: tuple[str, ...]) -> None:
    """The files of a session are byte-identical for any number of workers and any order of tests."""
    suite = Suite(pytester)
    suite.write(FIVE)
    plain = suite.collect()
    other = suite.collect(*how, subprocess=True)

    assert {"calls.jsonl"} < plain.files().keys()
    assert plain.files() == other.files()
    assert numbers_of(plain) == numbers_of(other)


@pytest.mark.slow
def test_examples_do_not_depend_on_the_run(pytester: pytest.Pytester) -> None:
    """The same holds for the examples, 720 calls of three suites."""
    shutil.copytree(demo.examples_folder(), pytester.path / "examples")
    suite = Suite(pytester)
    plain = suite.collect("examples", subprocess=True)

    assert 720 == plain.files()["calls.jsonl"].count(b"\n")
    for name in ("workers", "random order", "workers and random order"):
        assert plain.files() == suite.collect("examples", *ORDERS[name], subprocess=True).files(), name


def test_the_next_command_is_told(pytester: pytest.Pytester) -> None:
    """What to type next has the arguments of this run, with collecting replaced by evaluating."""
    suite = Suite(pytester)
    suite.write(FIVE)
    typed = suite.run("-k", "add or both", "--distil-collect", "--tb=no")
    pytester.makeini("[pytest]\naddopts = --distil-collect\nasyncio_default_fixture_loop_scope = function\n")
    configured = suite.run()

    typed.stdout.fnmatch_lines(["next: pytest * -k 'add or both' --distil-eval=memory:nearest --tb=no*"])
    assert "no:hypothesispytest --distil-eval=memory:nearest" in " ".join(configured.stdout.str().split())


@pytest.mark.parametrize(("verbosity", "lines"), [("-q", 1), ("-qq", 1)])
def test_quiet_runs(pytester: pytest.Pytester, verbosity: str, lines: int) -> None:
    """With `-q` the summary is one line, the last one above pytest's own."""
    suite = Suite(pytester)
    suite.write(FIVE)
    printed = suite.run("--distil-collect", verbosity).stdout.str().splitlines()
    ours = [n for n, line in enumerate(printed) if "distil: " in line]

    assert lines == len(ours)
    assert all("passed in" in line for line in printed[ours[0] + 1 :] if line)


def test_without_a_terminal(pytester: pytest.Pytester) -> None:
    """Under `-p no:terminal` the session is written and nothing is printed."""
    suite = Suite(pytester)
    suite.write(FIVE)
    result = suite.run("--distil-collect", "-p", "no:terminal", subprocess=True)

    assert ("", "") == (result.stdout.str(), result.stderr.str())
    assert (Session(suite.sessions()[0]).folder / "calls.jsonl").exists()


def test_the_summary_is_the_last_section(pytester: pytest.Pytester) -> None:
    """It stands below pytest's own summaries and those of other plugins, directly above the closing line."""
    pytester.makeconftest("def pytest_terminal_summary(terminalreporter):\n    terminalreporter.section('another')\n")
    suite = Suite(pytester)
    suite.write(FIVE + "\n    def test_fails():\n        assert add(1) == 0\n")
    result = suite.run("--distil-collect")
    sections = [line for line in result.stdout.str().splitlines() if line.startswith("===")]

    assert ["short test summary info", "distil: collected"] == [line.strip("= ") for line in sections[-3:-1]]
    result.stdout.fnmatch_lines(["*= another =*", "*= short test summary info =*", "*= distil: collected =*"])


def numbers_of(session: Session) -> dict[str, object]:
    """Return the parts of a manifest that are the same for the same calls."""
    return {name: session.manifest[name] for name in ("tasks", "tests", "left_out", "files", "partial")}


def test_stopping_at_the_first_failure(pytester: pytest.Pytester) -> None:
    """With `-x` the session holds what had passed, and says that it is partial."""
    session = collected(pytester, STOPS.format("assert False"), "-x")

    assert [({"n": 1}, 2)] == session.calls
    assert session.manifest["partial"]


def test_ctrl_c(pytester: pytest.Pytester) -> None:
    """An interrupted run keeps what had passed; the summary is printed and the status is pytest's own."""
    suite = Suite(pytester)
    suite.write(STOPS.format("raise KeyboardInterrupt"))
    result = suite.run("--distil-collect", subprocess=True)
    [folder] = suite.sessions()

    assert pytest.ExitCode.INTERRUPTED == result.ret
    assert [({"n": 1}, 2)] == Session(folder).calls
    result.stdout.fnmatch_lines(["*= distil: collected =*", "partial: only some of the tests ran; *"])
    assert not (suite.home / "latest").exists()


STOPS = """
    from pytest_distil import distil

    @distil
    def double(n: int) -> int:
        return 2 * n

    def test_one():
        assert double(1) == 2

    def test_two():
        double(2)
        {}

    def test_three():
        assert double(3) == 6
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_loses_nothing_that_had_ended(pytester: pytest.Pytester) -> None:
    """After SIGKILL, `recover` makes a session of every test that had ended, and not while the run is going on."""
    suite = Suite(pytester)
    suite.write(STOPS.format("import os, signal, time; print(flush=True); time.sleep(60)"))
    command = [sys.executable, "-m", "pytest", "--distil-collect", "-p", "no:randomly"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=pytester.path) as run:
        wait_for_lines(suite, 2)
        assert 2 == main(["recover", "--dir", str(suite.home)]), "it is still running"
        os.kill(run.pid, signal.SIGKILL)
    [folder] = suite.sessions()

    assert not (folder / "session.json").exists()
    assert 0 == main(["recover", "--dir", str(suite.home)])
    session = Session(folder)
    assert [({"n": 1}, 2)] == session.calls
    assert session.manifest["recovered"]
    assert session.manifest["partial"]
    assert not (folder / "journal.jsonl").exists()
    assert 0 == main(["recover", "--dir", str(suite.home)]), "nothing is left to do"


def wait_for_lines(suite: Suite, lines: int) -> None:
    """Wait until the journal of the only session has that many lines."""
    for _ in range(600):
        journals = [path / "journal.jsonl" for path in suite.sessions()]
        if journals and journals[0].exists() and len(journals[0].read_bytes().splitlines()) >= lines:
            return
        time.sleep(0.1)
    raise TimeoutError("the run wrote no journal")


def test_a_part_of_the_suite_is_a_partial_session(pytester: pytest.Pytester) -> None:
    """A run of tests that are named on the command line is no `latest`; the ini file says what the suite is."""
    suite = Suite(pytester)
    module = suite.write(FIVE)
    whole = suite.collect()
    for args in (
        ("-k", "add"),
        (f"{module}.py",),
        (f"{module}.py::test_both",),
        ("--deselect", f"{module}.py::test_both"),
    ):
        assert suite.collect(*args).manifest["partial"], args
    pytester.makeini("[pytest]\naddopts = -k add\nasyncio_default_fixture_loop_scope = function\n")

    assert not whole.manifest["partial"]
    assert whole.folder.name == (suite.home / "latest").read_text().strip()
    assert not suite.collect().manifest["partial"]
    assert not suite.collect(".").manifest["partial"]


def test_a_session_without_examples_is_not_the_latest(pytester: pytest.Pytester) -> None:
    """A run that failed altogether does not take the place of a good session."""
    suite = Suite(pytester)
    module = suite.write(FIVE)
    good = suite.collect()
    suite.write("def test_it():\n    assert False\n", module)
    suite.collect()

    assert good.folder.name == (suite.home / "latest").read_text().strip()


def test_collect_only(pytester: pytest.Pytester) -> None:
    """`--collect-only` writes nothing and says nothing."""
    suite = Suite(pytester)
    suite.write(FIVE)
    result = suite.run("--distil-collect", "--collect-only")

    assert not suite.home.exists()
    result.stdout.no_fnmatch_line("*distil: *")


def test_setup_only_vouches_for_nothing(pytester: pytest.Pytester) -> None:
    """Where no test body runs, what fixtures called is not vouched for."""
    suite = Suite(pytester)
    suite.write(
        """
        import pytest
        from pytest_distil import distil

        @distil
        def double(n: int) -> int:
            return 2 * n

        @pytest.fixture
        def two():
            return double(1)

        def test_it(two):
            assert two == 3
        """
    )

    assert [] == suite.collect("--setup-only").calls


def test_a_folder_that_cannot_be_written_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """The option is named before the first test runs."""
    suite = Suite(pytester)
    suite.write(FIVE)
    (pytester.path / "taken").write_text("a file")
    result = suite.run("--distil-collect", "--distil-dir=taken")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["*--distil-dir: cannot write to '*taken'*"])


def test_a_session_that_cannot_be_written_fails_the_run(pytester: pytest.Pytester) -> None:
    """Where the files cannot be written at the end, the run fails, and the journal stays for `recover`."""
    suite = Suite(pytester)
    suite.write(FIVE)
    pytester.makeconftest(
        """
        import pathlib

        def pytest_sessionfinish():
            pass

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("test_both"):
                for session in pathlib.Path(".distil/sessions").iterdir():
                    (session / "calls.jsonl").mkdir()
        """
    )
    result = suite.run("--distil-collect")
    [folder] = suite.sessions()

    assert pytest.ExitCode.INTERNAL_ERROR == result.ret
    result.stdout.fnmatch_lines(["the session could not be written: *"])
    assert (folder / "journal.jsonl").exists()


def test_a_nested_run_leaves_the_outer_one_intact(pytester: pytest.Pytester) -> None:
    """A test that runs pytest in its own process, collecting too, keeps its own calls and none of the inner ones."""
    pytester.makeconftest("pytest_plugins = ['pytester']")
    suite = Suite(pytester)
    suite.write(
        """
        from pytest_distil import distil

        @distil
        def double(n: int) -> int:
            return 2 * n

        def test_nested(pytester):
            pytester.makepyfile(test_inner='''
                from pytest_distil import distil

                @distil
                def triple(n: int) -> int:
                    return 3 * n

                def test_it():
                    assert triple(1) == 3
            ''')
            assert double(1) == 2
            pytester.runpytest_inprocess("--distil-collect", "-p", "no:randomly").assert_outcomes(passed=1)
            assert double(2) == 4
            [inner] = (pytester.path / ".distil" / "sessions").glob("*/calls.jsonl")
            assert '"arguments":{"n":1},"result":3' in inner.read_text()
        """
    )
    session = suite.collect(subprocess=True)

    assert [({"n": 1}, 2), ({"n": 2}, 4)] == session.calls
    assert {"passed": 1, "not_passed": 0} == session.manifest["tests"]


def test_home_is_kept_out_of_repositories(pytester: pytest.Pytester) -> None:
    """The folder ignores itself, and says what it is."""
    suite = Suite(pytester)
    suite.write(FIVE)
    suite.collect()

    assert "*\n" == (suite.home / ".gitignore").read_text()
    assert "sessions/" in Path(suite.home / "README").read_text()
