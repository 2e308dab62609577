"""Sessions that no test vouches for, from the command line: production's lines, files of inputs, and cards for both."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from pytest_distil.store.session import find_session, read_manifest, write_manifest
from support.in_production import run
from support.suites import Session
from support.tuning_session import make_session, trained_file

SERVICE = """
import asyncio, logging
from dataclasses import dataclass
from datetime import date
from pytest_distil import Instructions, distil

shop = Instructions(name="shop", log_handlers=[logging.FileHandler("shop.jsonl", delay=True)], finetune_format="FORMAT")

@dataclass
class Price:
    amount: float
    day: date

@shop.distil
def priced(name: str, day: date, times: int = 1) -> Price:
    if name == "":
        raise ValueError("no name")
    return Price(amount=len(name) * times, day=day)

@shop.distil(exclude="client")
async def awaited(n: int, client: object = None) -> int:
    await asyncio.sleep(0)
    return bare(n) + 1

@distil(mode="dispatch", model="student", fallback="raise")
def bare(n: int) -> int:
    return 10 * n

class Till:
    @distil
    def total(self, n: int) -> int:
        return n

@dataclass
class Basket:
    prices: list[float]
    @distil
    def total(self, times: int = 1) -> float:
        self.prices.append(0.0)
        return sum(self.prices) * times
    @classmethod
    @distil
    def of(cls, price: float) -> "Basket":
        return cls([price])
    @staticmethod
    @distil
    def doubled(n: int) -> int:
        return 2 * n

@distil(exclude="client")
def connected(n: int, client: object) -> int:
    return n
"""

CALLS = """
import asyncio
from datetime import date
import service

for n in range(40):
    service.priced("tea" * n + "x", date(2026, 1, 1 + n % 20))
service.priced("tea", date(2026, 1, 1), times=2)
service.priced("tea", date(2026, 1, 1), times=2)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service with marked functions, as the working directory."""
    (tmp_path / "service.py").write_text(SERVICE.replace("FORMAT", "messages"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "service", raising=False)
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *argv: str, status: int = 0) -> str:
    """Run a command and return what it prints."""
    found = main(argv)
    printed = capsys.readouterr()
    assert status == found, printed
    return printed.out + printed.err


def only_session(folder: Path) -> Session:
    """Return the one session of a home."""
    [found] = Home(folder / ".distil").finished_sessions()
    return Session(found)


@pytest.mark.parametrize("shape", ["messages", "json_schema", "tools", "raw"])
def test_import(shape: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What production wrote becomes a session with the files of any other, and says that no test vouches for it."""
    (folder / "service.py").write_text(SERVICE.replace("FORMAT", shape), encoding="utf-8")
    run(folder, CALLS)
    printed = output(capsys, "import", "shop.jsonl", "--module", "service")

    session = only_session(folder)
    [numbers] = session.manifest["tasks"]
    assert 41 == len(session.examples)
    assert ("service.priced", 42) == (numbers["brief"]["task"], numbers["calls"])
    assert {()} == {tuple(one["tests"]) for one in session.examples}
    assert not session.manifest["vouched"]
    assert {"calls.jsonl", "shop.train.jsonl", "shop.held_out.jsonl"} <= set(session.files())
    assert "41 examples of 1 task, not vouched by tests" in printed
    assert f"--distil-session={session.folder.name}" in printed


def test_import_by_sessions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without modules, the tasks are those that sessions know: no code of the user's runs."""
    run(folder, CALLS)
    output(capsys, "import", "shop.jsonl", "--module", "service")
    (folder / "service.py").unlink()
    [before] = Home(folder / ".distil").finished_sessions()
    printed = output(capsys, "import", "shop.jsonl", "shop.jsonl", "--format", "tools")

    [newest] = (Session(one) for one in Home(folder / ".distil").finished_sessions() if one != before)
    assert "41 examples of 1 task" in printed
    assert 84 == newest.manifest["tasks"][0]["calls"]
    assert "tools" == newest.manifest["tasks"][0]["format"]


def test_what_is_redacted(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that were written without rules are redacted where they are read, and so are labels where they are made."""
    run(folder, CALLS)
    monkeypatch.setenv("DISTIL_REDACT", "(?:tea){3,}\n2026-01-02")
    told = output(capsys, "import", "shop.jsonl", "--module", "service")
    calls = '{"name": "teateatea", "day": "2026-01-01"}\n{"name": "x", "day": "2026-01-02"}\n'
    (folder / "inputs.jsonl").write_text(calls, encoding="utf-8")
    labelled = output(capsys, "label", "service:priced", "inputs.jsonl")

    assert "2 lines left out" in told
    assert "inputs.jsonl:2: the result cannot be recorded: $: it tells what was redacted" in labelled
    for session in map(Session, Home(folder / ".distil").finished_sessions()):
        text = b"".join(session.files().values())
        assert ["(?:tea){3,}", "2026-01-02"] == session.manifest["settings"]["redact"]
        assert b"[redacted]" in text
        assert b"teateatea" not in text
        assert b"2026-01-02" not in text


def test_import_what_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of other tasks, and what is none, are counted by reason; a formatter's prefix does no harm."""
    run(folder, CALLS)
    lines = (folder / "shop.jsonl").read_text(encoding="utf-8").splitlines()
    other = lines[1].replace("priced(", "other(")
    text = ["not JSON", f"2026-01-01 INFO shop {lines[0]}", "", other, '{"messages": []}', "{}"]
    (folder / "shop.jsonl").write_text("\n".join(text), encoding="utf-8")
    printed = output(capsys, "import", "shop.jsonl", "--module", "service")

    session = only_session(folder)
    assert 1 == len(session.examples)
    assert {"the line cannot be read back": 4} == session.left_out
    assert "4 lines left out, the first at shop.jsonl:1:" in printed
    assert "3 no known task is asked so" in printed
    assert "1 not JSON" in printed


def test_import_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no line is of a known task, there is no session, and the error says what to do."""
    (folder / "empty.jsonl").write_text("")
    (folder / "theirs.jsonl").write_text('{"messages": []}\n')

    assert "there is none); name the modules with --module" in output(capsys, "import", "empty.jsonl", status=2)
    assert "theirs.jsonl:1: no line is of a known task" in output(capsys, "import", "theirs.jsonl", status=2)
    assert "cannot be read" in output(capsys, "import", "nowhere.jsonl", status=2)
    assert "importing 'nowhere' failed" in output(capsys, "import", "empty.jsonl", "--module", "nowhere", status=2)
    assert not (folder / ".distil").exists()


def test_conflicts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One call with different results is a conflict here as everywhere."""
    run(folder, CALLS)
    lines = (folder / "shop.jsonl").read_text(encoding="utf-8")
    (folder / "more.jsonl").write_text(lines.replace(r"{\"amount\":6.0", r"{\"amount\":7.0"), encoding="utf-8")
    output(capsys, "import", "shop.jsonl", "more.jsonl", "--module", "service")

    session = only_session(folder)
    assert {"conflict: one call, different results": 1} == session.left_out
    assert 40 == len(session.examples)


def test_no_gate_judges_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`latest` passes over what no test vouches for, a name does not; merged with a run, its calls are not judged."""
    run(folder, CALLS)
    home = Home(folder / ".distil")
    output(capsys, "import", "shop.jsonl", "--module", "service")
    [imported] = home.finished_sessions()
    alone = find_session(home, "latest")
    vouched = make_session(home.root)
    home.set_latest(vouched)
    output(capsys, "merge", imported.name, vouched.name)
    merged = find_session(home, "latest")

    assert None is alone
    assert imported == find_session(home, imported.name)
    assert merged not in (None, imported, vouched)
    assert merged is not None
    assert read_manifest(merged).vouched
    assert "not vouched by tests" in output(capsys, "sessions")


def test_merging_unvouched_sessions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several sessions without a test are still without one."""
    run(folder, CALLS)
    for _ in range(2):
        output(capsys, "import", "shop.jsonl", "--module", "service")
    home = Home(folder / ".distil")
    output(capsys, "merge", *(one.name for one in home.finished_sessions()))

    assert [False] * 3 == [read_manifest(one).vouched for one in home.finished_sessions()]
    assert None is find_session(home, "latest")


def test_split_by_test(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Merged into a session that is split by tests, calls without a test are split by themselves."""
    run(folder, CALLS)
    home = Home(folder / ".distil")
    output(capsys, "import", "shop.jsonl", "--module", "service")
    [imported] = home.finished_sessions()
    vouched = make_session(home.root)
    manifest = read_manifest(vouched)
    write_manifest(vouched, replace(manifest, settings={**manifest.settings, "holdout_by": "test"}))
    output(capsys, "merge", imported.name, vouched.name)
    merged = Session(find_session(home, "latest") or folder)

    sides = {one["held_out"] for one in merged.examples if not one["tests"]}
    assert {False, "input"} == sides


def inputs(folder: Path, *lines: object) -> str:
    """Write a file of inputs."""
    (folder / "inputs.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return "inputs.jsonl"


@pytest.mark.parametrize("at_once", ["1", "4"])
def test_label(at_once: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The original runs over a file of inputs, which are read as values of the parameters' types."""
    file = inputs(
        folder,
        {"name": "tea", "day": "2026-01-01"},
        {"name": "tea", "day": "2026-01-02", "times": 3},
        {"day": "2026-01-03", "name": ""},
    )
    printed = output(capsys, "label", "service:priced", file, "--concurrency", at_once)

    session = only_session(folder)
    assert [
        ({"name": "tea", "day": "2026-01-01", "times": 1}, {"amount": 3.0, "day": "2026-01-01"}),
        ({"name": "tea", "day": "2026-01-02", "times": 3}, {"amount": 9.0, "day": "2026-01-02"}),
    ] == session.calls
    assert not session.manifest["vouched"]
    assert {"the original raised": 1} == session.left_out
    assert "2 examples of 1 task, not vouched by tests" in printed
    assert "inputs.jsonl:3: the original raised: ValueError: no name" in printed
    assert not (folder / "shop.jsonl").exists()


@pytest.mark.parametrize("at_once", ["1", "4"])
def test_label_coroutines(at_once: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Coroutine functions are awaited; marked functions inside run their originals, even in dispatch mode."""
    file = inputs(folder, *({"n": n} for n in range(5)))
    output(capsys, "label", "service:awaited", file, "--concurrency", at_once)

    assert [({"n": n}, 10 * n + 1) for n in range(5)] == only_session(folder).calls


@pytest.mark.parametrize(
    ("method", "line", "call"),
    [
        (
            "total",
            {"self": {"prices": [1, 2]}, "times": 2},
            ({"self": {"prices": [1.0, 2.0]}, "times": 2}, 6.0),
        ),
        ("of", {"price": 3}, ({"price": 3.0}, {"prices": [3.0]})),
        ("doubled", {"n": 4}, ({"n": 4}, 8)),
    ],
)
def test_label_methods(
    method: str, line: object, call: tuple[object, object], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A method's object is an argument like the others, where its class has fields; a class method has its class."""
    output(capsys, "label", f"service:Basket.{method}", inputs(folder, line))

    assert [call] == only_session(folder).calls


def test_label_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A task that a session knows is found by its name."""
    file = inputs(folder, {"n": 1})
    output(capsys, "label", "service:bare", file)
    output(capsys, "label", "service.bare", file)

    assert 2 == len(Home(folder / ".distil").finished_sessions())


@pytest.mark.parametrize(
    ("task", "lines", "fault"),
    [
        ("service:priced", [{"name": "tea"}], "inputs.jsonl:1: arguments without 'day'"),
        ("service:bare", [{"n": 1}, {"n": 1, "m": 2}], "inputs.jsonl:2: arguments unknown: 'm'"),
        ("service:bare", [[1]], "inputs.jsonl:1: no JSON object of arguments"),
        ("service:bare", [{"n": "x"}], "inputs.jsonl:1: $.n: "),
        ("service:Till.total", [{"n": 1}], "is a method, and Till is neither a dataclass nor a model: a file has no"),
        ("service:Basket.total", [{"times": 1}], "inputs.jsonl:1: arguments without 'self'"),
        ("service:Basket.total", [{"self": {"prices": "x"}}], "inputs.jsonl:1: $.self.prices: "),
        ("service:Basket.of", [{"cls": 1, "price": 1}], "inputs.jsonl:1: arguments unknown: 'cls'"),
        ("service:connected", [{"n": 1}], "needs 'client', which is no part of a call"),
        ("service:nothing", [], "no task 'service:nothing'; service marks service.Basket.doubled, "),
        ("nothing", [], "no task 'nothing'"),
        ("nowhere:nothing", [], "importing 'nowhere' failed"),
    ],
)
def test_label_mistakes(
    task: str, lines: list[object], fault: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in a file is said with its line before anything runs, and so is a function that cannot be called."""
    assert fault in output(capsys, "label", task, inputs(folder, *lines), status=2)
    assert not (folder / ".distil").exists()


def test_label_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no call got a label, there is no session."""
    file = inputs(folder, *[{"name": "", "day": "2026-01-01"}] * 7)
    printed = output(capsys, "label", "service:priced", file)

    assert "no call got a label" in printed
    assert "inputs.jsonl:5: the original raised" in printed
    assert "... and 2 more inputs without a label" in printed
    assert not (folder / ".distil").exists()


def test_label_interrupted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was done before an interrupt is kept, in a partial session."""
    (folder / "service.py").write_text(
        "from pytest_distil import distil\n\n@distil\ndef bare(n: int) -> int:\n"
        "    if n == 3:\n        raise KeyboardInterrupt\n    return n\n"
    )
    file = inputs(folder, *({"n": n} for n in range(5)))
    output(capsys, "label", "service:bare", file, status=130)

    session = only_session(folder)
    assert [({"n": n}, n) for n in range(3)] == session.calls
    assert session.manifest["partial"]


def test_models_export(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model's card is printed with what production needs, ready to be a file."""
    session = make_session(folder / ".distil")
    output(capsys, "models", "add", "ft:triage", "--file", str(trained_file(session)), "--base-url", "https://a/v1")
    card = json.loads(output(capsys, "models", "export", "latest", "--key", "TRIAGE_KEY", "--base-url", "https://b/v1"))

    assert "ft:triage" == card["model"]
    assert ("https://b/v1", "TRIAGE_KEY") == (card["production"]["base_url"], card["production"]["key"])
    assert ["mail.triage"] == list(card["production"]["tasks"])
    assert "ft:triage" == Cards(Home(folder / ".distil")).get("latest").model
