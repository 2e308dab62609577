"""What a training computes with: the device, its numbers, and threads that leave a shared machine alone."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

from pytest_distil.mark.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")


def quieten() -> None:
    """Keep libraries from spinning and from showing bars of their own; to be called before they are imported.

    Threads that wait for each other sleep. Left to themselves they spin: on two cores, with ten other processes, a
    step took nine times the CPU seconds.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("TQDM_DISABLE", "1")


def device_of(name: str) -> str:
    """Return the device that `auto` means here, or the one that is named; raise `SettingError` where it is not here."""
    import torch

    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, is_here in here.items() if is_here)
    if not here.get(name.partition(":")[0]):
        raise SettingError("--device", f"{name!r} is not here; there is {', '.join(d for d in here if here[d])}")
    return name


def number_type(device: str) -> Any:
    """Return the type that most is computed in: bfloat16 where the device has it in hardware."""
    import torch

    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    can = torch.cpu.get_capabilities() if device == "cpu" else {}
    return torch.bfloat16 if any(can.get(one) for one in ("avx512_bf16", "amx_bf16", "bf16")) else torch.float32


def lowered(model: Any) -> AbstractContextManager[Any]:
    """Return the context in which a model computes in the numbers that its base is kept in; its adapter stays exact."""
    import torch

    number = model.get_input_embeddings().weight.dtype
    context: AbstractContextManager[Any] = torch.autocast(model.device.type, number, enabled=number != torch.float32)
    return context
