"""Real models of a layer or two with random weights, as transformers keeps them."""

from __future__ import annotations

from pathlib import Path

from pytest_distil.models.local.probe import PROBE
from support.tiny_llama import CHATML

FILL = "<|endoftext|>"
CONTEXT = 8192


def save_tiny(folder: Path, *, template: str, end: str = "<|im_end|>") -> Path:
    """Write model and tokenizer into a folder; `end` closes a turn in the chat template."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=_bytes(end), eos_token=end, pad_token=FILL)
    tokenizer.chat_template = template
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _bytes(end: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library may be missing
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    names = [end, FILL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    core = Tokenizer(models.BPE({name: number for number, name in enumerate(names)}, []))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return core


CONFIGS = {"llama": "LlamaConfig", "mistral": "MistralConfig", "qwen2": "Qwen2Config", "qwen3": "Qwen3Config"}
"""transformers' configuration of each type of model that is trained here."""

PATTERNS = {
    "gpt-2": None,
    "smollm": "digits",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
    "llama-bpe": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
}
"""How `tokenizer.json` says what llama.cpp has these names for."""

SPECIAL = (FILL, "<|im_start|>", "<|im_end|>", "<tool>")
"""The last one is a name with a token of its own that is text all the same."""


def save_chat(folder: Path, kind: str = "llama", *, number: str = "float32", **settings: object) -> Path:
    """Write a model of two layers and of a type, in numbers of a kind, with a tokenizer of a few merges."""
    import torch
    import transformers

    save_tokenizer(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "max_position_embeddings": CONTEXT}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.2}
    config = getattr(transformers, CONFIGS[kind])(**{"vocab_size": VOCABULARY, **sizes, **heads, **settings})
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:  # norms and biases, which begin as ones and noughts
                weight.uniform_(0.5, 1.5)
    model.to(getattr(torch, number)).save_pretrained(folder)
    return folder


VOCABULARY = 700
"""Embeddings of the model: some more than its tokenizer has tokens, as in many."""


def save_tokenizer(folder: Path, *, pattern: str = "gpt-2", template: str = CHATML, begins: bool = False) -> Path:
    """Write a tokenizer that has learned the text which tells tokenizers apart; `begins`: texts get a first token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = _splitting(pattern)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core.train_from_iterator(
        [PROBE], trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    )
    core.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL[:-1]])
    core.add_tokens([AddedToken(SPECIAL[-1], normalized=False)])
    if begins:
        core.post_processor = processors.TemplateProcessing(
            single=f"{FILL} $A", special_tokens=[(FILL, core.token_to_id(FILL))]
        )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=FILL, bos_token=FILL)  # as in base models
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


def _splitting(pattern: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the library may be missing
    from tokenizers import Regex, pre_tokenizers

    said = PATTERNS[pattern]
    if said is None:
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    if said == "digits":
        first = pre_tokenizers.Digits(individual_digits=True)
        return pre_tokenizers.Sequence([first, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    parts = pre_tokenizers.Split(Regex(said), "isolated")
    return pre_tokenizers.Sequence([parts, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
