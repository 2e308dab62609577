from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_distil.formats import tokens
from pytest_distil.formats.tokens import counter
from pytest_distil.mark.errors import SettingError
from support.training_lines import calling, paired, plain


def word_tokenizer(path: Path) -> Path:
    """Write a tokenizer whose tokens are words."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(path))
    return path


def test_a_tokenizer_counts_exactly(tmp_path: Path) -> None:
    """With a tokenizer.json, given itself or by its folder, tokens are counted, not estimated."""
    word_tokenizer(tmp_path / "tokenizer.json")
    for given in (tmp_path, tmp_path / "tokenizer.json"):
        counts = counter(tokenizer=str(given))

        assert (True, "tokenizer.json") == (counts.exact, counts.by)
        assert 3 == counts.count("three words here")


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    """A file of another kind is named, with the option that gave it."""
    pytest.importorskip("tokenizers")
    (tmp_path / "tokenizer.json").write_text("{}")

    with pytest.raises(SettingError, match=r"--tokenizer: .* is no tokenizer\.json"):
        counter(tokenizer=str(tmp_path))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a tokenizer is asked for and its library is missing, the message says how to get it."""
    monkeypatch.setattr(tokens, "find_spec", lambda _: None)

    with pytest.raises(SettingError, match="pip install tokenizers"):
        counter(tokenizer="tokenizer.json")


def test_without_a_library_it_is_an_estimate_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tiktoken four bytes are a token, and the reason is at hand."""
    monkeypatch.setattr(tokens, "find_spec", lambda _: None)
    counts = counter("gpt-4o-mini")

    assert (False, 2) == (counts.exact, counts.count("12345"))
    assert "install tiktoken" in counts.by


def test_without_its_data_it_is_an_estimate_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library downloads its data; where it cannot, tokens are estimated, and the reason is at hand."""
    tiktoken = pytest.importorskip("tiktoken")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    counts = counter("a model that tiktoken does not know")

    assert not counts.exact
    assert counts.by.startswith("tiktoken could not load its data: ")


@pytest.mark.parametrize(("model", "exact"), [(None, True), ("gpt-4o-mini", True), ("Qwen/Qwen3-8B", False)])
def test_only_a_models_own_encoding_is_exact(
    model: str | None, monkeypatch: pytest.MonkeyPatch, *, exact: bool
) -> None:
    """Counting a model's tokens by another one's encoding is an estimate, and says so."""
    tiktoken = pytest.importorskip("tiktoken")
    ranks = {bytes([number]): number for number in range(256)}
    encoding = tiktoken.Encoding("o200k_base", pat_str=r"\w+|\W", mergeable_ranks=ranks, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _: encoding)
    counts = counter(model)

    assert (exact, 5) == (counts.exact, counts.count("<|a|>"))
    assert (str(model) in counts.by) is not exact


@pytest.mark.parametrize("line", [plain(1), calling(1), paired(1)])
def test_every_text_of_a_line_counts(line: dict[str, object]) -> None:
    """A line has at least the tokens of its messages and tools, in conversations and in pairs."""
    counts = tokens.Counter(len, "characters", exact=True)
    texts = ["Sort e-mails.", "mail 1", '{"topic":"bug"']

    assert counts.line(line) >= sum(map(len, texts))
    assert counts.line(line) <= len(json.dumps(line)) + 6 * 4
