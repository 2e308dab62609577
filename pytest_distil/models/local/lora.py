"""A base model with an adapter: loaded from GGUF, its state kept without pickle, what it adds by the file's names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, GgufConfig

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local.architecture import FACTORS, Names, checked
from pytest_distil.models.local.device import number_type
from pytest_distil.models.local.export import Deltas


def load(base: Path, *, rank: int, device: str) -> PeftModel:
    """Return the base model on a device, with an adapter of that rank on all linear layers of its blocks."""
    model = _as_served(base, number_type(device)).to(device)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 asks transformers 5.24 in its old words
        return get_peft_model(model, config)


def _as_served(base: Path, number: Any) -> Any:
    """Return the model of a GGUF file as llama.cpp understands it; raise `ModelError` where that cannot be had.

    What transformers reads of these files is not all: heads of a width of their own and factors of the rotation are
    put right here, and a weight that it would pass over or make up is refused.
    """
    reader = GGUFReader(base)
    where: dict[str, Any] = {"gguf_file": base.name, "local_files_only": True}
    config = AutoConfig.from_pretrained(base.parent, **where, head_dim=_head_width(reader, base))
    unpacked = GgufConfig(dequantize=True)  # packed weights have no gradient to hand on
    model = AutoModelForCausalLM.from_pretrained(
        base.parent, config=config, quantization_config=unpacked, dtype=number, **where
    )
    names, tensors = Names(model.config), {one.name: one for one in reader.tensors}
    wrong = {names.of(path) for path in model.state_dict()} ^ set(tensors) - {FACTORS}
    if config.tie_word_embeddings:
        wrong -= {names.of("lm_head.weight")}
    if wrong:
        raise ModelError(f"--base: {base} has other weights than are trained of its architecture: {min(wrong)!r}")
    if FACTORS in tensors:
        angles = model.get_decoder().rotary_emb.inv_freq
        angles /= torch.tensor(tensors[FACTORS].data, dtype=angles.dtype)
    return model


def _head_width(reader: GGUFReader, base: Path) -> int:
    """Return how wide an attention head is; raise `ModelError` for an architecture, or a rotation, not trained here."""
    fields = {name: found.contents() for name, found in reader.fields.items() if not name.startswith("tokenizer.")}
    kind = checked(fields.get("general.architecture"), base)
    width = int(fields[f"{kind}.embedding_length"]) // int(fields[f"{kind}.attention.head_count"])
    width = int(fields.get(f"{kind}.attention.key_length", width))
    scaling = fields.get(f"{kind}.rope.scaling.type", "none")
    if scaling != "none" or fields.get(f"{kind}.rope.dimension_count", width) != width:
        raise ModelError(
            f"--base: {base} rotates positions in a way that is not trained here ({scaling}); take another"
        )
    return width


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
    names = Names(model.get_base_model().config)
    found = {}
    for path, module in model.get_base_model().named_modules():
        if hasattr(module, "get_delta_weight") and hasattr(module, "lora_A"):
            name = names.of(f"{path}.weight")
            delta = module.get_delta_weight("default").detach().to(torch.float32).cpu().numpy()
            found[name] = np.ascontiguousarray(names.ordered(delta, name))
    return found
