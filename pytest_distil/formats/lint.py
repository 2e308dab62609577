"""Training files held against a provider's rules before money is spent: line by line, whatever their size."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pytest_distil.core.phrases import plural
from pytest_distil.formats.example import Method, example_faults, method_of, parts
from pytest_distil.formats.finding import Finding
from pytest_distil.formats.jsonl import BOM, UTF_16, lines_of, parsed
from pytest_distil.formats.providers import Provider
from pytest_distil.formats.tokens import Counter
from pytest_distil.formats.turns import Schemas
from pytest_distil.formats.twins import Prompts, Twin

Part = Literal["train", "hard", "validation", "held_out"]
PARTS: tuple[Part, ...] = ("train", "hard", "validation", "held_out")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is looked at."""

    path: Path
    part: Part
    judged: bool = True
    """Whether its own faults count; else it is only compared with the others."""


@dataclass(slots=True)
class Numbers:
    """What one file holds."""

    path: str
    part: Part
    bytes: int = 0
    examples: int = 0
    tokens: int = 0
    longest: int = 0
    """Tokens of its longest example."""
    method: Method | None = None
    """None for a file without examples."""


@dataclass(slots=True)
class Lint:
    """Checks files, and holds what it counted when `findings` is exhausted."""

    rules: Provider
    counter: Counter
    schemas: Schemas = field(default_factory=dict)
    method: Method | None = None
    """What the files are for; None: what each one's first line is for."""
    context: int | None = None
    """Tokens that one example may have; None: as the provider's models have it."""
    most: int = 1000
    """Findings that are told of one file, and of lines that ask the same; the others are counted."""
    numbers: list[Numbers] = field(default_factory=list)
    untold: int = 0

    def findings(self, files: Sequence[Checked]) -> Iterator[Finding]:
        """Yield what is wrong; raise `DataError` for a file that cannot be read."""
        ordered = sorted(files, key=lambda one: PARTS.index(one.part))
        with Prompts() as prompts:
            for index, file in enumerate(ordered):
                numbers = Numbers(str(file.path), file.part)
                self.numbers.append(numbers)
                found = self._file(file, index, numbers, prompts)
                yield from self._told(found) if file.judged else _none_of(found)
            yield from self._twins(ordered, prompts)

    def _told(self, found: Iterator[Finding]) -> Iterator[Finding]:
        """Yield the first of some findings and count the others."""
        for number, finding in enumerate(found):
            if number < self.most:
                yield finding
            else:
                self.untold += 1

    def _file(self, file: Checked, index: int, numbers: Numbers, prompts: Prompts) -> Iterator[Finding]:
        """Yield the findings of one file, in its order; those of the whole file last."""
        for number, line in lines_of(file.path):
            if not number:
                yield from self._head_findings(numbers.path, line)
                continue
            yield from self._line(line, number, numbers, prompts, index)
        numbers.bytes = file.path.stat().st_size
        yield from self._whole(numbers)

    def _line(
        self, text: bytes | None, number: int, numbers: Numbers, prompts: Prompts, index: int
    ) -> Iterator[Finding]:
        """Yield the findings of one line, and remember what it asks."""
        example, wrong = parsed(text)
        if wrong:
            yield Finding(numbers.path, number, "", wrong)
            return
        numbers.examples += 1
        numbers.method = numbers.method or self.method or method_of(example, self.rules)
        for where, fault in example_faults(example, self.rules, method=numbers.method, schemas=self.schemas):
            yield Finding(numbers.path, number, where, fault)
        tokens = self.counter.line(example)
        numbers.tokens += tokens
        numbers.longest = max(numbers.longest, tokens)
        limit = self.context or self.rules.context
        if limit and tokens > limit:
            about = "" if self.counter.exact else "about "
            yield Finding(numbers.path, number, "", f"has {about}{tokens:,} tokens; {limit:,} are the most")
        if isinstance(example, dict):
            prompts.add(*parts(example, self.rules), file=index, line=number)

    def _head_findings(self, path: str, head: bytes | None) -> Iterator[Finding]:
        """Yield what is wrong with the first bytes of a file."""
        marked = head == BOM
        if head and head.startswith(UTF_16):
            yield Finding(path, 0, "", "is in UTF-16; save it as UTF-8")
        elif marked and not self.rules.bom:
            yield Finding(path, 0, "", f"begins with a byte-order mark, which {self.rules.title} does not take")
        elif self.rules.bom and not marked:
            wanted = f"{self.rules.title} wants a byte-order mark at its beginning"
            yield Finding(path, 0, "", f"{wanted}; `pytest-distil export --provider {self.rules.name}` writes it")

    def _whole(self, numbers: Numbers) -> Iterator[Finding]:
        """Yield what is wrong with numbers and sizes."""
        trained = numbers.part in ("train", "hard")
        if trained and numbers.examples < self.rules.least:
            wanted = f"{self.rules.title} wants {self.rules.least} at least"
            yield Finding(numbers.path, 0, "", f"has {plural(numbers.examples, 'example')}; {wanted}")
        if self.rules.most and numbers.examples > self.rules.most:
            wanted = f"{self.rules.title} takes {self.rules.most:,}"
            yield Finding(numbers.path, 0, "", f"has {numbers.examples:,} examples; {wanted}")
        if self.rules.most_bytes and numbers.bytes > self.rules.most_bytes:
            wanted = f"{self.rules.title} takes {self.rules.most_bytes:,}"
            yield Finding(numbers.path, 0, "", f"has {numbers.bytes:,} bytes; {wanted}")

    def _twins(self, files: Sequence[Checked], prompts: Prompts) -> Iterator[Finding]:
        """Yield the lines that ask the same, in the order of files and lines."""
        trained = {index for index, file in enumerate(files) if file.part in ("train", "hard")}
        found = (one for one in map(self._twin, prompts.twins(trained=trained)) if one)
        total = 0

        def counted() -> Iterator[Finding]:
            nonlocal total
            for finding in found:
                total += 1
                yield finding

        yield from heapq.nsmallest(self.most, counted())
        self.untold += max(0, total - self.most)

    def _twin(self, twin: Twin) -> Finding | None:
        """Say what is wrong with a line that asks what an earlier one asks; None where nothing is."""
        own, earlier = self.numbers[twin.file], self.numbers[twin.earlier_file]
        place, asked = f"{Path(earlier.path).name}:{twin.earlier_line}", self.rules.asked(own.method)
        if twin.kind == "leaked":
            kept = "held out" if own.part == "held_out" else "for validation"
            return Finding(own.path, twin.line, asked, f"is {kept}, and {place} trains on the same prompt")
        if twin.kind == "repeated" and "hard" not in (own.part, earlier.part):
            return Finding(own.path, twin.line, "", f"repeats {place}")
        if twin.kind == "contradicted" and own.method == "supervised":
            return Finding(own.path, twin.line, asked, f"contradicts {place}: the same prompt, another reply")
        return None


def part_of(path: Path) -> Part:
    """Return what a file is for, by its name: `triage.validation.jsonl`; what has no such name is for training."""
    words = path.name.split(".")
    return next((part for part in reversed(PARTS) if part in words[1:]), "train")


def siblings(path: Path) -> dict[Part, Path]:
    """Return the validation and held-out files beside a training file, found by name."""
    found: dict[Part, Path] = {}
    for own in ("hard", "train"):
        stem, middle, end = path.name.rpartition(f".{own}.")
        for part in ("validation", "held_out") if middle else ():
            beside = path.with_name(f"{stem}.{part}.{end}")
            if beside.is_file():
                found[part] = beside
    return found


def _none_of(found: Iterator[Finding]) -> Iterator[Finding]:
    """Read a file through for what it is compared by."""
    for _ in found:
        pass
    return iter(())


def billed(numbers: Sequence[Numbers]) -> int:
    """Return the tokens that one epoch bills: those of what is trained on."""
    return sum(one.tokens for one in numbers if one.part in ("train", "hard"))


def to_json(lint: Lint, findings: Sequence[Finding]) -> Mapping[str, Any]:
    """Return what was found and counted, as plain JSON."""
    return {
        "provider": lint.rules.name,
        "findings": [one.to_json() for one in findings],
        "untold": lint.untold,
        "tokens": {"exact": lint.counter.exact, "by": lint.counter.by, "epoch": billed(lint.numbers)},
        "files": [
            {key: getattr(one, key) for key in ("path", "part", "bytes", "examples", "tokens", "longest", "method")}
            for one in lint.numbers
        ],
    }
