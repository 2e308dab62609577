from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.formats import load
from pytest_distil.formats.lines import training_line
from pytest_distil.formats.providers import PROVIDERS, provider, provider_of
from pytest_distil.formats.shapes import Training, commands, file_lines, pair, shaped
from pytest_distil.mark.errors import SettingError
from support.training_lines import check
from support.tuning_session import arguments, result, triage

SHAPES = ("json_schema", "tools", "functions")
TAKES_FUNCTIONS = ("openai", "azure", "generic")


def lines(rules: str, format_name: str) -> list[str]:
    """Return a file of a provider."""
    brief = triage()
    written = (training_line(format_name, brief, arguments(number), result(number)) for number in range(12))
    return list(file_lines((shaped(json.loads(line), provider(rules)) for line in written), provider(rules)))


def pairs(rules: str, format_name: str) -> list[str]:
    """Return a file of preference pairs of a provider."""
    brief, form = triage(), load(format_name)
    made = []
    for number in range(12):
        worse = form.message(brief, "no {") if number % 2 else form.reply(brief, result(number + 1))
        replies = (form.reply(brief, result(number)), worse)
        made.append(pair(format_name, brief, arguments(number), replies, provider(rules)))
    return list(file_lines(made, provider(rules)))


def can(rules: str, format_name: str) -> bool:
    """Tell whether a provider has words for a format."""
    return format_name != "functions" or rules in TAKES_FUNCTIONS


BOTH = [(rules, name) for rules in PROVIDERS for name in SHAPES if can(rules, name)]


@pytest.mark.parametrize(("rules", "format_name"), BOTH)
@pytest.mark.parametrize("make", [lines, pairs])
def test_what_is_written_for_a_provider_passes_its_check(
    tmp_path: Path, rules: str, format_name: str, make: Any
) -> None:
    """Training lines and preference pairs of every format pass the rules of the provider that they are written for."""
    path = tmp_path / "triage.train.jsonl"
    path.write_text("".join(f"{line}\n" for line in make(rules, format_name)), encoding="utf-8")

    assert [] == check(path, rules=rules)


@pytest.mark.parametrize("rules", sorted(set(PROVIDERS) - set(TAKES_FUNCTIONS)))
def test_functions_are_refused_where_nobody_takes_them(rules: str) -> None:
    """A provider without functions gets none, and the message says which format it takes."""
    with pytest.raises(SettingError, match="takes no functions; export with --format tools"):
        lines(rules, "functions")
    with pytest.raises(SettingError, match="takes no functions; export with --format tools"):
        pairs(rules, "functions")


@pytest.mark.parametrize("format_name", SHAPES)
def test_a_pair_asks_what_a_training_line_asks(format_name: str) -> None:
    """The prompt of a preference pair is the training line's, byte for byte, and so is the preferred reply."""
    line = json.loads(lines("generic", format_name)[0])
    made = json.loads(pairs("generic", format_name)[0])

    assert line["messages"][:-1] == made["input"]["messages"]
    assert line["messages"][-1:] == made["preferred_output"]
    assert {key: line[key] for key in line if key != "messages"} == {
        key: made["input"][key] for key in made["input"] if key != "messages"
    }


def test_chat_templates_get_arguments_as_objects() -> None:
    """For TRL the arguments of a call are an object, as templates read them."""
    [message] = json.loads(lines("trl", "tools")[0])["completion"]

    assert result(0) == message["tool_calls"][0]["function"]["arguments"]


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("dpo", [False, True])
def test_commands_name_what_they_train_on(name: str, dpo: object) -> None:
    """The commands of every provider name the file, the base model and, quoted, a path with spaces."""
    what = Training(Path("out dir/triage.train.jsonl"), Path("out dir/v.jsonl"), "triage", "base-1", dpo=bool(dpo))
    whole = "\n".join(commands(provider(name), what))

    assert "base-1" in whole
    assert "'out dir" in whole
    assert ("dpo" in whole) == bool(dpo)
    assert "BASE" in "\n".join(commands(provider(name), Training(Path("a"), None, "triage")))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.openai.com", "openai"),
        ("me.openai.azure.com", "azure"),
        ("api.together.xyz", "together"),
        ("api.fireworks.ai", "fireworks"),
        ("notopenai.com", "generic"),
        ("127.0.0.1", "generic"),
    ],
)
def test_rules_are_known_by_the_host(host: str, name: str) -> None:
    """A base URL tells whose rules hold; an unknown host has those of all."""
    assert name == provider_of(host).name


def test_an_unknown_provider_is_refused() -> None:
    """The message lists the ones that are known."""
    with pytest.raises(SettingError, match="is one of openai, azure, together, fireworks, trl, generic, not 'aws'"):
        provider("aws")
