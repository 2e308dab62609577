"""How far asking is: said while nothing else happens, and never in the way of what pytest prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.evaluating import Project, answering, command, environment
from support.labels import LABELS, wrong_for
from support.server import ChatServer
from support.terminal import Shown, on_terminal, rendered

pytestmark = pytest.mark.slow

FEW = """
    import pytest
    from labels import parity

    @pytest.mark.parametrize("n", range(4))
    def test_each(n):
        parity(n)
"""

LATENCY = 3.0
"""Seconds; what is shown is shown after two."""

SAID = re.compile(r"distil: \d of \d prompts answered")


@pytest.fixture
def few(tmp_path: Path) -> Project:
    """Return a suite of four calls, collected."""
    project = Project(tmp_path, labels=LABELS, test_few=FEW)
    project.collect()
    return project


def on_screen(
    project: Project, server: ChatServer, *args: str, plugins: tuple[str, ...] = (), until: str = ""
) -> Shown:
    """Evaluate on a terminal, until it says something, else to the end."""
    chosen = ["--distil-eval=student", "--color=no", f"-odistil_base_url={server.url}", "--distil-concurrency=2", *args]

    def interrupt(raw: str) -> bool:
        return bool(until) and until in raw

    return on_terminal(
        command(*chosen, plugins=plugins), cwd=project.folder, env=environment(COLUMNS="100"), interrupt=interrupt
    )


def port_of(server: ChatServer) -> int:
    """Return where a server was: answers are stored under its address."""
    return urlsplit(server.url).port or 0


def steady(lines: list[str]) -> list[str]:
    """Return lines without what differs from run to run: times, names of files, how many workers are ready."""
    return [re.sub(r"\d+(\.\d+)? s\b|\d/2 workers|in [\d.]+s =*|2\d+T\d+Z-\S+|127\S+|=+", "_", line) for line in lines]


@pytest.mark.parametrize(
    ("args", "plugins"),
    [
        ((), ()),
        (("-v",), ()),
        (("--distil-return=original",), ()),
        (("-n2", "--dist=each"), ("xdist",)),
    ],
    ids=["dots", "names", "at the end", "workers"],
)
def test_a_line_on_a_terminal(few: Project, args: tuple[str, ...], plugins: tuple[str, ...]) -> None:
    """While answers are awaited a line says so; at the end the screen is as if there had been none."""
    with ChatServer(answering(wrong_for(()))) as server:
        plain = on_screen(few, server, *args, plugins=plugins)
    (few.folder / ".distil" / "answers.sqlite").unlink()
    with ChatServer(answering(wrong_for(())), latency=LATENCY) as server:
        shown = on_screen(few, server, *args, plugins=plugins)

    assert SAID.search(shown.raw)
    assert steady(plain.lines) == steady(shown.lines)


@pytest.mark.parametrize(
    ("args", "plugins", "before"),
    [((), (), "collected 4 items"), (("-n2",), ("xdist",), r"ready: \d/2 workers")],
    ids=["one process", "workers"],
)
def test_where_prompts_go(few: Project, args: tuple[str, ...], plugins: tuple[str, ...], before: str) -> None:
    """What is to be asked stands on a line of its own, below what pytest says of collection."""
    with ChatServer(answering(wrong_for(()))) as server:
        lines = on_screen(few, server, *args, plugins=plugins).lines
    [said] = [number for number, line in enumerate(lines) if line.startswith("distil: up to 4 prompts")]

    assert re.fullmatch(before, lines[said - 1])


def test_nothing_where_tests_print(few: Project) -> None:
    """With `-s` the screen is the test's as long as it runs."""
    few.write(test_few=FEW.replace("parity(n)", "print('here'); parity(n); print('there')"))
    with ChatServer(answering(wrong_for(())), latency=LATENCY) as server:
        shown = on_screen(few, server, "-s", "--distil-concurrency=4")

    assert not SAID.search(shown.raw)
    assert 4 == shown.raw.count("here\r\nthere\r\n")


def test_lines_without_a_terminal(few: Project) -> None:
    """A log gets a line after some seconds, and later ones more and more seldom."""
    with ChatServer(answering(wrong_for(())), latency=7.0) as server:
        ran = few.evaluate(server, "--distil-concurrency=4")

    assert {"distil: 0 of 4 prompts answered"} == {line for line in ran.out.splitlines() if SAID.search(line)}
    assert {"passed": 4} == ran.counts


@pytest.mark.parametrize(("args", "plugins"), [((), ()), (("-n2",), ("xdist",))], ids=["one process", "workers"])
def test_ctrl_c_while_answers_are_awaited(few: Project, args: tuple[str, ...], plugins: tuple[str, ...]) -> None:
    """What has arrived by Ctrl-C is stored and reported, and nothing is judged."""
    with ChatServer(answering(wrong_for(())), latency=LATENCY) as server:
        shown = on_screen(
            few,
            server,
            *args,
            "--distil-return=original",
            "--distil-fail-under=100",
            plugins=plugins,
            until="2 of 4 prompts answered",
        )
    [written] = (few.folder / ".distil" / "reports").glob("*.json")
    report = json.loads(written.read_text(encoding="utf-8"))
    with ChatServer(answering(wrong_for(())), port=port_of(server)) as server:
        again = few.evaluate(server)

    assert pytest.ExitCode.INTERRUPTED == shown.status
    assert report["ruling"]["passed"] is None
    assert report["selection"]["interrupted"]
    assert report["totals"]["agree"] >= 2
    assert report["totals"]["agree"] + report["totals"]["unscored"] == 4
    assert any("interrupted: not judged" in line for line in rendered(shown.raw))
    assert 4 - report["totals"]["agree"] == len(server.requests)
    assert 4 == again.report["totals"]["agree"]
