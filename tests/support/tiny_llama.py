"""A real model of two layers with random weights, as a GGUF file: bytes are its tokens, ChatML its template."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_distil.models.local import TO_TRAIN
from pytest_distil.models.local.device import quieten

quieten()  # before any test imports torch

needs_local = [
    pytest.mark.skipif(
        not all(map(find_spec, TO_TRAIN)), reason="needs the extra `local`: `tox run -e local` installs it"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # the libraries' own
]
"""The marks of tests that train or serve a model."""

WIDTH, HEADS, HIDDEN, CONTEXT = 64, 4, 128, 2048
START, END = "<|im_start|>", "<|im_end|>"

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
BRACKETS = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}{{ m['content'] + '<|im_end|>' }}"
    "{% else %}{{ '[' + m['role'] + '] ' + m['content'] + ' [/]' }}{% endif %}{% endfor %}"
)
"""Two chat templates that have nothing in common."""


def write_tiny(path: Path, *, template: str = CHATML, seed: int = 0) -> Path:
    """Write the model and return its file."""
    gguf, np = pytest.importorskip("gguf"), pytest.importorskip("numpy")
    writer = gguf.GGUFWriter(path, "llama")
    _settings(writer, gguf, template)
    random = np.random.default_rng(seed)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0, 0.08, shape).astype(np.float32))

    add("token_embd.weight", len(_tokens()), WIDTH)
    add("output.weight", len(_tokens()), WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for n in range(2):
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{n}.{part}.weight", np.ones(WIDTH, np.float32))
        add(f"blk.{n}.attn_q.weight", WIDTH, WIDTH)
        add(f"blk.{n}.attn_k.weight", WIDTH // 2, WIDTH)
        add(f"blk.{n}.attn_v.weight", WIDTH // 2, WIDTH)
        add(f"blk.{n}.attn_output.weight", WIDTH, WIDTH)
        add(f"blk.{n}.ffn_gate.weight", HIDDEN, WIDTH)
        add(f"blk.{n}.ffn_up.weight", HIDDEN, WIDTH)
        add(f"blk.{n}.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _settings(writer, gguf, template: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - may be missing
    writer.add_name("tiny")
    writer.add_block_count(2)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS // 2)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(_tokens()))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(_tokens())
    kind = gguf.TokenType
    writer.add_token_types([kind.CONTROL] * 2 + [kind.NORMAL] * (len(_tokens()) - 2))
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def _tokens() -> list[str]:
    """Return the vocabulary: two special tokens, every byte as GPT-2 writes it, one merge."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [START, END, *map(chr, plain), *(chr(256 + n) for n in range(len(others))), "th"]
