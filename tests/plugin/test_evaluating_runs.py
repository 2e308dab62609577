"""However a run goes (stopped, crashed, limited, in parts), its report and its tests say what is true."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from support.evaluating import Project, answering, endings, verdicts
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer, Reply

STOPS = """
    import pytest
    from labels import parity

    def test_first():
        assert parity(0) == "even"

    def test_disagreed():
        assert parity(1) == "odd"

    def test_failed():
        assert parity(2) == "even"
        assert 1 == 2

    @pytest.mark.parametrize("n", range(3, 40))
    def test_later(n):
        parity(n)
"""

MAJORITY = "--distil-eval=memory:majority"
"""Answers "even" to every call."""

GATE = ("--distil-fail-under=50", "--distil-gate-on=all")


@pytest.fixture
def labels(tmp_path: Path) -> Project:
    """Return the small suite, collected."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    project.collect()
    return project


def test_stopping_at_the_first_failure(tmp_path: Path) -> None:
    """`-x` stops at a test's own failure, not where the model disagrees; nothing is judged, and no more is asked."""
    project = Project(tmp_path, labels=LABELS, test_stops=STOPS)
    project.collect()
    with ChatServer(answering(wrong_for({1})), latency=0.2) as server:
        ran = project.evaluate(server, "-x", "--distil-concurrency=2", *GATE)

    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert {"passed": 1, "disagreed": 1, "failed": 1} == ran.counts
    assert ran.report["selection"]["interrupted"]
    assert ran.report["ruling"]["passed"] is None
    assert len(server.requests) < 12


@pytest.mark.slow
def test_stopping_with_workers(tmp_path: Path) -> None:
    """`--maxfail` with workers ends soon, however much was to be asked."""
    project = Project(tmp_path, labels=LABELS, test_stops=STOPS)
    project.collect()
    with ChatServer(answering(wrong_for({1})), latency=0.5) as server:
        ran = project.evaluate(
            server,
            "-n",
            "2",
            "--maxfail=1",
            "--distil-concurrency=1",
            "--distil-return=original",
            *GATE,
            plugins=("xdist",),
        )

    assert pytest.ExitCode.INTERRUPTED == ran.status  # as xdist does it
    assert 1 == ran.counts["failed"]
    assert ran.report["ruling"]["passed"] is None
    assert len(server.requests) < 12


def test_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C keeps its exit status; what was known is reported and not judged, and answers that came are stored."""
    project = Project(tmp_path, labels=LABELS, test_stops=STOPS.replace("assert 1 == 2", "raise KeyboardInterrupt"))
    with ChatServer(answering(wrong_for({1}))) as server:
        first = project.evaluate(server, *GATE)
        project.write(test_stops=STOPS)
        second = project.evaluate(server, "-k", "first or disagreed", *GATE)

    assert pytest.ExitCode.INTERRUPTED == first.status
    assert first.report != second.report
    assert 3 == len(server.requests)
    assert second.report["selection"]["partial"]
    assert second.report["ruling"]["passed"]


def test_folders_of_a_suite(tmp_path: Path) -> None:
    """A folder is the suite of those who always name it; a part where a session holds more that is still there."""
    project = Project(tmp_path, labels=LABELS)
    for name in ("one", "two"):
        (tmp_path / "tests" / name).mkdir(parents=True)
        project.write(
            **{f"tests/{name}/test_{name}": f"from labels import parity\ndef test_it(): parity({ord(name[0])})"}
        )
    options = ("-o", "pythonpath=.", "--distil-gate-on=all", "--distil-fail-under=50")
    project.run("--distil-collect", "tests", "-o", "pythonpath=.")
    recording = "--distil-eval=memory:lookup"
    whole = project.run(recording, "tests", *options)
    parts = [project.run(recording, *each, *options) for each in (("tests/one",), ("tests", "--ignore=tests/two"))]
    (tmp_path / "tests" / "two" / "test_two.py").unlink()
    gone = project.run(recording, "tests/one", *options)

    assert [False, True, True, False] == [one.report["selection"]["partial"] for one in (whole, *parts, gone)]
    assert "this was a part of the suite; what ran is judged" in parts[0].out


def test_parts_of_a_suite(labels: Project) -> None:
    """`-k` and `--lf` select as ever: a disagreed test is no failed one, and a part of a suite says that it is one."""
    single = labels.run(MAJORITY, "-k", "each[1] or each[2] or each[4]")
    again = labels.run(MAJORITY, "-k", "each[1] or each[2] or each[4]", "--lf", "-n", "1", plugins=("xdist",))

    assert {"passed": 2, "disagreed": 1, "deselected": 27} == single.counts
    assert {"passed": 2, "disagreed": 1} == again.counts
    assert single.report["selection"] == again.report["selection"]
    assert single.report["selection"]["partial"]
    assert 27 == single.report["selection"]["deselected"]
    assert verdicts(single.report) == verdicts(again.report)


def test_only_disagreed(labels: Project) -> None:
    """`--distil-disagreed` runs the tests that disagreed last time, until none does; in every process of a run."""
    too_early = labels.run(MAJORITY, "--distil-disagreed")
    labels.run(MAJORITY)
    again = labels.run(MAJORITY, "--distil-disagreed", "-n", "2", plugins=("xdist",))
    part = labels.run(MAJORITY, "-k", "each[3] or each[4]")
    still = labels.run(MAJORITY, "--distil-disagreed", "--distil-return=original")
    none = labels.run(MAJORITY, "--distil-disagreed")

    assert pytest.ExitCode.USAGE_ERROR == too_early.status
    assert "--distil-disagreed: no evaluation has noted yet" in too_early.err
    assert {"disagreed": 4} == again.counts
    assert {"passed": 1, "disagreed": 1, "deselected": 28} == part.counts
    assert {"passed": 4, "deselected": 26} == still.counts
    assert pytest.ExitCode.NO_TESTS_COLLECTED == none.status
    assert "no test disagreed last time" in none.out


def test_only_disagreed_without_a_cache(labels: Project) -> None:
    """`--distil-disagreed` says what it needs; without it an evaluation does without pytest's cache."""
    refused = labels.run(MAJORITY, "--distil-disagreed", "-p", "no:cacheprovider")
    ran = labels.run(MAJORITY, "-p", "no:cacheprovider")

    assert pytest.ExitCode.USAGE_ERROR == refused.status
    assert "needs pytest's cache" in refused.err
    assert {"passed": 26, "disagreed": 4} == ran.counts


def test_collecting_only_lists(tmp_path: Path) -> None:
    """`--collect-only` lists tests and does nothing else, with workers too."""
    project = Project(tmp_path, labels=LABELS, test_labels=THIRTY)
    ran = project.run("--distil-eval=student", "--collect-only", "-q", *GATE)
    project.run("--distil-eval=student", "--collect-only", "-q", "-n", "2", plugins=("xdist",))

    assert pytest.ExitCode.OK == ran.status
    assert "test_each[50]" in ran.out
    assert "distil" not in ran.out
    assert not (tmp_path / ".distil").exists()


HANGS = """
    import time
    import pytest
    from labels import parity

    @pytest.mark.timeout(0.5)
    def test_disagreed_because_it_hangs():
        while parity(1) != "odd":
            time.sleep(0.01)

    @pytest.mark.timeout(0.5)
    def test_failed_because_it_hangs():
        parity(1)
        time.sleep(30)

    @pytest.mark.timeout(0.5)
    def test_disagreed_by_waiting():
        assert parity(100) == "even"

    @pytest.mark.timeout(0.5)
    def test_last():
        assert parity(2) == "even"
"""


def test_time_limits(tmp_path: Path) -> None:
    """Each run of a test has pytest-timeout's limit to itself, and waiting for what is left is in no test's time."""

    def model(task: str, arguments: dict[str, Any]) -> Any:
        n = arguments["n"]
        return Reply(content='{"value":"even"}', delay=1.5) if n == 100 else wrong_for({1})(task, arguments)

    project = Project(tmp_path, labels=LABELS, test_hangs=HANGS)
    with ChatServer(answering(model)) as server:
        ran = project.evaluate(server, plugins=("pytest_timeout",))

    assert {
        "test_disagreed_because_it_hangs": "disagreed",
        "test_failed_because_it_hangs": "failed",
        "test_disagreed_by_waiting": "disagreed",
    } == endings(ran.report)
    assert "agree" == {one["fingerprint"]: one["verdict"] for one in ran.report["trials"]}[fingerprint_of(ran.report)]
    assert "FAILED test_hangs.py::test_failed_because_it_hangs - Failed: Timeout (>0.5s)" in ran.out


def fingerprint_of(report: dict[str, Any]) -> str:
    """Return the fingerprint of the call that only the slow test made."""
    [slow] = [one for one in report["trials"] if one["tests"] == ["test_hangs.py::test_disagreed_by_waiting"]]
    return str(slow["fingerprint"])


DEBUGGER = """
    from pathlib import Path

    class Debugger:
        quitting = False

        def __init__(self, *args, **kwargs):
            pass

        def reset(self):
            pass

        def setup(self, frame, tb):
            pass

        def interaction(self, frame, tb):
            with (Path(__file__).parent / "entered.log").open("a") as file:
                file.write("entered\\n")
"""


def test_debugger(tmp_path: Path) -> None:
    """`--pdb` opens for a test's own failure, once, and not where only the model's value was wrong."""
    project = Project(tmp_path, labels=LABELS, test_stops=STOPS, debugger=DEBUGGER)
    with ChatServer(answering(wrong_for({1}))) as server:
        ran = project.evaluate(server, "--pdb", "--pdbcls=debugger:Debugger", "-k", "first or disagreed or failed")

    assert {"passed": 1, "disagreed": 1, "failed": 1} == {n: ran.counts[n] for n in ("passed", "disagreed", "failed")}
    assert 1 == len(project.lines("entered.log"))


def test_html(tmp_path: Path) -> None:
    """A report of pytest-html counts each test once, a disagreed one as passed."""
    project = Project(tmp_path, labels=LABELS, test_stops=STOPS)
    with ChatServer(answering(wrong_for({1}))) as server:
        project.evaluate(
            server,
            *("--html=report.html", "-k", "first or disagreed or failed"),
            plugins=("pytest_html.plugin", "pytest_metadata.plugin"),
        )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    [blob] = re.findall(r'data-jsonblob="([^"]*)"', page)
    results = {name.rpartition("::")[2]: runs for name, runs in json.loads(unescape(blob))["tests"].items()}

    assert {"test_first": ["Passed"], "test_disagreed": ["Passed"], "test_failed": ["Failed"]} == {
        name: [run["result"] for run in runs] for name, runs in results.items()
    }


DIES = """
    import os
    import pytest
    from labels import parity

    @pytest.mark.parametrize("n", range(30))
    def test_each(n):
        parity(n)
        if n == {number} and os.environ.get("PYTEST_XDIST_WORKER", "") {worker}:
            os._exit(1)
        assert parity(100 + n) in ("even", "odd")
"""


@pytest.mark.parametrize(
    ("number", "worker"),
    [
        pytest.param(11, '!= ""', id="any"),
        pytest.param(0, '== "gw0"', id="the first, which asks ahead", marks=pytest.mark.slow),
    ],
)
def test_a_worker_that_is_killed(tmp_path: Path, number: int, worker: str) -> None:
    """What a killed worker was to call is judged from the session, no prompt is asked again, and no gate passes."""
    tests = DIES.format(number=number, worker=worker)
    project = Project(tmp_path / "plain", labels=LABELS, test_dies=tests)
    project.collect()
    other = project.copy(tmp_path / "workers")
    with ChatServer(answering(wrong_for({5, 11, 111}))) as server:
        plain = project.evaluate(server)
    with ChatServer(answering(wrong_for({5, 11, 111}))) as server:
        ran = other.evaluate(server, "-n", "2", *GATE, plugins=("xdist",))

    assert {"passed": 29, "failed": 2} == ran.counts  # the killed test, and the gate
    assert verdicts(plain.report) == verdicts(ran.report)
    assert plain.report["totals"] == ran.report["totals"]
    assert {1} == set(server.tries.values())
    assert ran.report["ruling"]["passed"] is False
    assert "crashed" in ran.out


KILLS = """
    import os, signal
    import pytest
    from labels import parity

    def test_first():
        assert parity(0) == "even"

    def test_kills_the_asker(pytestconfig):
        asker = pytestconfig.pluginmanager.get_plugin("distil-opening")._asker
        os.kill(asker.pid, signal.SIGKILL)

    @pytest.mark.parametrize("n", range(2, 20))
    def test_later(n):
        assert parity(n) in ("even", "odd")
"""


def test_an_asker_that_is_killed(tmp_path: Path) -> None:
    """Without the asker no answer comes: tests get the original's values, the run fails, and says what happened."""
    project = Project(tmp_path, labels=LABELS, test_kills=KILLS)
    with ChatServer(answering(wrong_for({}))) as server:
        ran = project.evaluate(server)

    assert {"passed": 20, "failed": 1} == ran.counts  # the failure is the gate's
    assert pytest.ExitCode.TESTS_FAILED == ran.status
    assert "the process that asks models has ended" in ran.out
    assert 18 == ran.report["totals"]["failed"]


UNREACHABLE = """
    import pytest

    class Elsewhere:
        @pytest.hookimpl(trylast=True)
        def pytest_configure_node(self, node):
            if node.gateway.id == "gw1":
                node.workerinput["distil"] = {**node.workerinput["distil"], "address": "/nowhere#00"}

    def pytest_configure(config):
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Elsewhere())
"""


def test_a_store_that_is_damaged(labels: Project) -> None:
    """A store of answers that cannot be read is set aside with a message, and the run goes on."""
    (labels.folder / ".distil" / "answers.sqlite").write_bytes(b"no database" * 1000)
    with ChatServer(answering(wrong_for({}))) as server:
        ran = labels.evaluate(server)

    assert pytest.ExitCode.OK == ran.status
    assert {"passed": 30} == ran.counts
    assert "= distil: asking =" in ran.out
    assert "answers.sqlite" in ran.out


def test_a_folder_that_cannot_be_written(labels: Project) -> None:
    """Where nothing can be kept, the run ends before its first test, with one message that names the option."""
    session = next((labels.folder / ".distil" / "sessions").iterdir())
    ran = labels.run(MAJORITY, "--distil-dir=labels.py", f"--distil-session={session}")

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert 1 == ran.err.count("ERROR: --distil-dir: cannot write to ")
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.slow
def test_a_worker_out_of_reach(labels: Project) -> None:
    """A worker that cannot reach the run's asker gets one of its own, and says so."""
    labels.write(conftest=UNREACHABLE)
    with ChatServer(answering(wrong_for({3}))) as server:
        ran = labels.evaluate(server, "-n", "2", plugins=("xdist",), DISTIL_BASE_URL=server.url)

    assert {"passed": 29, "disagreed": 1} == ran.counts
    assert (29, 1, 0) == tuple(ran.report["totals"][name] for name in ("agree", "differ", "failed"))
    assert "distil: worker gw1 on " in ran.out
    assert "asks by itself" in ran.out


@pytest.mark.slow
@pytest.mark.parametrize("how", ["loadfile", "loadgroup"])
def test_ways_to_distribute(labels: Project, how: str) -> None:
    """Tests keep their names however xdist hands them out, so that recorded calls are found."""
    plain = labels.run(MAJORITY)
    labels.write(test_labels=THIRTY.replace("@pytest", '@pytest.mark.xdist_group("one")\n    @pytest', 1))
    ran = labels.run(MAJORITY, "-n", "2", f"--dist={how}", plugins=("xdist",))

    assert 30 == sum(ran.report["totals"][name] for name in ("agree", "differ"))
    assert verdicts(plain.report) == verdicts(ran.report)
    assert endings(plain.report) == endings(ran.report)


def test_no_workers(labels: Project) -> None:
    """`-n 0` is one process."""
    ran = labels.run(MAJORITY, "-n", "0", plugins=("xdist",))

    assert {"passed": 26, "disagreed": 4} == ran.counts
