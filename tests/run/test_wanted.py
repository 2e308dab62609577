"""What the asker is told, and which model answers which task."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.run.wanted import asker_settings
from pytest_distil.store.home import Home
from support.calls import example, recorded, settings

HERE = {"DISTIL_BASE_URL": "http://localhost:8000/v1", "DISTIL_API_KEY": "secret"}


def test_a_server(tmp_path: Path) -> None:
    """A model at a server is told of with its address, its key and the store."""
    told = asker_settings(settings(concurrency=7, timeout=3.0), Home(tmp_path / "home"), None, HERE)

    assert ("m", "http://localhost:8000/v1", "secret") == (told.model, told.base_url, told.key)
    assert (7, 3.0, str(tmp_path / "home" / "answers.sqlite")) == (told.concurrency, told.timeout, told.store)
    assert "secret" not in repr(told)


def test_a_model_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets as many questions at once as it answers at once, so that waiting takes none of their time."""
    monkeypatch.setenv("DISTIL_THREADS", "3")
    told = asker_settings(settings(models={"": "local:base"}, concurrency=7), Home(tmp_path), None, {})

    assert (3, None) == (told.concurrency, told.base_url)


def test_memory(tmp_path: Path) -> None:
    """A model that remembers needs a session, no server and no store."""
    told = asker_settings(settings(models={"": "memory:nearest"}), Home(tmp_path), recorded(example(1, "t")), {})

    assert (None, None, None) == (told.base_url, told.key, told.store)
    assert (str(Path("session") / "calls.jsonl"),) == told.examples


@pytest.mark.parametrize(("model", "says"), [("m", "no model server is known"), ("memory:nearest", "--distil-collect")])
def test_nobody_to_ask(tmp_path: Path, model: str, says: str) -> None:
    """What cannot be asked is said at once, with what to do, and nothing is written."""
    with pytest.raises(ModelError, match=says):
        asker_settings(settings(models={"": model}), Home(tmp_path / "home"), None, {})

    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("task", "wanted"),
    [("shop.triage", "t"), ("triage", "t"), ("other.triage", "o"), ("shop.detriage", "rest"), ("a.b", "rest")],
)
def test_models_of_tasks(task: str, wanted: str) -> None:
    """A task's model is named by its name or its last parts, the longest first; the others have the plain one."""
    models = {"triage": "t", "other.triage": "o", "": "rest"}

    assert wanted == settings(models=models).model_of(task)
    assert wanted in ("t", "o") or settings(models={"triage": "t", "other.triage": "o"}).model_of(task) is None
