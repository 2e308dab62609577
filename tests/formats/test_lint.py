from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.formats.lint import Checked, Lint, billed, part_of, siblings
from pytest_distil.formats.providers import PROVIDERS, provider
from pytest_distil.mark.errors import DataError
from support.training_lines import (
    CHARACTERS,
    PARAMETERS,
    calling,
    check,
    message,
    old_calling,
    paired,
    plain,
    write,
)


@pytest.mark.parametrize("make", [plain, calling, old_calling, paired])
def test_good_files_pass(tmp_path: Path, make: Any) -> None:
    """Conversations, tool calls, function calls and pairs with nothing wrong in them pass."""
    path = write(tmp_path / "triage.train.jsonl", [make(number) for number in range(10)])

    assert [] == check(path)


WHOLE = {
    "too few": ("openai", 9, b"", "has 9 examples; OpenAI wants 10 at least"),
    "too few for Fireworks": ("fireworks", 2, b"", "has 2 examples; Fireworks wants 3 at least"),
    "none at all": ("together", 0, b"", "has 0 examples; Together wants 1 at least"),
    "no mark for Azure": ("azure", 10, b"", "Azure OpenAI wants a byte-order mark"),
    "a mark for OpenAI": ("openai", 10, b"\xef\xbb\xbf", "OpenAI does not take"),
    "UTF-16": ("openai", 10, b"\xff\xfe", "is in UTF-16"),
}


@pytest.mark.parametrize(("rules", "count", "head", "said"), WHOLE.values(), ids=WHOLE.keys())
def test_faults_of_whole_files_are_found(tmp_path: Path, rules: str, count: int, head: bytes, said: str) -> None:
    """Too few examples and a wrong beginning are said of the file, not of a line."""
    path = write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(count)])
    path.write_bytes(head + path.read_bytes())

    found = check(path, rules=rules)

    assert any(said in one.message and one.line == 0 for one in found), found


def test_azure_takes_a_file_with_its_mark(tmp_path: Path) -> None:
    """A byte-order mark is no part of the first line."""
    path = write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(10)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert [] == check(path, rules="azure")


def test_repeated_and_contradicting_lines_are_found(tmp_path: Path) -> None:
    """A line that was there before is found, and so is one that asks the same and replies otherwise."""
    other = message(2, plain(4), content='{"topic":"other"}')
    path = write(tmp_path / "triage.train.jsonl", [*(plain(number) for number in range(10)), plain(2), other])

    found = check(path)

    assert [
        (11, "", "repeats triage.train.jsonl:3"),
        (12, "messages", "contradicts triage.train.jsonl:5: the same prompt, another reply"),
    ] == [(one.line, one.field, one.message) for one in found]


def test_a_hard_file_may_repeat_lines(tmp_path: Path) -> None:
    """What a model got wrong stands in a hard file more than once on purpose; contradictions are found all the same."""
    other = message(2, plain(4), content='{"topic":"other"}')
    path = write(tmp_path / "triage.hard.jsonl", [*(plain(number) for number in range(10)), plain(2), other])

    assert [12] == [one.line for one in check(path)]


def test_lines_kept_from_training_are_not_trained_on(tmp_path: Path) -> None:
    """A validation or held-out line whose prompt also stands in training is found, whatever it replies."""
    train = write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(10)])
    validation = write(tmp_path / "triage.validation.jsonl", [plain(20), plain(3)])
    other = message(2, plain(7), content='{"topic":"other"}')
    held_out = write(tmp_path / "triage.held_out.jsonl", [other])

    found = check(held_out, validation, train)

    assert [
        (str(held_out), 1, "is held out, and triage.train.jsonl:8 trains on the same prompt"),
        (str(validation), 2, "is for validation, and triage.train.jsonl:4 trains on the same prompt"),
    ] == [(one.path, one.line, one.message) for one in found]


def test_replies_are_held_against_the_sessions_schema(tmp_path: Path) -> None:
    """Where the schema of replies is known by their system text, a reply that is not of it is found."""
    path = write(tmp_path / "triage.train.jsonl", [plain(number) for number in range(10)])

    found = check(path, schemas={"Sort e-mails.": PARAMETERS})

    assert {("messages[2].content.price", "is missing")} == {(one.field, one.message) for one in found}
    assert 10 == len(found)


def test_findings_are_told_up_to_a_number_and_counted(tmp_path: Path) -> None:
    """Of a file that is wrong throughout not every line is told, and the others are counted."""
    path = write(tmp_path / "triage.train.jsonl", [plain(number, x=1) for number in range(30)])
    lint = Lint(provider("openai"), CHARACTERS, most=5)

    assert 5 == len(list(lint.findings([Checked(path, "train")])))
    assert 25 == lint.untold


def test_what_an_epoch_bills_is_what_is_trained_on(tmp_path: Path) -> None:
    """Tokens of validation and held-out files are counted, and not billed."""
    train = write(tmp_path / "triage.train.jsonl", [plain(1)])
    held_out = write(tmp_path / "triage.held_out.jsonl", [plain(2)])
    lint = Lint(provider("generic"), CHARACTERS)
    list(lint.findings([Checked(train, "train"), Checked(held_out, "held_out")]))
    text = len("systemSort e-mails." + "usermail 1" + 'assistant{"topic":"bug"}')

    assert text + 3 * 3 + 3 == billed(lint.numbers)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that is not there is no file without findings."""
    with pytest.raises(DataError, match=r"no\.jsonl: no such file"):
        check(tmp_path / "no.jsonl")


def test_parts_and_siblings_are_known_by_name(tmp_path: Path) -> None:
    """What a file is for, and what lies beside it, its name tells; a name that tells nothing is for training."""
    train = write(tmp_path / "a.b.train.jsonl", [])
    validation, held_out = (write(tmp_path / f"a.b.{part}.jsonl", []) for part in ("validation", "held_out"))

    assert {"validation": validation, "held_out": held_out} == siblings(train)
    assert {"validation": validation, "held_out": held_out} == siblings(tmp_path / "a.b.hard.jsonl")
    assert {} == siblings(validation)
    assert ["train", "hard", "validation", "held_out", "train"] == [
        part_of(Path(name)) for name in ("x.train.jsonl", "x.hard.jsonl", "x.validation.jsonl", "x.held_out.jsonl", "x")
    ]


MEASURE = """
import resource, sys
from pathlib import Path
from pytest_distil.formats.lint import Checked, Lint
from pytest_distil.formats.providers import provider
from pytest_distil.formats.tokens import Counter

lint = Lint(provider("openai"), Counter(len, "characters", exact=True))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = list(lint.findings([Checked(Path(sys.argv[1]), "train")]))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(found), lint.numbers[0].examples, (after - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\n", ""], ids=["lines", "one line"])
def test_large_files_take_little_memory(tmp_path: Path, end: str) -> None:
    """A file of 200 MB is checked within 60 MB, and so is one that is a single line."""
    path = tmp_path / "large.train.jsonl"
    filling = "x" * 720
    with path.open("w") as file:
        for number in range(230_000):
            file.write(json.dumps(message(1, plain(number), content=f"{filling} {number}")) + end)
    assert path.stat().st_size > 200_000_000
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    findings, examples, megabytes = map(int, done.stdout.split())

    assert ((0, 230_000) if end else (2, 0)) == (findings, examples)
    assert megabytes < 60


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_has_a_title_of_its_own(name: str) -> None:
    """The rules are found under their names."""
    assert name == provider(name).name
    assert len(PROVIDERS) == len({one.title for one in PROVIDERS.values()})
