from __future__ import annotations

import pytest

from pytest_distil.mark.errors import SettingError
from pytest_distil.models.local.device import device_of, lowered, number_type
from support.tiny_llama import needs_local

pytestmark = [pytest.mark.slow, *needs_local]


def test_a_device_that_is_not_here() -> None:
    """A device is one of this machine, or the option is named with what there is."""
    with pytest.raises(SettingError, match=r"--device.*'abacus' is not here; there is .*cpu"):
        device_of("abacus")


def test_auto() -> None:
    """By default it is a GPU where there is one, else the processor."""
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        assert "cpu" != device_of("auto")
    else:
        assert "cpu" == device_of("auto")
    assert "cpu" == device_of("cpu")


@pytest.mark.parametrize(
    ("found", "number"), [({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": False}, "float32"), ({}, "float32")]
)
def test_numbers(monkeypatch: pytest.MonkeyPatch, found: dict[str, bool], number: str) -> None:
    """A processor computes in bfloat16 only where it has instructions for it."""
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)

    assert getattr(torch, number) == number_type("cpu")


def test_lowered() -> None:
    """A model computes in the numbers of its base: half of them rounded, whole ones as they are."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    small = LlamaConfig(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    model, exact = LlamaForCausalLM(small), torch.randn(8, 8)
    products = []
    for number in (torch.float32, torch.bfloat16):
        with lowered(model.to(number)):
            products.append((exact @ exact).dtype)

    assert [torch.float32, torch.bfloat16] == products
