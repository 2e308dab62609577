from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from pytest_distil import DataError, ModelError, SettingError
from pytest_distil.core.card import Card
from pytest_distil.core.files import read_lines, write_json
from pytest_distil.mark.production import Production
from pytest_distil.mark.task import Task
from pytest_distil.mark.wrapper import wrapped
from pytest_distil.run import background
from pytest_distil.run.carrying import carried, read_carried
from pytest_distil.run.translate import max_tokens
from pytest_distil.run.tuning import draft, origin_of
from pytest_distil.run.typed import TypedTask
from pytest_distil.store.home import Home
from support.in_production import run
from support.server import ChatServer
from support.tuning_session import make_session, trained_file

REPLY = '{"topic": "bug", "urgent": true}'


class Ticket(BaseModel):
    topic: Literal["billing", "bug", "other"]
    urgent: bool


class Relabelled(BaseModel):
    topic: Literal["billing", "bug", "praise"]
    urgent: bool
    sender: str = ""


Relabelled.__name__ = Relabelled.__qualname__ = "Ticket"


def triage(email: str, urgent: bool = False) -> Ticket:  # noqa: FBT001, FBT002 - as users have it
    """Sort an e-mail."""
    raise AssertionError(email, urgent)


def described(email: str, urgent: bool = False) -> Ticket:  # noqa: FBT001, FBT002 - the same
    """Sort an e-mail by its topic."""
    raise AssertionError(email, urgent)


def extended(email: str, sender: str, urgent: bool = False) -> Ticket:  # noqa: FBT001, FBT002 - the same
    """Sort an e-mail."""
    raise AssertionError(email, sender, urgent)


def relabelled(email: str, urgent: bool = False) -> Relabelled:  # noqa: FBT001, FBT002 - the same
    """Sort an e-mail."""
    raise AssertionError(email, urgent)


for _one in (described, extended, relabelled):
    _one.__name__ = "triage"


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """End the background after each test."""
    yield
    background.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home."""
    return Home(tmp_path / ".distil")


def task_of(function: Callable[..., Any], **production: Any) -> Task:
    """Return the task `mail.triage` with an original of its own."""
    options = Production(mode="dispatch", fallback="raise", **production)
    return Task("mail.triage", function, "mail.triage", production=options)


def trained(home: Home, *, provider: str = "https://a/v1", format_name: str = "json_schema", **brief: Any) -> Card:
    """Return the card of a model that was trained on the calls of `triage`."""
    as_trained = replace(TypedTask(task_of(triage)).brief, **brief)
    folder = make_session(home.root, briefs=[as_trained], format_name=format_name)
    file = trained_file(folder)
    return draft(origin_of(file, home), provider=provider, base="gpt", files={"train": file}).finished("ft:triage")


def exported(home: Home, server: ChatServer | None = None, **options: Any) -> str:
    """Write the card of a trained model, served by `server`, and return its path."""
    provider = server.url if server else "https://a/v1"
    path = home.root / "triage.distil.json"
    write_json(path, carried(trained(home, provider=provider, **options), home).to_json())
    return str(path)


@pytest.mark.parametrize("shape", ["json_schema", "tools", "functions"])
def test_what_is_asked(shape: str, home: Home) -> None:
    """With a card, a request equals the training line without its last turn, and has the limit of its data."""
    call = {"name": "triage", "arguments": REPLY}
    replies: dict[str, Any] = {
        "json_schema": {"content": REPLY},
        "tools": {"tool_calls": [{"id": "call_1", "type": "function", "function": call}]},
        "functions": {"function_call": call | {"name": "Ticket"}},
    }
    with ChatServer(lambda _: replies[shape]) as server:
        card = exported(home, server, format_name=shape)
        [session] = home.finished_sessions()
        line = next(dict(line) for _, line in read_lines(trained_file(session)))
        email = next(one["arguments"]["email"] for _, one in read_lines(session / "calls.jsonl") if not one["held_out"])
        answer = wrapped(task_of(triage, card=card))(email, urgent=True)

    [body] = server.requests
    messages = line.pop("messages")
    longest = max(
        len(json.dumps(one["result"], separators=(",", ":"))) for _, one in read_lines(session / "calls.jsonl")
    )
    assert Ticket(topic="bug", urgent=True) == answer
    assert json.dumps(messages[0]) == json.dumps(body["messages"][0])
    assert json.dumps(line) == json.dumps({key: body[key] for key in line})
    assert ("ft:triage", max_tokens(longest)) == (body["model"], body["max_tokens"])


def test_the_card_s_redaction(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is asked with calls redacted as it was trained; without a card, as the environment says."""
    with ChatServer(lambda _: {"content": REPLY}) as server:
        monkeypatch.setenv("DISTIL_REDACT", "(?:two)")
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)
        wrapped(task_of(triage, card=exported(home, server, redaction=(r"(?:one)",))))("one two")
        wrapped(task_of(triage, model="student"))("one two")

    assert ["[redacted] two", "one [redacted]"] == [
        json.loads(body["messages"][-1]["content"])["email"] for body in server.requests
    ]


@pytest.mark.parametrize("mode", ["distil", "dispatch"])
def test_a_bad_rule_is_said_at_once(mode: Literal["distil", "dispatch"], monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that means nothing is an error at the first call: nothing is sent or written as if there were none."""
    monkeypatch.setenv("DISTIL_REDACT", "[a")
    handler = logging.NullHandler()
    task = Task("mail.triage", triage, "mail.triage", production=Production(mode=mode, handlers=(handler,)))

    with pytest.raises(SettingError, match=r"DISTIL_REDACT: '\[a' is no regular expression"):
        wrapped(task)("one two")


def test_a_changed_docstring(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """Where only the description changed, the trained prompt is sent verbatim, and that is said once."""
    with ChatServer(lambda _: REPLY) as server:
        card = exported(home, server)
        then, now = wrapped(task_of(triage, card=card)), wrapped(task_of(described, card=card))
        then("a")
        answers = [now("a"), now("b")]

    first, second, _ = server.requests
    assert [Ticket(topic="bug", urgent=True)] * 2 == answers
    assert first["messages"] == second["messages"]
    assert ["mail.triage: the docstring changed since ft:triage was trained, which is asked as it was trained"] == (
        caplog.messages
    )


def test_trained_words_outlive_ours(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version that words prompts in another way still sends the trained ones."""
    with ChatServer(lambda _: REPLY) as server:
        card = exported(home, server)
        data = json.loads(Path(card).read_text())
        data["production"]["tasks"]["mail.triage"]["system"] = "As it was worded then."
        Path(card).write_text(json.dumps(data))
        wrapped(task_of(triage, card=card))("a")

    assert "As it was worded then." == server.requests[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("function", "faults"),
    [
        (extended, ["its signature was 'triage(email: str", "sender: str", "or change the function back"]),
        (relabelled, ["the schema of its results changed (new 'sender', other 'topic')"]),
    ],
)
def test_another_function(function: Callable[..., Any], faults: list[str], home: Home) -> None:
    """A model that was trained on other parameters or results is refused at first use, naming what changed."""
    with ChatServer(lambda _: REPLY) as server:
        changed = wrapped(task_of(function, card=exported(home, server)))
        with pytest.raises(ModelError) as raised:
            changed("a", "b") if function is extended else changed("a")

    assert [] == [fault for fault in faults if fault not in str(raised.value)]
    assert "mail.triage is not what ft:triage was trained on" in str(raised.value)
    assert [] == server.requests


def test_another_task(home: Home) -> None:
    """A card of other tasks is refused, with those that it is of."""
    card = exported(home)
    other = Task("mail.sort", triage, "mail", production=Production(mode="dispatch", card=card))

    with pytest.raises(ModelError, match=r"ft:triage was trained on mail\.triage, not on mail\.sort"):
        wrapped(other)("a")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "not a model card of version 1"),
        ("{", "not JSON"),
        ('{"v": 1, "model": "m", "provider": "p", "created": ""}', "that `pytest-distil models export` did not write"),
        (None, "no such file"),
    ],
)
def test_what_is_no_card(text: str | None, fault: str, tmp_path: Path) -> None:
    """A file that is no card of ours is refused with its path."""
    path = tmp_path / "card.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(DataError, match=fault) as raised:
        read_carried(path)
    assert str(path) == raised.value.path


def test_there_and_back(home: Home) -> None:
    """A card that is read is the card that was written; it is a card of the store's too."""
    card = trained(home)
    found = carried(card, home, key="TRIAGE_KEY")
    path = home.root / "card.json"
    write_json(path, found.to_json())

    assert found == read_carried(path)
    assert card == Card.from_json(json.loads(path.read_text()))


def test_keys_go_where_they_belong(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is read from the variable that the card names; OpenAI's is not sent to another server."""
    monkeypatch.setenv("OPENAI_API_KEY", "openais")
    with ChatServer(lambda _: REPLY) as server:
        card = trained(home, provider=server.url)
        paths = {}
        for name in ("TRIAGE_KEY", None):
            paths[name] = home.root / f"{name}.json"
            write_json(paths[name], carried(card, home, key=name).to_json())
        wrapped(task_of(triage, card=str(paths[None])))("a")
        monkeypatch.setenv("TRIAGE_KEY", "triages")
        wrapped(task_of(triage, card=str(paths["TRIAGE_KEY"])))("a")
        monkeypatch.setenv("DISTIL_API_KEY", "distils")
        wrapped(task_of(triage, card=str(paths["TRIAGE_KEY"])))("a")

    assert ["Bearer none", "Bearer triages", "Bearer distils"] == [one["authorization"] for one in server.headers]


def test_the_environment_outranks_the_card(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a deployment serves the model itself, or under another name, it says so."""
    with ChatServer(lambda _: REPLY) as server:
        card = exported(home)
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)
        monkeypatch.setenv("DISTIL_MODEL", "mail.triage=local-name")
        wrapped(task_of(triage, card=card))("a")

    assert ["local-name"] == [body["model"] for body in server.requests]


BESIDE = """
from typing import Literal
from pydantic import BaseModel
from pytest_distil import distil

class Ticket(BaseModel):
    topic: Literal["billing", "bug", "other"]
    urgent: bool

@distil(name="mail.triage", mode="dispatch", card="triage.distil.json", fallback="raise")
def triage(email: str, urgent: bool = False) -> Ticket:
    \"\"\"Sort an e-mail.\"\"\"

print(triage("a"))
"""


def test_the_card_travels_with_the_code(home: Home, tmp_path: Path) -> None:
    """A card lies beside the function's file, wherever the process was started."""
    with ChatServer(lambda _: REPLY) as server:
        exported(home, server)
        (home.root / "service.py").write_text(BESIDE)
        printed = run(tmp_path, f"import sys; sys.path.insert(0, {str(home.root)!r}); import service")

    assert "topic='bug' urgent=True" == printed.strip()


@pytest.mark.parametrize(
    ("change", "options", "fault"),
    [
        ({"model": None, "job": "ftjob-1"}, {}, "ftjob-1 is not finished"),
        ({"briefs": ()}, {}, "nobody knows what ft:triage was trained on"),
        ({"prompts": {"mail.triage": "0"}}, {}, "words the prompts of mail.triage otherwise than ft:triage"),
        ({}, {"key": "sk-proj-123"}, "the key's variable is a name like"),
    ],
)
def test_what_cannot_be_exported(change: dict[str, Any], options: dict[str, Any], fault: str, home: Home) -> None:
    """A card that could not be kept to is not made, and a key does not come into a file or a message."""
    with pytest.raises(ModelError, match=fault) as raised:
        carried(replace(trained(home), **change), home, **options)

    assert "sk-proj" not in str(raised.value)


def test_where_it_is_served(home: Home) -> None:
    """The base URL is the provider's unless told otherwise, without secrets; a model trained here has none."""
    card = trained(home)

    assert "https://a/v1" == carried(card, home).base_url
    assert "https://b/v1" == carried(card, home, base_url="https://me:pw@b/v1?key=1").base_url
    assert None is carried(replace(card, provider="local"), home).base_url
    assert "DISTIL_API_KEY" == carried(card, home).key
    assert "OPENAI_API_KEY" == carried(replace(card, provider="https://api.openai.com/v1"), home).key


def test_without_its_session(home: Home) -> None:
    """Where the session is gone, the limit of tokens is that of a task that nobody knows."""
    found = carried(replace(trained(home), session="gone"), home)

    assert max_tokens(None) == found.tasks["mail.triage"].max_tokens
