"""How a tokenizer parts text before it merges bytes, by the name that llama.cpp has for it: found by trial.

A `tokenizer.json` says it in a pattern, a GGUF file by a name. What proves a name is that under it llama.cpp makes the
same tokens as transformers of a text with everything in it that tokenizers part in different ways.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.probe import PROBE
from pytest_distil.models.local.server import LlamaServer
from pytest_distil.models.local.tokens import Tokens

_NAMES = (
    "qwen2",
    "llama-bpe",
    "smollm",
    "gpt-2",
    "tekken",
    "gpt-4o",
    "qwen35",
    "deepseek-llm",
    "deepseek-v3",
    "falcon",
    "default",
)
"""llama.cpp's names, those of the models that are trained here first."""


def splitting_of(tokens: Tokens, write: Callable[[Path, str], None]) -> str:
    """Return the name under which llama.cpp makes the same tokens; raise `ModelError` where there is none.

    `write` makes a file of these tokens under a name; what else is in it does not matter.
    """
    expected = tokens.tokenizer.encode(PROBE, add_special_tokens=False)
    with tempfile.TemporaryDirectory() as folder:
        for name in _NAMES:
            file = Path(folder) / f"{name}.gguf"
            write(file, name)
            with LlamaServer(file) as server:
                found = server.post("/tokenize", {"content": PROBE, "add_special": False, "parse_special": False})
            if found["tokens"] == expected:
                return name
            file.unlink()
    raise ModelError("--base: llama.cpp does not make the same tokens as this model's tokenizer; take another model")
