"""A model as transformers saves it, made a GGUF file: what training loads, export copies and llama.cpp serves.

Weights are kept in the numbers that they have, so that nothing is rounded; vectors in 32 bits, as llama.cpp computes
with them. At the end llama.cpp is asked about a text with the new file, and must expect what transformers expects.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from gguf import GGMLQuantizationType, GGUFWriter
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import tokens as vocabulary
from pytest_distil.models.local.architecture import FACTORS, Names, of_type
from pytest_distil.models.local.probe import PROBE
from pytest_distil.models.local.server import CONTEXT, LlamaServer
from pytest_distil.models.local.splitting import splitting_of
from pytest_distil.models.local.tokens import Tokens

_KINDS = {
    torch.float32: GGMLQuantizationType.F32,
    torch.float16: GGMLQuantizationType.F16,
    torch.bfloat16: GGMLQuantizationType.BF16,
}

_TOY = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1}
"""The smallest model that llama.cpp loads, to try a tokenizer with."""

_READ = 128
"""Tokens of a text that is long enough to tell models apart, and short enough for a large one."""

_SECONDS_TO_READ = 600.0

_LOOKED_AT = 10
"""Likeliest tokens whose probabilities are compared."""

_MOST_APART = 0.5
"""Of natural logarithms. In SmolLM2-135M rounding to bfloat16 makes 0.02, rows in the wrong order make 4."""


def convert(folder: Path, out: Path, *, name: str) -> None:
    """Make a GGUF file of a folder, with a name in it; raise `ModelError` for what cannot be one of the same model."""
    model = _loaded(folder)
    tokens = vocabulary.read(folder, model.config.vocab_size)
    toy = LlamaForCausalLM(LlamaConfig(**_TOY, vocab_size=len(tokens.names), tie_word_embeddings=True))
    splitting = splitting_of(tokens, lambda file, name: _write(file, toy, tokens, splitting=name, name="toy"))
    half = out.with_name(f".{out.name}.{os.getpid()}.half")
    try:
        _write(half, model, tokens, splitting=splitting, name=name)
        _check(half, model.float(), tokens)
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)


def _loaded(folder: Path) -> Any:
    """Return the model, whole; raise `ModelError` for one that llama.cpp would compute in another way."""
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    of_type(told.get("model_type"), folder)
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    hindrance = _hindrance(config)
    if hindrance:
        raise ModelError(f"--base: {folder} has {hindrance}, which is not converted; take another model")
    how: dict[str, Any] = {"config": config, "dtype": "auto", "use_safetensors": True, "ignore_mismatched_sizes": True}
    with _quiet():
        model, loaded = AutoModelForCausalLM.from_pretrained(
            folder, **how, local_files_only=True, output_loading_info=True
        )
    wrong = sorted(str(one) for key in ("missing_keys", "unexpected_keys", "mismatched_keys") for one in loaded[key])
    if wrong:
        raise ModelError(f"--base: the files of {folder} and its config.json do not fit together: {wrong[0]}")
    return model.eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Have transformers say nothing of what is said by an error."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _hindrance(config: Any) -> str:
    """Return what of a model llama.cpp does not compute, or not so; empty where there is nothing."""
    rotation = config.rope_parameters
    window = getattr(config, "sliding_window", None)
    width, heads = _head_width(config), config.num_attention_heads
    found = {
        "quantised weights": getattr(config, "quantization_config", None) is not None,
        f"the activation {config.hidden_act!r}": config.hidden_act != "silu",
        "biases": getattr(config, "attention_bias", False) or getattr(config, "mlp_bias", False),
        f"the rotation {rotation['rope_type']!r}": rotation["rope_type"] not in ("default", "llama3"),
        "a partial rotation": rotation.get("partial_rotary_factor", 1) != 1,
        "heads of a width of their own": config.model_type == "qwen2" and width * heads != config.hidden_size,
        f"a sliding window of {window} tokens": window is not None and window < CONTEXT,
    }
    return next((what for what, is_there in found.items() if is_there), "")


def _write(file: Path, model: Any, tokens: Tokens, *, splitting: str, name: str) -> None:
    config = model.config
    names = Names(config)
    writer = GGUFWriter(file, of_type(config.model_type, file))
    writer.add_name(name)
    _add_shape(writer, config)
    vocabulary.add(writer, tokens, splitting=splitting)
    for path, weight in model.state_dict().items():
        if path != "lm_head.weight" or not config.tie_word_embeddings:
            _add_tensor(writer, names.of(path), names.ordered(weight, names.of(path)))
    if config.rope_parameters["rope_type"] != "default":
        _add_tensor(writer, FACTORS, _factors(model))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: GGUFWriter, config: Any) -> None:
    width = _head_width(config)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def _head_width(config: Any) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _add_tensor(writer: GGUFWriter, name: str, weight: torch.Tensor) -> None:
    kind = torch.float32 if weight.ndim == 1 else weight.dtype
    if kind not in _KINDS:
        raise ModelError(f"--base: {name} is kept in {kind}, which is not converted; take an unquantised model")
    data = weight.to(kind).contiguous()
    values = data.view(torch.uint8) if kind is torch.bfloat16 else data  # numpy has no bfloat16
    writer.add_tensor(name, values.numpy(), raw_dtype=_KINDS[kind])


def _factors(model: Any) -> torch.Tensor:
    """Return by how much each angle is slower than the plain rotation's."""
    width = _head_width(model.config)
    plain = 1.0 / model.config.rope_parameters["rope_theta"] ** (torch.arange(0, width, 2).float() / width)
    return plain / model.get_decoder().rotary_emb.inv_freq.float()


def _check(file: Path, model: Any, tokens: Tokens) -> None:
    """Raise `ModelError` where llama.cpp expects other tokens behind a text than transformers."""
    asked = tokens.tokenizer.encode(PROBE, add_special_tokens=False)[:_READ]
    with torch.no_grad():
        expected = torch.log_softmax(model(torch.tensor([asked])).logits[0, -1], dim=-1)
    # llama.cpp says what it expected once it has said a whole character; that it is this one changes nothing of it.
    wish = {"n_predict": 1, "n_probs": _LOOKED_AT, "temperature": 0, "logit_bias": [[tokens.names.index("a"), 1000]]}
    with LlamaServer(file) as server:
        told = server.post("/completion", {"prompt": asked, **wish}, seconds=_SECONDS_TO_READ)
    found = told["completion_probabilities"][0]["top_logprobs"]
    apart = max(abs(float(expected[one["id"]]) - one["logprob"]) for one in found)
    if apart > _MOST_APART:
        raise ModelError(f"{file} would not be the same model (apart by {apart:.2g}); take its GGUF twin as --base")
