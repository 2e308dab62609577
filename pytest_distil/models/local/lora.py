"""A base model with an adapter: loaded from GGUF, its state kept without pickle, what it adds by the file's names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import MODEL_ARCH_NAMES, get_tensor_name_map
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, GgufConfig

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.device import number_type
from pytest_distil.models.local.export import Deltas, field

_ROTATED = ("attn_q", "attn_k")
"""Matrices whose rows llama.cpp keeps in another order than transformers, in models of the architecture `llama`."""


def load(base: Path, *, rank: int, device: str) -> PeftModel:
    """Return the base model on a device, with an adapter of that rank on all linear layers of its blocks."""
    if field(base, "general.architecture") != "llama":
        raise ModelError(f"{base} is of architecture {field(base, 'general.architecture')!r}; only 'llama' is trained")
    model = AutoModelForCausalLM.from_pretrained(
        base.parent,
        gguf_file=base.name,
        quantization_config=GgufConfig(dequantize=True),  # packed weights have no gradient to hand on
        dtype=number_type(device),
        local_files_only=True,
    )
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 asks transformers 5.24 in its old words
        return get_peft_model(model.to(device), config)


def trained(model: PeftModel) -> dict[str, Any]:
    """Return the adapter's tensors by name; they are the model's own, not copies."""
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


def snapshot(model: PeftModel) -> dict[str, Any]:
    """Return a copy of the adapter's tensors."""
    return {name: one.detach().clone() for name, one in trained(model).items()}


def restore(model: PeftModel, kept: dict[str, Any]) -> None:
    """Put the adapter's tensors back."""
    with torch.no_grad():
        for name, one in trained(model).items():
            one.copy_(kept[name])


def deltas(model: PeftModel) -> Deltas:
    """Return what the adapter adds to each matrix, named and ordered as in the base's GGUF file."""
    config = model.get_base_model().config
    architecture = next(key for key, name in MODEL_ARCH_NAMES.items() if name == "llama")
    names = get_tensor_name_map(architecture, config.num_hidden_layers)
    found = {}
    for path, module in model.get_base_model().named_modules():
        if hasattr(module, "get_delta_weight") and hasattr(module, "lora_A"):
            name = names.get_name(f"{path}.weight", try_suffixes=(".weight",))
            if name is None:
                raise ModelError(f"{path} has no name in GGUF files")
            delta = module.get_delta_weight("default").detach().to(torch.float32).cpu().numpy()
            found[f"{name}.weight" if not name.endswith(".weight") else name] = _ordered(delta, name, config)
    return found


def _ordered(delta: Any, name: str, config: Any) -> Any:
    """Return a matrix with its rows as llama.cpp keeps them."""
    part = name.split(".")[2] if name.startswith("blk.") else ""
    if part not in _ROTATED:
        return delta
    heads = config.num_attention_heads if part == "attn_q" else config.num_key_value_heads
    rows, columns = delta.shape
    return np.ascontiguousarray(
        delta.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
    )
