from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_distil.cli import main
from pytest_distil.core.card import Card
from pytest_distil.store.cards import Cards
from pytest_distil.store.home import Home
from support.training_lines import plain, write
from support.tuning_server import Fault, Script, TuningServer
from support.tuning_session import make_session, trained_file

QUICK = ["--interval", "0.001"]
MODEL = "ft:gpt-2024-07-18:org::1"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(here: Path) -> str:
    """Collect a session, and return its training file."""
    return str(trained_file(make_session(here / ".distil")))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[TuningServer]:
    """Run a server, and set it in the environment."""
    with TuningServer(getattr(request, "param", None), shutdown="2027-01-14") as server:
        monkeypatch.setenv("DISTIL_BASE_URL", server.url)
        monkeypatch.setenv("DISTIL_API_KEY", "sk-secret-4711")
        yield server


class Terminal(io.StringIO):
    """Someone who types."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def create(file: str, *options: str) -> int:
    """Create a job, quickly and without a question."""
    return main(["jobs", "create-from-file", file, "--model", "gpt", "--yes", *QUICK, *options])


def cards() -> list[Card]:
    """Return the cards that were written."""
    return Cards(Home(Path(".distil"))).all()


def test_from_a_file_to_a_model(server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One command checks, uploads, creates and follows, and the card knows the data: nothing is left to look up."""
    assert 0 == create(file, "--n-epochs", "3", "--follow")
    told = capsys.readouterr()
    (card,) = cards()

    assert ["mail.triage.train.jsonl", "mail.triage.validation.jsonl"] == [
        one["filename"] for one in server.files.values()
    ]
    assert Path(file).read_bytes() == server.contents["file-1"]
    assert {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}} == server.created[0]["method"]
    assert "hyperparameters" not in server.created[0]
    assert (MODEL, "gpt", server.url, "ftjob-1", "mail.triage") == (
        card.model,
        card.base,
        card.provider,
        card.job,
        card.dataset,
    )
    assert {"mail.triage": "json_schema"} == card.formats
    assert f"ftjob-1 succeeded: {MODEL}" in told.out
    assert "gpt and what is trained on it shut down on 2027-01-14." in told.err
    assert "loss 0.6667 · validation 0.7667" in told.out
    assert "held_out" not in json.dumps(list(server.files.values()))


def test_quiet_prints_the_job_alone(server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With -q the id of the job is all that goes to stdout."""
    assert 0 == create(file, "-q")
    assert "ftjob-1\n" == capsys.readouterr().out


def test_json_prints_the_job_alone(server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the job is all that goes to stdout."""
    assert 0 == create(file, "--json")
    assert "ftjob-1" == json.loads(capsys.readouterr().out)["id"]


@pytest.mark.parametrize("forgets", [False, True])
def test_the_same_job_is_not_paid_twice(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str], *, forgets: bool
) -> None:
    """Asked for again, the first job is found: by the cards here, and without them by its metadata there."""
    create(file)
    if forgets:
        Path(".distil/models.json").unlink()
    capsys.readouterr()

    assert 0 == create(file)
    assert "This was asked for before: ftjob-1 is" in capsys.readouterr().out
    assert (1, 2) == (len(server.created), len(server.files))
    assert ["ftjob-1"] == [card.job for card in cards()]


def test_the_same_data_collected_again_is_the_same_job(server: TuningServer, file: str, here: Path) -> None:
    """A new session with the same lines asks for nothing new."""
    create(file)
    create(str(trained_file(make_session(here / ".distil"))))

    assert 1 == len(server.created)


@pytest.mark.parametrize("options", [["--n-epochs", "2"], ["--again"], ["--model", "other"]])
def test_another_job_is_another(server: TuningServer, file: str, options: list[str]) -> None:
    """Other settings, another base and an explicit wish make a new job."""
    create(file)
    create(file, *options)

    assert 2 == len(server.created)


def test_a_job_that_was_cancelled_is_created_anew(server: TuningServer, file: str) -> None:
    """What brought no model does not stand in the way of the next try."""
    create(file)
    assert 0 == main(["jobs", "cancel", "ftjob-1"])
    create(file)

    assert 2 == len(server.created)


def test_a_found_job_that_has_ended_gives_its_model(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the first job has a model by now, asking for it again keeps its card."""
    create(file)
    for _ in range(4):
        main(["jobs", "show", "ftjob-1"])
    capsys.readouterr()
    create(file)

    assert f"ftjob-1 is succeeded: {MODEL}" in capsys.readouterr().out
    assert [MODEL] == [card.model for card in cards()]


def test_a_file_with_findings_is_not_uploaded(
    server: TuningServer, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the check finds is told before anything is sent; --force goes on, and the job then fails with a reason."""
    path = str(write(here / "a.train.jsonl", [plain(number, seed=1) for number in range(3)]))

    assert 1 == create(path)
    assert "Nothing was uploaded." in capsys.readouterr().out
    assert {} == server.files
    assert 1 == create(path, "--force", "--follow")
    assert "ftjob-1 is failed: invalid_training_file: Training file has 3 example(s)" in capsys.readouterr().out


def test_findings_do_not_disturb_what_programs_read(
    server: TuningServer, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With -q and --json findings go to stderr, and stdout has the job or nothing."""
    path = str(write(here / "a.train.jsonl", [plain(number, seed=1) for number in range(12)]))
    for options in (["-q"], ["--json"]):
        assert 1 == create(path, *options)
        told = capsys.readouterr()
        assert "" == told.out
        assert "a.train.jsonl:12: seed: " in told.err


@pytest.mark.parametrize("part", ["held_out", "validation"])
def test_what_is_kept_from_training_is_not_trained_on(
    server: TuningServer, file: str, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Held-out and validation files are refused by their names."""
    assert 2 == create(file.replace(".train.", f".{part}."))
    assert "it is not to be trained on" in capsys.readouterr().err
    assert {} == server.files


def test_a_held_out_file_is_not_validated_on(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No provider sees held-out calls, not even for a loss."""
    assert 2 == create(file, "--validation-file", file.replace(".train.", ".held_out."))
    assert "is held out; no provider sees it" in capsys.readouterr().err


def test_nobody_is_asked_where_there_is_nobody(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal and without --yes nothing is uploaded."""
    assert 2 == main(["jobs", "create-from-file", file, "--model", "gpt"])
    assert "--yes: is needed to upload mail.triage.train.jsonl" in capsys.readouterr().err
    assert {} == server.files


@pytest.mark.parametrize(("typed", "status"), [("y", 0), ("", 1), ("no", 1)])
def test_a_user_is_asked_once(  # noqa: PLR0913, PLR0917 - fixtures
    typed: str,
    status: int,
    server: TuningServer,
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At a terminal the size of what is uploaded is told, and only a yes uploads and trains."""
    monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))

    assert status == main(["jobs", "create-from-file", file, "--model", "gpt", *QUICK])
    assert re.search(r"To upload: mail\.triage\.train\.jsonl \([\d.]+ kB\) and ", capsys.readouterr().out)
    assert (1 if typed == "y" else 0) == len(server.created)


@pytest.mark.parametrize(
    "server", [Script(file_statuses=("uploaded", "uploaded", "error")), Script(file_statuses=("error",))], indirect=True
)
def test_a_file_that_the_provider_refuses_ends_it(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be processed is said with the provider's reason, and no job is created."""
    assert 2 == create(file)
    assert "was refused: line 3 is no JSON" in capsys.readouterr().err
    assert [] == server.created


def test_a_spent_quota_is_said_without_the_key(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The provider's words are told, where they come from, and no key."""
    server.faults["POST /fine_tuning/jobs"] += [Fault(429, "You exceeded your current quota", "insufficient_quota")]

    assert 2 == create(file)
    told = capsys.readouterr()
    assert f"pytest-distil: {server.url}: no quota: " in told.err
    assert "4711" not in told.out + told.err


def test_azure_gets_its_byte_order_mark(server: TuningServer, file: str) -> None:
    """For Azure the mark is put before the file on its way; the file itself stays as it is."""
    assert 0 == create(file, "--provider", "azure")
    assert b"\xef\xbb\xbf" + Path(file).read_bytes() == server.contents["file-1"]


def test_a_provider_without_these_calls_is_told_what_to_do(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where jobs are created in another way, the message says how to get the file and the command."""
    assert 2 == create(file, "--provider", "together")
    assert "`pytest-distil export --provider together` writes the file that it wants" in capsys.readouterr().err


def test_an_uploaded_file_is_trained_on_by_its_id(server: TuningServer, file: str) -> None:
    """What was uploaded before is not uploaded again, and asked for twice it is found."""
    create(file)
    for _ in range(2):
        assert 0 == main(["jobs", "create-from-id", "file-1", "--model", "gpt", "--seed", "7"])

    assert 2 == len(server.created)
    assert ("file-1", 7) == (server.created[1]["training_file"], server.created[1]["seed"])


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (
            Script(statuses=("queued", "running", "failed"), error={"code": "exceeded_quota", "message": "no more"}),
            "ftjob-1 is failed: exceeded_quota: no more.",
        ),
        (Script(statuses=("queued", "cancelled")), "ftjob-1 is cancelled."),
    ],
    indirect=["server"],
)
def test_a_job_without_a_model_ends_with_1(
    server: TuningServer, file: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed and a cancelled job end following with 1 and the reason, and no model is kept."""
    create(file)

    assert 1 == main(["jobs", "follow", *QUICK])
    assert said in capsys.readouterr().out
    assert [None] == [card.model for card in cards()]


@pytest.mark.parametrize("server", [Script(statuses=("paused", "warming_up", "succeeded"))], indirect=True)
def test_following_tells_every_status_and_lost_connections(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal each change is a line, a lost connection and an unknown status too."""
    create(file)
    server.faults["GET /fine_tuning/jobs/ftjob-1"] += [Fault(), Fault(cut=True)]

    assert 0 == main(["jobs", "follow", "ftjob-1", *QUICK])
    out = capsys.readouterr().out
    told = [re.sub(r"^[\d: -]{19}  ", "", line) for line in out.splitlines()]
    assert 1 == len([line for line in told if "no connection" in line and "trying again" in line])
    assert [line for line in told if line in ("paused", "warming_up", "succeeded")] == [
        "paused",
        "warming_up",
        "succeeded",
    ]
    assert max(map(len, out.splitlines())) <= 120


def test_following_in_json_is_a_line_a_change(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each change is one JSON object on a line, and the last one is the job."""
    create(file)
    capsys.readouterr()
    main(["jobs", "follow", "--json", *QUICK])
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert MODEL == records[-1]["job"]["model"]
    assert ["queued", "running", "running", "succeeded"] == [one["status"] for one in records[:-1]]
    assert [None, 1.0, 0.6667, 0.6667] == [one["train_loss"] for one in records[:-1]]


def test_enough_of_following(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends following, not the job, and says how to go on; going on tells the rest."""
    create(file)
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))

        assert 130 == main(["jobs", "follow"])
    assert "watch it again with: pytest-distil jobs follow ftjob-1" in capsys.readouterr().err
    assert 0 == main(["jobs", "follow", *QUICK])
    assert [MODEL] == [card.model for card in cards()]


def test_jobs_that_nobody_here_created_can_be_followed(
    server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without cards the provider's newest job is followed, and its model gets a card with what the job tells."""
    create(file)
    Path(".distil/models.json").unlink()

    assert 0 == main(["jobs", "follow", *QUICK])
    assert [(MODEL, "gpt-2024-07-18", None)] == [(card.model, card.base, card.session) for card in cards()]


def test_lists_and_tables(server: TuningServer, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Jobs, one job and its events are shown within 80 columns, and as JSON with everything."""
    assert 0 == main(["jobs", "list"])
    assert "No jobs.\n" == capsys.readouterr().out
    create(file, "--follow")
    capsys.readouterr()
    for words in (["list"], ["show", "ftjob-1"], ["events", "ftjob-1"]):
        assert 0 == main(["jobs", *words])
        out = capsys.readouterr().out
        assert max(map(len, out.splitlines())) <= 80
        assert MODEL in out
        assert 0 == main(["jobs", *words, "--json"])
        assert MODEL in json.dumps(json.loads(capsys.readouterr().out))


def test_a_job_that_is_not_there(server: TuningServer, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown id ends with 2 and the server's words."""
    assert 2 == main(["jobs", "show", "ftjob-9"])
    assert f"pytest-distil: {server.url}: status 404" in capsys.readouterr().err


def test_no_server_at_all(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a base URL and a key the message says what to set."""
    assert 2 == create(file)
    assert "set DISTIL_BASE_URL" in capsys.readouterr().err


def test_the_option_stands_before_the_environment(server: TuningServer, file: str) -> None:
    """--base-url is asked, whatever the environment says."""
    with TuningServer() as other:
        assert 0 == create(file, "--base-url", other.url)

    assert ([], 1) == (server.created, len(other.created))
