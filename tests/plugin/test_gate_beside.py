"""Where CI looks: reporters of others run clean beside an evaluation, and hostile strings stay text everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.evaluating import Project, answering
from support.junit_schema import faults
from support.server import ChatServer

HOSTILE = "a|b <img src=x onerror=alert(1)>\n::error::owned\r\n\x1b[31mred\x1b[0m ```\u202e @team"

SUITE = """
    import pytest
    from pytest_distil import distil

    @distil
    def echo(text: str) -> str:
        return text

    @pytest.mark.parametrize("n", range(30))
    def test_echo(n):
        echo(f"{n}")

    def test_once():
        assert echo("last") == "last"
"""

GATE = ("--distil-fail-under=50", "--distil-gate-on=all")


def hostile(_: str, __: dict[str, Any]) -> str:
    """Answer everything with what means something to terminals, browsers and runners."""
    return HOSTILE


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a suite, collected."""
    found = Project(tmp_path / "suite", test_echo=SUITE)
    found.collect()
    return found


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)])
def test_hostile_answers_in_ci(project: Project, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """In CI no answer is shown unless that is asked for; notices are few, each in one line at its test."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    with ChatServer(answering(hostile)) as server:
        ran = project.evaluate(
            server,
            *GATE,
            *workers,
            "-vv",
            "--junitxml=junit.xml",
            "--distil-report=out.md",
            plugins=("xdist",),
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_STEP_SUMMARY=str(summary),
        )
    notices = [line for line in ran.out.splitlines() if line.startswith("::")]
    text = summary.read_text(encoding="utf-8")

    assert 1 == ran.status, ran.out + ran.err
    assert 1 <= len(notices) <= 10
    assert all(line.startswith("::warning title=pytest-distil,file=test_echo.py,line=") for line in notices), notices
    assert "\x1b" not in ran.out
    assert text.startswith("before\n")
    assert [] == [word for word in ("alert", "onerror", "\x1b", "\u202e") if word in text]
    assert [] == [word for word in ("alert", "onerror") if word in (project.folder / "out.md").read_text()]
    assert "onerror" not in (project.folder / "junit.xml").read_text()
    assert [] == faults(project.folder / "junit.xml")


def test_hostile_answers_shown(project: Project, tmp_path: Path) -> None:
    """Asked for, they are shown as text: no tag, no command at a line's start, no escape."""
    summary = tmp_path / "summary.md"
    with ChatServer(answering(hostile)) as server:
        ran = project.evaluate(
            server, *GATE, "-vv", "-o", "distil_show_values=yes", CI="true", GITHUB_STEP_SUMMARY=str(summary)
        )
    for text in (summary.read_text(encoding="utf-8"), ran.out):
        assert "alert(1)" in text
        assert not any(line.startswith("::") for line in text.splitlines())
        assert not any(one in text for one in "\x1b\u202e")
    assert "<img" not in summary.read_text(encoding="utf-8").replace(r"\<img", "")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_beside_reporters(project: Project, workers: tuple[str, ...]) -> None:
    """pytest-html, pytest-json-report and rerunfailures count what pytest counts, and nobody is heard to complain."""
    plugins = (
        "xdist",
        "pytest_html.plugin",
        "pytest_metadata.plugin",
        "pytest_jsonreport.plugin",
        "pytest_rerunfailures",
    )
    with ChatServer(answering(hostile)) as server:
        ran = project.evaluate(
            server,
            *GATE,
            *workers,
            "--html=out.html",
            "--self-contained-html",
            "--json-report",
            "--json-report-file=out.json",
            "--reruns=1",
            "--junitxml=junit.xml",
            plugins=plugins,
        )

    assert 1 == ran.status, ran.out + ran.err

    found = json.loads((project.folder / "out.json").read_text())

    assert {"failed": 1, "passed": 30, "disagreed": 1} == ran.counts
    assert {"passed": 30, "disagreed": 1, "total": 31, "collected": 31} == found["summary"]
    assert 1 == found["exitcode"]
    assert "test_once" in (project.folder / "out.html").read_text(encoding="utf-8")
    assert [] == faults(project.folder / "junit.xml")
    assert 32 == len(project.junit())
    assert "Traceback" not in ran.out + ran.err
    assert "INTERNALERROR" not in ran.out + ran.err
