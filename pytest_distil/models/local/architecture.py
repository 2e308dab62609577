"""The architectures that are trained: their names here and there, and how llama.cpp keeps their matrices."""

from __future__ import annotations

from typing import Any

from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

from pytest_distil.mark.errors import ModelError

_OF_TYPE = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
"""What GGUF files call the architecture of a model, by transformers' `model_type`."""

_TRAINED = tuple(dict.fromkeys(_OF_TYPE.values()))

FACTORS = "rope_freqs.weight"
"""The tensor of a GGUF file by which Llama 3 slows the rotation of positions down."""

_ROTATED = ("attn_q", "attn_k")
"""Matrices whose rows llama.cpp keeps in another order than transformers, in the architecture `llama` alone."""


def of_type(model_type: object, where: object) -> str:
    """Return the architecture of what transformers saved; raise `ModelError` where it is none that is trained."""
    found = _OF_TYPE.get(str(model_type))
    if found is None:
        raise ModelError(f"--base: {where} is of the type {model_type!r}; {_what_is_trained()}")
    return found


def checked(name: object, where: object) -> str:
    """Return the architecture that a GGUF file names; raise `ModelError` where it is none that is trained."""
    if name not in _TRAINED:
        raise ModelError(f"--base: {where} is of the architecture {name!r}; {_what_is_trained()}")
    return str(name)


def _what_is_trained() -> str:
    names = f"{', '.join(_TRAINED[:-1])} and {_TRAINED[-1]}"
    return f"only {names} are trained here, so a GGUF twin does not help; README, 'One GPU or many', has other ways"


class Names:
    """What GGUF files call the weights of a model."""

    def __init__(self, config: Any) -> None:
        """Take the configuration of a model whose architecture is trained."""
        self._config = config
        self._architecture = _OF_TYPE[config.model_type]
        number = next(key for key, name in MODEL_ARCH_NAMES.items() if name == self._architecture)
        self._names = get_tensor_name_map(number, config.num_hidden_layers)

    def of(self, path: str) -> str:
        """Return the name of a weight by its path in the model; raise `ModelError` where it has none."""
        name = self._names.get_name(path, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise ModelError(f"{path} has no name in GGUF files")
        return str(name)

    def ordered(self, rows: Any, name: str) -> Any:
        """Return a matrix, or a vector with its rows, as llama.cpp keeps it under that name."""
        part = name.split(".")[2] if name.startswith("blk.") else ""
        if self._architecture != "llama" or part not in _ROTATED:
            return rows
        heads = self._config.num_attention_heads if part == "attn_q" else self._config.num_key_value_heads
        halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
        return halves.swapaxes(1, 2).reshape(rows.shape)
