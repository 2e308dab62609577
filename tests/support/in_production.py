"""Marked functions outside of our runs: handlers that keep lines, scripts as processes, the article's code."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_distil.core.text import Json
from pytest_distil.run.call_log import WRITER


class Lines(logging.Handler):
    """Keeps what it gets, as a file would."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    @property
    def lines(self) -> list[Any]:
        """The lines so far, read as JSON."""
        WRITER.flush()
        return [json.loads(record.getMessage()) for record in self.records]


def call_of(line: Mapping[str, Any]) -> tuple[str, Json]:
    """Return what a line of the ancestor's shape asks and what it replies."""
    _, user, assistant = line["messages"]
    return user["content"], json.loads(assistant["function_call"]["arguments"])


def run(
    folder: Path, text: str, *args: str, python: Path | None = None, warnings: str = "error", **variables: str
) -> str:
    """Run a script in a process of its own, with no key at hand, and return what it prints."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    command = [str(python or sys.executable), "-W", warnings, str(script), *args]
    done = subprocess.run(
        command, cwd=folder, env={"PATH": "", **variables}, capture_output=True, text=True, check=False, timeout=60
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


QUICK_START = """
import logging
import random
from pydantic import BaseModel
from instructor import Instructions # pip install instructor

# Logging setup
logging.basicConfig(level=logging.INFO)

instructions = Instructions(
    name="three_digit_multiply",
    finetune_format="messages",
    # log handler is used to save the data to a file
    # you can imagine saving it to a database or other storage
    # based on your needs!
    log_handlers=[logging.FileHandler("math_finetunes.jsonl")]
)

class Multiply(BaseModel):
    a: int
    b: int
    result: int

# Define a function with distillation
# The decorator will automatically generate a dataset for fine-tuning
# They must return a pydantic model to leverage function calling
@instructions.distil
def fn(a: int, b: int) -> Multiply:
    resp = a * b
    return Multiply(a=a, b=b, result=resp)

# Generate some data
for _ in range(10):
    a = random.randint(100, 999)
    b = random.randint(100, 999)
    print(fn(a, b))
"""
"""As the ancestor's article has it ("Quick Start: How to Use Instructor's Distillation Feature")."""

NEXT_STEPS = """
from instructor import Instructions
from pydantic import BaseModel


class Multiply(BaseModel):
    a: int
    b: int
    result: int


instructions = Instructions(
    name="three_digit_multiply",
)


@instructions.distil(model='gpt-4.1-mini:finetuned-123', mode="dispatch")
def fn(a: int, b: int) -> Multiply:
    # now this code will be short circuited and the model will be used instead.
    resp = a + b
    return Multiply(a=a, b=b, result=resp)
"""
"""The article's other example, as it is today."""


def ours(text: str) -> str:
    """Return the ancestor's code with only the import changed."""
    changed = text.replace("from instructor import", "from pytest_distil import")
    assert changed != text
    return changed
