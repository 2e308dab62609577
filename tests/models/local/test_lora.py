from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_distil.mark.errors import ModelError
from support.tiny_llama import needs_local, write_tiny

pytestmark = [pytest.mark.slow, *needs_local]


def written(writer: Any) -> None:
    """Finish a GGUF file."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def load(file: Path) -> None:
    """Load a base for training."""
    from pytest_distil.models.local import lora

    lora.load(file, rank=2, device="cpu")


def test_another_architecture(tmp_path: Path) -> None:
    """A GGUF file of an architecture that is not trained says which ones are, and where others can be."""
    from gguf import GGUFWriter

    written(GGUFWriter(tmp_path / "base.gguf", "gemma3"))

    with pytest.raises(ModelError, match=r"'gemma3'; only llama, qwen2 and qwen3 are trained here, .* 'One GPU"):
        load(tmp_path / "base.gguf")


@pytest.mark.parametrize("what", ["scaling", "part of a head"])
def test_another_rotation(what: str, tmp_path: Path) -> None:
    """Positions that are rotated in a way that transformers would not read of the file are refused."""
    from gguf import GGUFWriter, RopeScalingType

    writer = GGUFWriter(tmp_path / "base.gguf", "qwen2")
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    if what == "scaling":
        writer.add_rope_scaling_type(RopeScalingType.YARN)
    else:
        writer.add_rope_dimension_count(8)
    written(writer)

    with pytest.raises(ModelError, match="rotates positions in a way that is not trained here"):
        load(tmp_path / "base.gguf")


@pytest.mark.parametrize(("left_out", "added"), [("", "blk.0.attn_q.bias"), ("blk.1.ffn_up.weight", "")])
def test_weights_of_another_model(left_out: str, added: str, tmp_path: Path) -> None:
    """A weight that llama.cpp would compute with and training would not, or that is missing, is named."""
    import numpy as np
    from gguf import GGUFReader, GGUFWriter

    from pytest_distil.models.local.export import _copy_fields

    reader = GGUFReader(write_tiny(tmp_path / "tiny.gguf"))
    writer = GGUFWriter(tmp_path / "base.gguf", "llama")
    _copy_fields(reader, writer, "base")
    for tensor in reader.tensors:
        if tensor.name != left_out:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    if added:
        writer.add_tensor(added, np.ones(64, np.float32))
    written(writer)

    with pytest.raises(ModelError, match=f"other weights than are trained of its architecture: '{left_out or added}'"):
        load(tmp_path / "base.gguf")
