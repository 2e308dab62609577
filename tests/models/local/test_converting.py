from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_distil.mark.errors import ModelError
from pytest_distil.models.local import vocabulary
from pytest_distil.models.local.kept import kept_file
from pytest_distil.models.local.probe import PROBE
from pytest_distil.models.local.server import LlamaServer
from pytest_distil.models.local.template import Template
from support.tiny_llama import needs_local
from support.tiny_transformer import save_chat, save_tokenizer

pytestmark = [pytest.mark.slow, *needs_local]

SLOWED = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LOOKING = {"n_predict": 1, "n_probs": 700, "temperature": 0, "logit_bias": [["a", 1000]]}
"""What llama.cpp expects, said with a character that is whole, whatever it expects."""

KINDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "llama, slowed": ("llama", {"rope_parameters": SLOWED}),
    "llama, wide heads": ("llama", {"head_dim": 32}),
    "llama, bfloat16": ("llama", {"number": "bfloat16"}),
    "mistral": ("mistral", {"sliding_window": None}),
    "qwen2": ("qwen2", {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "qwen2, float16": ("qwen2", {"number": "float16"}),
    "qwen3": ("qwen3", {"head_dim": 32, "tie_word_embeddings": True}),
}


@pytest.fixture(params=list(KINDS))
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the folder of a small model of each kind."""
    kind, settings = KINDS[request.param]
    return save_chat(tmp_path / "small", kind, **settings)


def made(folder: Path) -> Path:
    """Return the GGUF file that is made of a folder."""
    return kept_file(folder, folder.name, folder.parent / "bases")


def test_llama_cpp_computes_what_transformers_computes(model: Path) -> None:
    """Of every architecture and kind of number, the file made of a model expects the same tokens as the model."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    asked = AutoTokenizer.from_pretrained(model).encode(PROBE, add_special_tokens=False)
    original = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    with LlamaServer(made(model)) as server:
        for length in (7, len(asked)):
            found = server.post("/completion", {"prompt": asked[:length], **LOOKING})
            likely = {one["id"]: one["logprob"] for one in found["completion_probabilities"][0]["top_logprobs"]}
            with torch.no_grad():
                wanted = torch.log_softmax(original(torch.tensor([asked[:length]])).logits[0, -1], dim=-1)

            assert 700 == len(likely)
            assert [likely[token] for token in range(700)] == pytest.approx(wanted.tolist(), abs=0.1)


def test_training_computes_what_transformers_computes(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained is the model that was given, before it has learned anything."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from pytest_distil.models.local import lora

    monkeypatch.setattr(lora, "number_type", lambda _: torch.float32)
    asked = torch.tensor([AutoTokenizer.from_pretrained(model).encode(PROBE, add_special_tokens=False)])
    original = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    trained = lora.load(made(model), rank=2, device="cpu").eval()
    with torch.no_grad():
        wanted, found = (one(asked).logits[0, -1] for one in (original, trained))

    assert torch.allclose(wanted, found, atol=1e-3)


@pytest.mark.parametrize("pattern", ["gpt-2", "smollm", "qwen2", "llama-bpe"])
def test_how_text_is_parted(pattern: str, tmp_path: Path) -> None:
    """Whatever pattern a tokenizer parts text by, llama.cpp is told the name that makes the same tokens."""
    from transformers import PreTrainedTokenizerFast

    save_tokenizer(save_chat(tmp_path / "small"), pattern=pattern)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path / "small")
    with LlamaServer(made(tmp_path / "small")) as server:
        for text in (PROBE, PROBE[::-1], "It's 12345 o'clock,\n\n   isn't it? <tool>"):
            found = server.post("/tokenize", {"content": text, "add_special": False, "parse_special": False})

            assert tokenizer.encode(text, add_special_tokens=False) == found["tokens"]


TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant] ' }}{% endif %}"
)


@pytest.mark.parametrize("begins", [False, True])
def test_prompts_are_those_of_transformers(begins: bool, tmp_path: Path) -> None:  # noqa: FBT001 - two cases
    """A chat is the same tokens as in transformers, begun once, and a reply ends as the template ends it."""
    from transformers import PreTrainedTokenizerFast

    save_tokenizer(save_chat(tmp_path / "small"), template=TEMPLATE, begins=begins)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path / "small")
    chat = [{"role": "system", "content": "Sort it."}, {"role": "user", "content": '{"n": 12}'}]
    file = made(tmp_path / "small")
    words = vocabulary.read(file)
    with LlamaServer(file) as server:
        tokens = Template(server, words).prompt(chat)

    assert tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False) == list(tokens)
    assert {"<|endoftext|>", "<|im_start|>", "<|im_end|>"} == set(words.special)
    assert words.special["<|im_end|>"] == words.end


def test_it_is_made_once(tmp_path: Path) -> None:
    """The same files are the same GGUF file, byte for byte; of a changed one another is made."""
    folder = save_chat(tmp_path / "small")
    first = made(folder)
    stamp, data = first.stat().st_mtime_ns, first.read_bytes()
    assert (first, stamp) == (made(folder), first.stat().st_mtime_ns)
    first.unlink()

    assert data == made(folder).read_bytes()
    (folder / "README.md").touch()
    assert first == made(folder)
    (folder / "generation_config.json").write_text('{"eos_token_id": 1}')
    assert first != made(folder)


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "architecture": ({"model_type": "gemma3_text"}, "is of the type 'gemma3_text'; only llama, qwen2 and qwen3 are"),
    "activation": ({"hidden_act": "gelu"}, "has the activation 'gelu', which is not converted; take another"),
    "rotation": ({"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}}, "rotation 'linear'"),
    "quantised": ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "has quantised weights"),
    "window": ({"model_type": "mistral", "sliding_window": 64}, "has a sliding window of 64 tokens"),
    "biases": ({"attention_bias": True}, "has biases"),
    "heads": ({"model_type": "qwen2", "head_dim": 32}, "has heads of a width of their own"),
    "layers": ({"num_hidden_layers": 3}, "config.json do not fit together: model.layers.2."),
    "embeddings": ({"vocab_size": 300}, "do not fit together"),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_is_not_converted(what: str, tmp_path: Path) -> None:
    """A model that llama.cpp would compute in another way, or whose files do not fit, is refused with a sentence."""
    changes, said = REFUSED[what]
    folder = save_chat(tmp_path / "small")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))

    with pytest.raises(ModelError, match=f"^--base: .*{said}"):
        made(folder)
    assert [] == [*(tmp_path / "bases").glob("*")]


def changed_tokenizer(folder: Path, change: Mapping[str, Any]) -> None:
    """Write something else into a model's `tokenizer.json`."""
    file = folder / "tokenizer.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"decoder": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": True}},
            "byte-level",
        ),
        (
            {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}},
            "the same tokens as",
        ),
    ],
)
def test_tokenizers_that_are_not_converted(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    """A tokenizer that is no byte-level BPE, or that llama.cpp has no name for, is refused."""
    folder = save_chat(tmp_path / "small")
    changed_tokenizer(folder, change)

    with pytest.raises(ModelError, match=f"^--base: .*{said}"):
        made(folder)


def test_no_chat_template(tmp_path: Path) -> None:
    """A model that was never shown a chat says so before anybody trains it on one."""
    folder = save_chat(tmp_path / "small")
    (folder / "chat_template.jinja").unlink()

    with pytest.raises(ModelError, match=r"has no chat template; take the model's twin"):
        made(folder)


def test_another_model_than_was_given_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that llama.cpp computes in another way is not kept."""
    from pytest_distil.models.local.architecture import Names

    monkeypatch.setattr(Names, "ordered", lambda _, rows, __: rows)

    with pytest.raises(ModelError, match="would not be the same model"):
        made(save_chat(tmp_path / "small"))
    assert [] == [*(tmp_path / "bases").glob("*")]
