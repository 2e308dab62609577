"""Where training stands, in one file without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pytest_distil.mark.errors import DataError


def save(path: Path, *, adapter: dict[str, Any], optimizer: Any, state: dict[str, Any]) -> None:
    """Write the adapter, the optimizer's moments and plain numbers."""
    tensors = {f"adapter.{name}": one.detach().cpu().contiguous() for name, one in adapter.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(one).cpu() for key, one in moments.items()}
    half = path.with_name(f".{path.name}.half")
    save_file(tensors, half, metadata={"state": json.dumps(state)})
    half.replace(path)


def load(path: Path, *, optimizer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the adapter and the numbers, and put the moments back; raise `DataError` where there are none."""
    if not path.exists():
        raise DataError(path, "there is no checkpoint to resume from")
    with safe_open(path, "pt") as file:
        state = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dictionary
    moments: dict[int, dict[str, Any]] = {}
    adapter = {}
    for name, one in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "adapter":
            adapter[rest] = one
        else:
            index, _, key = rest.partition(".")
            moments.setdefault(int(index), {})[key] = one
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return adapter, state
