"""What `distil_redact` names is in no file and in no request, and a model is asked as it was trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_distil.core.call import ARGUMENT, REDACTED
from support.evaluating import Project, answering, arguments_of
from support.server import ChatServer
from support.suites import Session

MAIL = """
    from pydantic import BaseModel
    from pytest_distil import distil

    class Customer(BaseModel):
        name: str
        card: int = 0

    @distil
    def greet(customer: Customer, text: str, key: str = "sk-0123456789abcdefghij0123456789") -> str:
        return f"Dear {customer.name}" if "tell" in text else "Dear customer"

    @distil
    def total(by: dict[str, int], password: str = "") -> int:
        return sum(by.values())
"""

TESTS = """
    import pytest
    from mail import Customer, greet, total

    @pytest.mark.parametrize("n", range(8))
    def test_all(n):
        customer = Customer(name=f"Ann{n} Lee", card=4111111111111111)
        assert greet(customer, f"mail to ann{n}@example.org, {n}") == "Dear customer"

    def test_tells():
        assert greet(Customer(name="Bob Lee"), "tell") == "Dear Bob Lee"

    def test_keys():
        assert total({"a@example.org": 1}) == 1
        assert total({"a@example.org": 1, "b@example.org": 2}) == 3

    def test_password():
        assert total({"x": 1}, password="hunter2") == 1
"""

RULES = r"""[pytest]
distil_redact =
    [\w.+-]+@[\w-]+\.\w+
    \b\d{16}\b
    $.customer.name
    $.key
"""

TOLD = ("example.org", "4111", "sk-01234", "Lee")
"""What must not get out."""

HOW: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": ((), ()),
    "workers": (("-n", "2"), ("xdist",)),
    "random order": (("-p", "randomly"), ("randomly",)),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a suite with rules."""
    project = Project(tmp_path, mail=MAIL, test_mail=TESTS)
    (tmp_path / "pytest.ini").write_text(RULES, encoding="utf-8")
    return project


def session_of(project: Project) -> Session:
    """Return the newest session."""
    home = project.folder / ".distil"
    return Session(home / "sessions" / (home / "latest").read_text().strip())


def test_nothing_gets_out(project: Project) -> None:
    """No file of a session holds what was redacted, and what tells it or would be another call is left out."""
    ran = project.collect("-v")
    session = session_of(project)
    written = {path.name: path.read_text(encoding="utf-8") for path in session.folder.iterdir()}
    [settings] = [session.manifest["settings"]]

    assert {"calls.jsonl", "session.json"} < written.keys()
    assert not [(name, told) for name, text in written.items() for told in TOLD if told in text]
    assert {REDACTED: 1, ARGUMENT: 1} == session.left_out
    assert 4 == len(settings["redact"])
    assert {"by": {"[redacted]": 1}, "password": ""} in [one["arguments"] for one in session.examples]
    assert "the result tells what was redacted" in ran.out
    assert "mail.total: 'password' looks like a secret" in ran.out
    assert "hunter2" not in ran.out


@pytest.mark.parametrize("how", ["workers", "random order"])
def test_files_do_not_depend_on_the_run(project: Project, how: str) -> None:
    """Redacted sessions are byte-identical for any number of workers and any order of tests."""
    project.collect()
    plain = session_of(project)
    options, plugins = HOW[how]
    project.collect(*options, plugins=plugins)
    other = session_of(project)

    assert plain.folder != other.folder
    assert plain.files() == other.files()


def test_a_model_is_asked_as_it_was_trained(project: Project) -> None:
    """Requests are the lines without their last turn; nothing else gets out, ahead of the tests or in them."""
    project.collect()
    files = session_of(project).files()
    lines = [line for name in files if ".greet." in name for line in files[name].splitlines()]
    with ChatServer(answering(lambda name, _: "Dear customer" if name == "greet" else 1)) as server:
        ran = project.evaluate(server)
    asked = [body["messages"] for body in server.requests if "customer" in arguments_of(body)]
    taught = [json.loads(line)["messages"][:-1] for line in lines]

    assert 8 == len(taught) == len(asked) - 1, ran.out  # what a result tells is asked about, and not trained on
    assert not [messages for messages in taught if messages not in asked]
    assert not [told for told in TOLD for body in server.requests if told in json.dumps(body)]


def test_a_session_of_other_rules_is_refused(project: Project) -> None:
    """A session that was redacted otherwise is not asked about: it may still hold what is redacted now."""
    project.collect("-o", "distil_redact=$.key")
    with ChatServer(answering(lambda *_: 1)) as server:
        ran = project.evaluate(server)

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert "distil_redact: is not what session" in ran.err
    assert not server.requests


def test_a_bad_rule_is_a_usage_error(project: Project) -> None:
    """What is no rule is refused before any test runs, under the option's name."""
    ran = project.collect("-o", "distil_redact=[a")

    assert pytest.ExitCode.USAGE_ERROR == ran.status
    assert "distil_redact: '[a' is no regular expression" in ran.err
