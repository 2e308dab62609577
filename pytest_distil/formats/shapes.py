"""Training lines and preference pairs in the shape that a provider wants, from the shape that `collect` writes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.prompt import Message
from pytest_distil.core.text import Json, compact
from pytest_distil.formats import load
from pytest_distil.formats.conversation import TRAINED
from pytest_distil.formats.providers import Provider
from pytest_distil.mark.errors import SettingError

BOM = "\ufeff"

_BASE = "BASE"

_RATE, _LOW_RATE = ("--learning_rate", "2e-4"), ("--learning_rate", "5e-6")
"""What TRL's own examples take for LoRA; its defaults are for training all weights."""

_UNCUT = "65536"
"""Tokens after which TRL cuts an example, its reply first; by itself it does so after 1,024."""


def shaped(line: Mapping[str, Json], rules: Provider) -> str:
    """Return a training line as a provider takes it; raise `SettingError` where it has no words for it."""
    _refuse_functions(line, rules)
    beside = {key: line[key] for key in TRAINED if key in line and key in rules.beside}
    messages = [_message(one, rules) for one in line["messages"]]
    if rules.halves:
        asked, replied = rules.halves
        return compact({asked: messages[:-1], replied: messages[-1:], **beside})
    return compact({"messages": messages, **beside})


def pair(
    format_name: str, brief: Brief, arguments: Mapping[str, Json], replies: tuple[Message, Message], rules: Provider
) -> str:
    """Return a preference pair: the prompt of a call, the reply to prefer and the reply to avoid."""
    body = load(format_name).prompt(brief, arguments)
    beside = {key: body[key] for key in TRAINED if key in body}
    _refuse_functions(beside, rules)
    beside = {key: value for key, value in beside.items() if key in rules.beside}
    prompt, *sides = rules.pairs
    nested = {"input": {"messages": body["messages"], **beside}}
    asked = nested if prompt == "input" else {prompt: body["messages"], **beside}
    told = {side: [_message(reply, rules)] for side, reply in zip(sides, replies, strict=True)}
    return compact({**asked, **told})


def file_lines(lines: Iterable[str], rules: Provider) -> Iterator[str]:
    """Yield the lines of a file, the first one with a byte-order mark where the provider wants one."""
    for number, line in enumerate(lines):
        yield f"{BOM}{line}" if rules.bom and not number else line


@dataclass(frozen=True, slots=True)
class Training:
    """What is trained on what."""

    train: Path
    validation: Path | None
    name: str
    """What to call the model."""
    base: str | None = None
    dpo: bool = False


def commands(rules: Provider, what: Training) -> list[str]:
    """Return the commands of a provider's own tool, one a line; `BASE` stands where no base model is given."""
    commands = {"together": _together, "fireworks": _firectl, "trl": _trl}.get(rules.name, _ours)
    return [shlex.join(words) for words in commands(what)]


def _together(what: Training) -> list[list[str]]:
    """Return the command of `together` 3.1, which uploads files by itself."""
    made = ["together", "fine-tuning", "create", "--training-file", str(what.train)]
    made += ["--validation-file", str(what.validation), "--n-evals", "5"] if what.validation else []
    made += ["--training-method", "dpo"] if what.dpo else []
    return [[*made, "--model", what.base or _BASE, "--suffix", what.name]]


def _firectl(what: Training) -> list[list[str]]:
    """Return the commands of Fireworks' tool: datasets first, then the job."""
    made = [["firectl", "dataset", "create", f"{what.name}-train", str(what.train)]]
    watched = what.validation is not None and not what.dpo
    if watched:
        made.append(["firectl", "dataset", "create", f"{what.name}-validation", str(what.validation)])
    job = ["firectl", "dpo-job" if what.dpo else "supervised-fine-tuning-job", "create"]
    job += ["--base-model", what.base or _BASE, "--dataset", f"{what.name}-train", "--output-model", what.name]
    return [*made, [*job, *(["--evaluation-dataset", f"{what.name}-validation"] if watched else [])]]


def _trl(what: Training) -> list[list[str]]:
    """Return the command of TRL 1.16, which finds train and validation files in a folder by their names."""
    made = ["trl", *(("dpo", *_LOW_RATE) if what.dpo else ("sft", *_RATE)), "--use_peft", "--max_length", _UNCUT]
    made += ["--model_name_or_path", what.base or _BASE, "--dataset_name", str(what.train.parent)]
    made += ["--dataset_test_split", "validation", "--eval_strategy", "epoch"] if what.validation else []
    return [[*made, "--output_dir", what.name]]


def _ours(what: Training) -> list[list[str]]:
    made = ["pytest-distil", "jobs", "create-from-file", str(what.train), "--model", what.base or _BASE]
    made += ["--validation-file", str(what.validation)] if what.validation else []
    return [[*made, *(["--method", "dpo"] if what.dpo else [])]]


def _refuse_functions(line: Mapping[str, Any], rules: Provider) -> None:
    if "functions" in line and "functions" not in rules.beside:
        raise SettingError("--provider", f"{rules.title} takes no functions; export with --format tools")


def _message(message: Message, rules: Provider) -> dict[str, Any]:
    """Return a message as a provider takes it."""
    if not rules.calls_as_objects or "tool_calls" not in message:
        return dict(message)
    return {**message, "tool_calls": [_as_object(one) for one in message["tool_calls"]]}


def _as_object(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call with its arguments as an object, text that is no JSON as it is."""
    function = call["function"]
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = function["arguments"]
    return {**call, "function": {**function, "arguments": arguments}}
