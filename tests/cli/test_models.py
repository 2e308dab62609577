from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from support.training_lines import plain, write
from support.tuning_session import make_session, trained_file


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_that_was_trained_elsewhere_is_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the file that it was trained on, the card knows session, format, briefs and split."""
    folder = make_session(here / ".distil", format_name="tools")
    command = ["models", "add", "acc/triage", "--file", str(trained_file(folder)), "--base", "llama"]

    assert 0 == main([*command, "--base-url", "https://me:pw@api.together.xyz/v1", "--note", "first try"])
    card = Cards(Home(Path(".distil"))).get("latest")
    assert ("acc/triage", "llama", folder.name, {"mail.triage": "tools"}, 0.2, "first try") == (
        card.model,
        card.base,
        card.session,
        card.formats,
        card.holdout,
        card.note,
    )
    assert "https://api.together.xyz/v1" == card.provider
    assert "acc/triage is the newest model\n" == capsys.readouterr().out


def test_a_model_of_which_nothing_is_known_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file only its id and format are known, and the command says what is missing."""
    assert 0 == main(["models", "add", "gpt", "--format", "functions"])
    card = Cards(Home(Path(".distil"))).get("gpt")

    assert ("functions", None) == (card.format_of("any"), card.session)
    assert "What it was trained on is not known" in capsys.readouterr().out


def test_a_file_of_no_session_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose prompts no session has would make a card that knows nothing."""
    write(here / "a.jsonl", [plain(1)])

    assert 2 == main(["models", "add", "gpt", "--file", "a.jsonl"])
    assert "no session in .distil has the prompts of a.jsonl" in capsys.readouterr().err


def test_models_are_listed_shown_and_forgotten(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list has the newest last, a model's facts fit 80 columns, and what is forgotten is gone."""
    folder = make_session(here / ".distil")
    main(["models", "add", "first"])
    main(["models", "add", "second", "--file", str(trained_file(folder)), "--base", "gpt"])
    capsys.readouterr()

    assert 0 == main(["models", "list"])
    listed = capsys.readouterr().out.splitlines()
    assert ["first", "second"] == listed[::2]
    assert listed[3].endswith("mail.triage  from gpt")
    assert 0 == main(["models", "show", "latest"])
    shown = capsys.readouterr().out
    assert "held out   20 % of the calls, by call" in shown
    assert f"session    {folder.name}" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert 0 == main(["models", "remove", "second"])
    assert "second is forgotten\n" == capsys.readouterr().out
    assert 0 == main(["models", "list", "--json"])
    assert ["first"] == [one["model"] for one in json.loads(capsys.readouterr().out)]


def test_no_models(capsys: pytest.CaptureFixture[str]) -> None:
    """Without models the list says how to get one, and a name is refused."""
    assert 0 == main(["models"])
    assert "No models yet" in capsys.readouterr().out
    assert 2 == main(["models", "show", "latest"])
    assert "no card of 'latest'" in capsys.readouterr().err
