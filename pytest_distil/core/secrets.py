"""Whether an argument looks like a secret: by its name, or by the shape of a key that it has.

The shapes are those of gitleaks (https://github.com/gitleaks/gitleaks, config/gitleaks.toml) that stand for themselves,
without a word before them; each behind a text that it always has, which is looked for first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pytest_distil.core.redaction import REDACTED
from pytest_distil.core.text import Json

_SHAPES: Mapping[str, re.Pattern[str]] = {
    needle: re.compile(pattern)
    for needle, pattern in [
        ("sk-", r"\bsk-[\w-]{20,}"),  # OpenAI, Anthropic and those that follow them
        ("gh", r"\bgh[pousr]_[0-9a-zA-Z]{36}"),
        ("github_pat_", r"\bgithub_pat_\w{22,}"),
        ("glpat-", r"\bglpat-[\w-]{20}"),
        ("hf_", r"\bhf_[a-zA-Z]{34}\b"),
        ("A", r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
        ("AIza", r"\bAIza[\w-]{35}"),
        ("xox", r"\bxox[abeoprs]-(?:\d+-)*[a-zA-Z0-9-]{10,}"),
        ("_live_", r"\b[sr]k_live_[a-zA-Z0-9]{10,99}\b"),
        ("_test_", r"\b[sr]k_test_[a-zA-Z0-9]{10,99}\b"),
        ("npm_", r"\bnpm_[a-zA-Z0-9]{36}\b"),
        ("pypi-", r"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}"),
        ("SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}"),
        ("eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
        ("earer ", r"\b[Bb]earer [\w.~+/-]{20,}"),
        ("PRIVATE KEY", r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY"),
        ("://", r"\w://[^/\s:@]+:[^/\s:@]+@"),
    ]
}

_SHORTEST = len("a://b:c@")
"""What is shorter has none of the shapes; most arguments are."""

_NAMES = re.compile(
    r"password|passwd|passphrase|secret|credentials?|api_?key|(?:access|private|auth|signing|encryption)_?(?:key|token)"
    r"|(?:refresh|bearer|session|id)_?token|authorization"
)
"""Names of what is a secret whatever it looks like."""

_MAYBE = re.compile(r"(?:^|_)(?:key|token|pwd|auth)$")
"""Names of what may be one: a key to sort by, a token of a text."""

_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-zA-Z])[\w+/=.~-]{16,}")
"""What nobody writes by hand."""

_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|\W")


def secrets(arguments: Mapping[str, Json]) -> set[str]:
    """Return the names of the arguments that look like secrets, or hold what does."""
    return {name for name, value in arguments.items() if any(_is_secret(*leaf) for leaf in _leaves(name, value))}


def _leaves(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """Yield every text in a value, however deep it is, each with the name that is nearest to it; keys are texts too."""
    left = [(name, value)]
    while left:
        name, value = left.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            left.extend([(name, item) for item in value])
        elif isinstance(value, dict):
            left.extend([("", key) for key in value])
            left.extend(value.items())


def _is_secret(name: str, text: str) -> bool:
    """Return whether a text is a secret; what is empty, or was redacted, is none."""
    if not text or text == REDACTED:
        return False
    is_named, may_be = _told_by(name)
    if is_named or (may_be and _RANDOM.fullmatch(text)):
        return True
    return len(text) >= _SHORTEST and any(needle in text and shape.search(text) for needle, shape in _SHAPES.items())


@lru_cache(maxsize=1024)  # the names of a suite are few, its values many
def _told_by(name: str) -> tuple[bool, bool]:
    """Return whether a name is that of a secret, and whether it may be."""
    words = _WORD_ENDS.sub("_", name).lower()
    return bool(_NAMES.search(words)), bool(_MAYBE.search(words))
