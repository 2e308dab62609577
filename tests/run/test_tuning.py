from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_distil.core.card import Card
from pytest_distil.core.files import read_lines
from pytest_distil.mark.errors import ModelError
from pytest_distil.run.tuning import card_for, draft, metadata, origin_of, reply_schemas, sha256, stale, trained_calls
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from support.training_lines import plain, write
from support.tuning_session import make_session, trained_file, triage


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home."""
    return Home(tmp_path / ".distil")


def drafted(home: Home, folder: Path) -> Card:
    """Return the card of a job on a session's dataset."""
    files = {"train": trained_file(folder), "validation": trained_file(folder, "validation")}
    return draft(origin_of(files["train"], home), provider="https://a/v1", base="gpt", files=files)


def test_a_card_knows_what_its_session_knows(home: Home) -> None:
    """Data, format, briefs and split come from the session that the file lies in."""
    folder = make_session(home.root, format_name="tools")
    card = drafted(home, folder)

    assert (None, "gpt", folder.name, "mail.triage") == (card.model, card.base, card.session, card.dataset)
    assert {"mail.triage": "tools"} == card.formats
    assert {"mail.triage": triage()} == card.trained()
    assert (0.2, "call", 0.1) == (card.holdout, card.holdout_by, card.validation)
    assert {
        "train": sha256(trained_file(folder)),
        "validation": sha256(trained_file(folder, "validation")),
        "calls": sha256(folder / "calls.jsonl"),
    } == card.digests


def test_a_file_elsewhere_is_known_by_its_prompts(home: Home, tmp_path: Path) -> None:
    """A copied file is of the newest session whose prompts it begins with; one of no session is of none."""
    first = make_session(home.root)
    make_session(home.root, briefs=[triage(docstring="Another.")])
    copied = shutil.copy(trained_file(first), tmp_path / "my.train.jsonl")
    origin = origin_of(Path(copied), home)

    assert origin is not None
    assert (first.name, "mail.triage") == (origin.manifest.id, origin.dataset)
    assert None is origin_of(write(tmp_path / "x.jsonl", [plain(1)]), home)
    assert None is origin_of(write(tmp_path / "y.jsonl", ["no JSON"]), home)
    assert None is origin_of(write(tmp_path / "z.jsonl", []), home)


def test_damage_of_other_sessions_is_passed_over(home: Home, tmp_path: Path) -> None:
    """A session that cannot be read does not keep a file from being known by another."""
    folder = make_session(home.root)
    copied = shutil.copy(trained_file(folder), tmp_path / "my.train.jsonl")
    (home.sessions / "20990101T000000Z-damaged").mkdir()
    (home.sessions / "20990101T000000Z-damaged" / "session.json").write_text("{}")
    origin = origin_of(Path(copied), home)

    assert origin is not None
    assert folder.name == origin.manifest.id


def test_a_stranger_file_has_a_card_without_data(home: Home, tmp_path: Path) -> None:
    """Of a file that no session knows the digest is kept, and nothing is made up."""
    path = write(tmp_path / "x.train.jsonl", [plain(1)])
    card = draft(None, provider="https://a/v1", base="gpt", files={"train": path})

    assert ({"train": sha256(path)}, None, None, {}) == (card.digests, card.session, card.holdout, card.formats)


def test_metadata_tells_jobs_apart(home: Home) -> None:
    """The same data, base and settings have the same metadata, and any other job has another."""
    card = drafted(home, make_session(home.root))
    told = metadata(card)

    assert told == metadata(card)
    assert {card.digests["train"], "mail.triage", card.session} <= set(told.values())
    for other in (
        drafted(home, make_session(home.root, calls=61)),
        Card.from_json({**card.to_json(), "base": "other"}),
        Card.from_json({**card.to_json(), "settings": {"n_epochs": 2}}),
        Card.from_json({**card.to_json(), "method": "dpo"}),
    ):
        assert told["distil_order"] != metadata(other)["distil_order"]


def test_metadata_is_as_short_as_providers_want_it(home: Home) -> None:
    """Hundreds of tasks still fit: at most 16 pairs, keys of 64 and values of 512 characters."""
    many = [triage(task=f"mail.triage_{number}", dataset="mail.triage") for number in range(200)]
    told = metadata(drafted(home, make_session(home.root, briefs=many, calls=20)))

    assert len(told) <= 16
    assert max(map(len, told)) <= 64
    assert 500 < max(map(len, told.values())) <= 512


def test_the_card_of_a_model(home: Home) -> None:
    """`latest`, a model's id and a job's id name a card; what is none may still be served somewhere."""
    cards = Cards(home)
    with pytest.raises(ModelError, match="no card of 'latest'"):
        card_for(cards, "latest")
    card = Card(model="m", job="j", provider="https://a/v1", created="2026-11-22T10:00:00+00:00")
    cards.add(card)

    assert ["m", "m", "m", None] == [
        found and found.model for found in (card_for(cards, name) for name in ("latest", "m", "j", "gpt-4o"))
    ]


def test_prompts_that_changed_are_named(home: Home) -> None:
    """A model is stale for the tasks whose prompts changed, in the format that it was trained in, and for no others."""
    card = drafted(home, make_session(home.root, format_name="tools")).finished("m")

    assert [] == stale(card, [triage()])
    assert ["the docstring of mail.triage changed since m was trained; collect and train again"] == stale(
        card, [triage(docstring="Other.")]
    )


def test_a_docstring_behind_instructions_is_no_change(home: Home) -> None:
    """What prompts do not say may change: instructions stand in the docstring's place."""
    card = drafted(home, make_session(home.root, briefs=[triage(instructions="Sort.")])).finished("m")

    assert [] == stale(card, [triage(instructions="Sort.", docstring="Other.")])


def test_trained_and_held_out_calls_are_known_exactly(home: Home) -> None:
    """While the session is there, each of its calls is in the part whose file holds it, pinned ones included."""
    folder = make_session(home.root, pinned=[7])
    known = trained_calls(home, drafted(home, folder))
    assert known is not None
    parts = {
        part: sum(1 for _ in read_lines(trained_file(folder, part))) for part in ("train", "validation", "held_out")
    }

    assert parts == {part: list(known.values()).count(part) for part in parts}
    assert None is trained_calls(home, Card.from_json(OF_A_LOST_SESSION))


OF_A_LOST_SESSION = {"v": 1, "model": "m", "provider": "https://a/v1", "created": "2026", "session": "gone"}


@pytest.mark.parametrize(("format_name", "known"), [("json_schema", 1), ("tools", 0)])
def test_schemas_of_replies_are_known_where_lines_do_not_hold_them(home: Home, format_name: str, known: int) -> None:
    """The schema is given for the one format whose lines lack it."""
    folder = make_session(home.root, format_name=format_name)

    assert known == len(reply_schemas(origin_of(trained_file(folder), home)))
    assert {} == reply_schemas(None)
