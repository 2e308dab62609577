from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_distil.cli import main
from support.training_lines import plain, write
from support.tuning_session import make_session, trained_file


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("format_name", ["json_schema", "tools", "functions"])
def test_what_collect_writes_passes(here: Path, format_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The files of a session have no findings, whatever their format."""
    folder = make_session(here / ".distil", calls=80, format_name=format_name)

    assert 0 == main(["check", "--provider", "openai", *map(str, sorted(folder.glob("*.*.*.jsonl")))])
    assert "Nothing found by the rules of OpenAI." in capsys.readouterr().out


def test_findings_have_their_place_and_end_with_1(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding is told as `path:line: field: what is wrong`, and the status is 1."""
    write(here / "a.train.jsonl", [*(plain(number) for number in range(10)), plain(1, seed=2)])

    assert 1 == main(["check", "a.train.jsonl"])
    out = capsys.readouterr().out
    assert "a.train.jsonl:11: seed: is a key that OpenAI does not take; it takes functions, messages," in out
    assert "a.train.jsonl:11: contradicts" not in out
    assert "1 finding by the rules of OpenAI." in out


def test_held_out_lines_beside_a_file_are_looked_at(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A training file that holds a line of the held-out file beside it is found by checking it alone."""
    write(here / "a.train.jsonl", [plain(number) for number in range(10)])
    write(here / "a.held_out.jsonl", [plain(3)])

    assert 1 == main(["check", "a.train.jsonl"])
    assert "a.held_out.jsonl:1: messages: is held out" in capsys.readouterr().out


def test_replies_are_held_against_the_schema_of_the_session(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that do not hold the schema of their replies are held against the session's."""
    folder = make_session(here / ".distil")
    path = trained_file(folder)
    path.write_text(path.read_text(encoding="utf-8").replace(':\\"bug\\"', ':\\"spam\\"'), encoding="utf-8")

    assert 1 == main(["check", str(path)])
    assert 'messages[2].content.topic: is "spam", not one of "billing", "bug", "other"' in capsys.readouterr().out


def test_what_an_epoch_bills(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tokens are told with what counted them, and money only where training the base model has a price."""
    write(here / "a.train.jsonl", [plain(number) for number in range(10)])
    main(["check", "a.train.jsonl", "--model", "base", "--prices", "base=1/2 train:other=3"])
    without = capsys.readouterr().out
    priced = ["--n-epochs", "3", "--model", "base", "--prices", "train:base=8000"]
    main(["check", "a.train.jsonl", *priced])
    out = capsys.readouterr().out
    main(["check", "a.train.jsonl", *priced, "--json"])
    told = json.loads(capsys.readouterr().out)

    assert "An epoch bills " in without
    assert " costs " not in without
    assert f"3 epochs bill about {3 * told['tokens']['epoch']} tokens." in out
    assert told["cost"] == pytest.approx(3 * told["tokens"]["epoch"] * 8000 / 1_000_000)
    assert f"Training base on 3 epochs costs about {told['cost']:.2f}." in out


def test_json_holds_everything(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON document has findings, files and tokens."""
    write(here / "a.train.jsonl", [plain(number) for number in range(9)])

    assert 1 == main(["check", "--json", "a.train.jsonl"])
    told = json.loads(capsys.readouterr().out)
    assert ("openai", 9, "train") == (told["provider"], told["files"][0]["examples"], told["files"][0]["part"])
    assert [{"path": "a.train.jsonl", "line": None, "field": ""}] == [
        {key: one[key] for key in ("path", "line", "field")} for one in told["findings"]
    ]
    assert told["tokens"]["epoch"] > 0


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://me.openai.azure.com/openai/v1", "Azure OpenAI"),
        ("http://127.0.0.1:8000/v1", "an OpenAI-compatible server"),
    ],
)
def test_rules_follow_the_base_url(
    here: Path, url: str, title: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --provider the rules are those of the server that is set."""
    monkeypatch.setenv("DISTIL_BASE_URL", url)
    write(here / "a.train.jsonl", [plain(number) for number in range(10)])
    main(["check", "a.train.jsonl"])

    assert f"by the rules of {title}." in capsys.readouterr().out


def test_a_missing_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there ends the command with 2 and its name."""
    assert 2 == main(["check", "no.jsonl"])
    assert "pytest-distil: no.jsonl: no such file or directory" in capsys.readouterr().err
