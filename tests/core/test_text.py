"""JSON as text: as the standard library writes it, and three times as fast."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.text import Json, canonical, compact, parse

trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(tree=trees)
def test_compact(tree: Json) -> None:
    """No white space, keys in their order, UTF-8 as it is."""
    assert json.dumps(tree, ensure_ascii=False, separators=(",", ":")) == compact(tree)


@given(tree=trees)
def test_canonical(tree: Json) -> None:
    """Keys are sorted at every level."""
    assert json.dumps(tree, ensure_ascii=False, separators=(",", ":"), sort_keys=True) == canonical(tree)


@given(tree=trees)
def test_reading(tree: Json) -> None:
    """What was written reads back."""
    assert tree == parse(compact(tree)) == parse(canonical(tree))


def test_what_canonical_tells_apart() -> None:
    """Equal values have equal text whatever their keys' order; numbers of other types are other values."""
    assert canonical({"a": {"c": 1, "b": 2}}) == canonical(parse('{"a":{"b":2,"c":1}}'))
    assert 3 == len({canonical(1), canonical(1.0), canonical(True)})
    assert canonical(1e22) == canonical(parse("10000000000000000000000.0"))


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}])
def test_no_nan(value: Json) -> None:
    """What JSON does not have is not written."""
    for write in (compact, canonical):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(value)


def test_nothing_to_read() -> None:
    """Text that is no JSON is a ValueError."""
    for text in ("", "{", "nope"):
        with pytest.raises(ValueError, match="Expecting"):
            parse(text)


def test_without_the_c_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another Python than CPython the same is written, by the standard library's own way."""
    from pytest_distil.core import text

    monkeypatch.setattr(json.encoder, "c_make_encoder", None)

    assert '{"a":[1,2.5,"ä"],"b":null}' == text._writer(sort_keys=True)({"b": None, "a": [1, 2.5, "ä"]})
