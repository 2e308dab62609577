"""The merged model as GGUF: the base's file with the trained matrices changed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

from pytest_distil.mark.errors import ModelError

Deltas = Mapping[str, "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]
"""What training adds to a matrix, by the matrix's name in the file."""

_BLOCK = 32
"""Values that share a scale in Q8_0."""

_OWN_FIELDS = ("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", "general.architecture")
"""What the writer writes by itself."""


def export(base: Path, deltas: Deltas, out: Path, *, name: str) -> None:
    """Write the base's file anew with `deltas` added; raise `ModelError` for one that it has no matrix for."""
    reader = GGUFReader(base)
    unknown = set(deltas) - {tensor.name for tensor in reader.tensors}
    if unknown:
        raise ModelError(f"{base} has no {min(unknown)!r}; models of this architecture cannot be exported")
    half = out.with_name(f".{out.name}.half")
    writer = GGUFWriter(half, str(reader.fields["general.architecture"].contents()))
    _copy_fields(reader, writer, name)
    for tensor in reader.tensors:
        delta = deltas.get(tensor.name)
        if delta is None:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        else:
            kind = _kind(delta.shape[1])
            merged = dequantize(tensor.data, tensor.tensor_type).astype(np.float32) + delta
            writer.add_tensor(tensor.name, quantize(merged, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    half.replace(out)


def _copy_fields(reader: GGUFReader, writer: GGUFWriter, name: str) -> None:
    for key, found in reader.fields.items():
        if key in _OWN_FIELDS:
            continue
        inner = found.types[-1] if found.types[0] == GGUFValueType.ARRAY else None
        value = name if key == "general.name" else found.contents()
        writer.add_key_value(key, value, found.types[0], sub_type=inner)


def _kind(columns: int) -> GGMLQuantizationType:
    """Return how a trained matrix is kept: eight bits lose nothing that is seen in answers."""
    return GGMLQuantizationType.Q8_0 if columns % _BLOCK == 0 else GGMLQuantizationType.F32
