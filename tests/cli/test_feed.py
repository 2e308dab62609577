from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.formats.providers import PROVIDERS
from pytest_distil.store.home import Home
from support.tuning_report import write_report
from support.tuning_session import make_session, result, triage

WRONG = {number: ("differ", {"topic": "other", "urgent": False}) for number in range(0, 100, 3)}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(here: Path) -> Path:
    """Return a session."""
    return make_session(here / ".distil", calls=100)


def lines(path: Path) -> list[str]:
    """Return the lines of a file."""
    return path.read_text(encoding="utf-8-sig").splitlines()


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("what", ["lines", "dpo", "hard"])
def test_what_is_exported_for_a_provider_passes_its_check(
    folder: Path, name: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Training lines, preference pairs and hard files pass the check, and the command that trains on them is told."""
    report = str(write_report(Path("report.json"), folder, WRONG))
    asked = {"lines": ["latest"], "dpo": ["--method", "dpo", report], "hard": ["--hard", report]}[what]

    assert 0 == main(["export", *asked, "--provider", name, "--out", "out", "--model", "b", "--format", "tools"])
    told = capsys.readouterr().out
    files = sorted(map(str, Path("out").rglob("*.jsonl")))
    assert all(file in told for file in files)
    assert (1 if what == "dpo" else 2) == len(files)
    assert {"together": "together fine-tuning", "fireworks": "firectl", "trl": "trl "}.get(name, "jobs create") in told
    assert 0 == main(["check", "--provider", name, *files]), capsys.readouterr().out


def test_exports_hold_the_training_side_alone(folder: Path, here: Path) -> None:
    """What is exported for training has the session's training lines, all of them and no others."""
    main(["export", "latest", "--provider", "openai", "--out", "out"])
    for part in ("train", "validation"):
        written = (folder / f"mail.triage.{part}.jsonl").read_text(encoding="utf-8")

        assert written == Path(f"out/mail.triage.{part}.jsonl").read_text(encoding="utf-8")
    assert not Path("out/mail.triage.held_out.jsonl").exists()


def test_pairs_are_of_the_reports_session(folder: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report names its session, also where there is a newer one; what is not learned from is counted."""
    report = write_report(here / "report.json", folder, WRONG)
    make_session(here / ".distil", briefs=[triage(docstring="Other.")])

    assert 0 == main(["export", "--method", "dpo", str(report)])
    told = capsys.readouterr().out
    path = folder.relative_to(here) / "export" / "mail.triage.dpo.train.jsonl"
    pairs = [json.loads(line) for line in lines(path)]
    assert f"{path}: {len(pairs)} lines" in told
    assert "left out: held out" in told
    assert "--method dpo" in told
    assert {json.dumps(result(0), separators=(",", ":"))} <= {one["preferred_output"][0]["content"] for one in pairs}


def test_mistakes_are_repeated_as_often_as_asked(folder: Path, here: Path) -> None:
    """A hard file has each training line once, and what went wrong so many times more."""
    report = str(write_report(here / "report.json", folder, WRONG))
    main(["export", "--hard", report, "--times", "3", "--out", "out"])
    main(["export", "--method", "dpo", report, "--out", "out"])
    wrong = len(lines(Path("out/mail.triage.dpo.train.jsonl")))
    hard = lines(Path("out/mail.triage.hard.jsonl"))

    assert len(lines(folder / "mail.triage.train.jsonl")) + 3 * wrong == len(hard)
    assert set(lines(folder / "mail.triage.train.jsonl")) == set(hard)


def test_nothing_went_wrong(folder: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model without mistakes makes no pairs, and no empty file is left behind."""
    assert 0 == main(["export", "--method", "dpo", str(write_report(here / "report.json", folder, {}))])
    assert "Nothing to train on was left." in capsys.readouterr().out
    assert [] == list((folder / "export").glob("*.jsonl"))


def test_only_the_tasks_that_are_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--tasks writes the datasets of those tasks; one that is not there is refused with what there is."""
    briefs = [triage(), triage(task="mail.sort", dataset="mail.sort")]
    make_session(here / ".distil", briefs=briefs, calls=30)

    assert 0 == main(["export", "--provider", "trl", "--out", "out", "--tasks", "mail.sort"])
    assert ["mail.sort"] == [path.name for path in Path("out").iterdir()]
    assert 2 == main(["export", "--provider", "trl", "--tasks", "mail.no"])
    assert "no task 'mail.no'; it has mail.sort, mail.triage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "dpo"], "--method: makes pairs of an evaluation: give its REPORT"),
        (["--provider", "aws"], "--provider: is one of openai"),
        (["report.json", "--method", "dpo", "--hard", "report.json"], "give one of them"),
        (["no.json", "--method", "dpo"], "no.json: no such file"),
        (["no", "--provider", "trl"], "no: no session"),
    ],
)
def test_what_does_not_go_together_is_refused(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The option that is wrong is named, with what to do."""
    assert 2 == main(["export", *words])
    assert said in capsys.readouterr().err


def test_the_home_keeps_no_session_of_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a session there is nothing to export."""
    Home(here / ".distil").make()

    assert 2 == main(["export", "--provider", "openai"])
    assert "no session 'latest'" in capsys.readouterr().err
