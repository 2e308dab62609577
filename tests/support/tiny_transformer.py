"""A real model of one layer with random weights, as transformers keeps it: bytes are its tokens."""

from __future__ import annotations

from pathlib import Path

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
