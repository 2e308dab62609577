"""A tokenizer as transformers keeps it, told to a GGUF file.

Kept as it is: byte-level BPE of `tokenizer.json`, which all architectures trained here have in their newer models.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, SpecialVocab, TokenType
from transformers import PreTrainedTokenizerFast

from pytest_distil.mark.errors import ModelError

_REPLY = "\ue000"
"""A reply that no template writes by itself."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The vocabulary of a model, and what makes tokens of text."""

    tokenizer: Any
    """transformers' own, which llama.cpp's is held against."""
    names: tuple[str, ...]
    kinds: tuple[int, ...]
    special: SpecialVocab


def read(folder: Path, size: int) -> Tokens:
    """Return the tokens of a saved model with so many embeddings; raise `ModelError` for another kind of tokenizer."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise ModelError(
            f"--base: {folder} has no tokenizer.json; save its tokenizer with transformers, or take a GGUF"
        )
    data = json.loads(file.read_text(encoding="utf-8"))
    model, decoder = data["model"], data.get("decoder") or {}
    decoders = {one["type"] for one in decoder.get("decoders", [decoder]) if one}
    if model.get("type") != "BPE" or model.get("byte_fallback") or "ByteLevel" not in decoders:
        raise ModelError(f"--base: the tokenizer of {folder} is no byte-level BPE; take the model's GGUF twin")
    added = {one["id"]: one for one in data.get("added_tokens", [])}
    names = {number: name for name, number in model["vocab"].items()}
    names |= {number: one["content"] for number, one in added.items()}
    if max(names) >= size:
        raise ModelError(f"--base: {folder} has more tokens ({max(names) + 1:,}) than embeddings ({size:,})")
    kinds = {number: TokenType.CONTROL if one["special"] else TokenType.USER_DEFINED for number, one in added.items()}
    kinds |= {number: TokenType.UNUSED for number in range(size) if number not in names}
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    return Tokens(
        tokenizer,
        tuple(names.get(number, f"[PAD{number}]") for number in range(size)),
        tuple(kinds.get(number, TokenType.NORMAL) for number in range(size)),
        _special(folder, tokenizer, size),
    )


def add(writer: GGUFWriter, tokens: Tokens, *, splitting: str) -> None:
    """Write the vocabulary; `splitting` is llama.cpp's name for what parts a text before its bytes are merged."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(tokens.names)
    writer.add_token_types(tokens.kinds)
    tokens.special.add_to_gguf(writer, quiet=True)


def _special(folder: Path, tokenizer: Any, size: int) -> SpecialVocab:
    """Return the tokens that stand for something, with the one that ends a reply as the end."""
    logging.getLogger("gguf.vocab").setLevel(logging.ERROR)  # it warns of what is settled here by other means
    special = SpecialVocab(folder, load_merges=True, n_vocab=size)
    special.special_token_ids["eos"] = _end(folder, tokenizer)
    begins = tokenizer.encode("a")[:1] == [tokenizer.bos_token_id]
    special.add_special_token = {"bos": begins, "eos": False}  # a prompt that has ended is not answered
    return special


def _end(folder: Path, tokenizer: Any) -> int:
    """Return the token that a reply ends with: what the chat template writes behind one."""
    if not tokenizer.chat_template:
        raise ModelError(f"--base: {folder} has no chat template; take the model's twin that was trained for chat")
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": _REPLY}]
    rendered = tokenizer.apply_chat_template(turns, tokenize=False)
    behind = tokenizer.encode(rendered.partition(_REPLY)[2].lstrip(), add_special_tokens=False)
    if behind and behind[0] in tokenizer.added_tokens_decoder:
        return int(behind[0])
    if tokenizer.eos_token_id is None:
        raise ModelError(f"--base: {folder} does not say which token ends a reply (eos_token in tokenizer_config.json)")
    return int(tokenizer.eos_token_id)
