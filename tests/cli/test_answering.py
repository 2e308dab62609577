"""`eval` and `answers`: a session evaluated without its tests, and answers that are committed and replayed."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.cli import main
from pytest_distil.core.report import comparable
from support.evaluating import Project, answering, environment
from support.labels import LABELS, THIRTY, wrong_for
from support.server import ChatServer
from support.terminal import on_terminal

LOCAL = """
    from pytest_distil import distil

    def test_local():
        @distil
        def twice(n: int) -> int:
            return 2 * n

        assert [twice(n) for n in range(30)]
"""


@pytest.fixture
def labels(tmp_path: Path) -> Project:
    """Return the small suite, collected."""
    project = Project(tmp_path / "suite", labels=LABELS, test_labels=THIRTY)
    project.collect()
    return project


def tool(project: Project, *args: str, status: int = 0) -> str:
    """Run the command in a suite's folder, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_distil", *args],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert status == done.returncode, done.stdout + done.stderr
    return done.stderr + done.stdout


def evaluated(project: Project, url: str, *args: str, status: int = 0) -> tuple[str, dict[str, Any]]:
    """Evaluate by the command; return what it prints, and its report."""
    out = project.folder / "out.json"
    printed = tool(project, "eval", "student", f"--base-url={url}", f"--out={out}", *args, status=status)
    return printed, json.loads(out.read_text(encoding="utf-8"))


def test_the_same_as_with_tests(labels: Project) -> None:
    """Verdicts, values and memory are those of an evaluation with tests; tests that did not run are not reported."""
    with ChatServer(answering(wrong_for({1, 8}))) as server:
        tested = labels.evaluate(server).report
        before = len(server.requests)
        printed, direct = evaluated(labels, server.url, "--all")
        again = len(server.requests) - before

    left = ("tests", "selection", "ruling")
    assert 0 == again
    assert {**comparable(tested), **dict.fromkeys(left)} == {**comparable(direct), **dict.fromkeys(left)}
    assert "distil: up to 30 prompts of about" in printed


def test_only_what_is_held_out(labels: Project) -> None:
    """Without --all only held-out calls are asked about."""
    with ChatServer(answering(wrong_for(()))) as server:
        _, report = evaluated(labels, server.url)

    assert {True} == {bool(one["held_out"]) for one in report["trials"]}
    assert 0 < len(report["trials"]) == len(server.requests) < 30


@pytest.mark.parametrize(("threshold", "status", "says"), [("90", 0, "passed"), ("95", 1, "FAILED")])
def test_the_gate(labels: Project, threshold: str, status: int, says: str) -> None:
    """The same gate holds, and is the exit status."""
    with ChatServer(answering(wrong_for({1, 8}))) as server:
        printed, _ = evaluated(labels, server.url, "--all", f"--fail-under={threshold}", "--gate-on=all", status=status)

    assert printed.strip().endswith(says)


def test_prices(labels: Project) -> None:
    """Money is told at the user's prices, and what is stored was paid for before."""
    with ChatServer(answering(wrong_for(()))) as server:
        first, report = evaluated(labels, server.url, "--prices=student=1/10")
        second, _ = evaluated(labels, server.url, "--prices=student=1/10")
        third, _ = evaluated(labels, server.url)
    usage = report["usage"]

    assert (usage["prompt_tokens"] + 10 * usage["completion_tokens"]) / 1e6 == pytest.approx(usage["cost"])
    assert f", cost {usage['cost']:.4f}" in first
    assert ", cost 0;" in second
    assert "cost" not in third


def test_local_functions_are_refused(tmp_path: Path) -> None:
    """A function inside a function cannot be imported; nothing is asked."""
    project = Project(tmp_path / "suite", test_local=LOCAL)
    project.collect()
    with ChatServer(answering(lambda _, arguments: 2 * arguments["n"])) as server:
        printed = tool(project, "eval", "student", f"--base-url={server.url}", "--all", status=2)

    assert "twice is defined inside a function and cannot be imported; run its tests instead" in printed
    assert [] == server.requests


@pytest.mark.parametrize(
    ("text", "says"),
    [("raise RuntimeError('no')", "RuntimeError: no"), ("def parity(n): ...", "marks no such function")],
)
def test_a_task_that_is_gone(labels: Project, text: str, says: str) -> None:
    """A module that cannot be imported, or marks nothing any more, is named."""
    labels.write(labels=text)
    printed = tool(labels, "eval", "memory:majority", status=2)

    assert "labels.parity: " in printed
    assert says in printed


def test_modules_elsewhere(labels: Project) -> None:
    """The tasks' modules may stand in another folder, as with pytest's own `pythonpath`."""
    (labels.folder / "src").mkdir()
    (labels.folder / "labels.py").rename(labels.folder / "src" / "labels.py")

    assert "No module named 'labels'" in tool(labels, "eval", "memory:majority", status=2)
    assert "agreement on" in tool(labels, "eval", "memory:majority", "--path=src")


def test_no_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no session, the command that makes one is named."""
    assert 2 == main(["eval", "memory:majority", "--dir", str(tmp_path)])
    assert "`pytest --distil-collect` makes one" in capsys.readouterr().err


def test_replaying_committed_answers(labels: Project, tmp_path: Path) -> None:
    """Answers that were exported and committed give the same report elsewhere, with no server and no key."""
    with ChatServer(answering(wrong_for({1, 8}))) as server:
        first = labels.evaluate(server).report
    tool(labels, "answers", "export", "answers.jsonl")
    clone = labels.copy(tmp_path / "clone")
    assert "30 answers taken" in tool(clone, "answers", "import", "answers.jsonl")
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)) as nobody:
        again = clone.evaluate(server.url, "--distil-offline")
        nobody.setblocking(False)
        with pytest.raises(BlockingIOError):
            nobody.accept()

    assert comparable(first) == comparable(again.report)
    assert 30 == again.report["usage"]["stored"]
    assert "nothing is asked" in again.out


def test_offline_without_an_answer(labels: Project) -> None:
    """A call whose answer is not stored has failed, with its reason, and the gate fails closed."""
    ran = labels.evaluate("http://127.0.0.1:9/v1", "--distil-offline")

    assert 30 == ran.report["totals"]["failed"]
    assert "not among the stored answers, and offline" in ran.out
    assert pytest.ExitCode.TESTS_FAILED == ran.status


def test_refreshing(labels: Project) -> None:
    """--distil-refresh asks again, and what comes is stored in place of what was."""
    with ChatServer(answering(wrong_for({1}))) as server:
        labels.evaluate(server)
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with ChatServer(answering(wrong_for(())), port=port) as server:
        stored = labels.evaluate(server)
        fresh = labels.evaluate(server, "--distil-refresh")
        after = labels.evaluate(server)

    assert (29, 30, 30) == tuple(ran.report["totals"]["agree"] for ran in (stored, fresh, after))
    assert {1} == set(server.answered.values())


def test_forgetting(labels: Project) -> None:
    """Answers are forgotten by model or by age, or all of them."""
    with ChatServer(answering(wrong_for(()))) as server:
        labels.evaluate(server)

    assert "0 answers forgotten" in tool(labels, "answers", "prune", "--model=other")
    assert "0 answers forgotten" in tool(labels, "answers", "prune", "--older-than=1")
    assert "30 answers forgotten" in tool(labels, "answers", "prune", "--model=student")
    assert "0 answers" in tool(labels, "answers", "export", "none.jsonl")


@pytest.mark.slow
def test_ctrl_c(labels: Project) -> None:
    """A bar shows how far it is; what has arrived by Ctrl-C is stored, and the next run asks for the rest."""
    far = re.compile(r"\[#+\.+\] +\d+% [1-9]\d? of 30 prompts answered")
    with ChatServer(answering(wrong_for(())), latency=1.0) as server:
        command = [sys.executable, "-m", "pytest_distil", "eval", "student", "--all", f"--base-url={server.url}"]
        shown = on_terminal(
            [*command, "--concurrency=5"],
            cwd=labels.folder,
            env=environment(),
            interrupt=lambda raw: far.search(raw) is not None,
        )
        _, report = evaluated(labels, server.url, "--all")

    assert 130 == shown.status
    assert "interrupted: what has arrived is stored" in shown.raw
    assert 0 < report["usage"]["stored"] < 30
    assert 30 == report["usage"]["stored"] + report["usage"]["requests"]


@pytest.mark.parametrize("days", ["soon", "nan", "-1", "1e9"])
def test_forgetting_by_no_age(tmp_path: Path, days: str) -> None:
    """An age that is none is refused by the option's name."""
    told = tool(Project(tmp_path), "answers", "prune", f"--older-than={days}", status=2)

    assert "--older-than: takes " in told


def test_importing_something_else(labels: Project) -> None:
    """A file that is no export is refused with its line, and nothing is taken."""
    (labels.folder / "bad.jsonl").write_text('{"v": 1}\n', encoding="utf-8")

    assert "bad.jsonl:1: not an exported answer" in tool(labels, "answers", "import", "bad.jsonl", status=2)
