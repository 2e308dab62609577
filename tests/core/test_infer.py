"""An inferred schema fits what was seen, and says that it was inferred."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil.core.infer import infer, is_inferred

CASES: list[tuple[list[Any], dict[str, Any]]] = [
    ([1, 2], {"type": "integer"}),
    ([1, 2.5], {"type": "number"}),
    (["a", None], {"anyOf": [{"type": "null"}, {"type": "string"}]}),
    ([True, 1], {"anyOf": [{"type": "boolean"}, {"type": "integer"}]}),
    ([[], []], {"type": "array", "items": {}}),
    (
        [[1, "a"]],
        {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
    ),
    (
        [{"a": 1, "b": 2}, {"a": None}],
        {
            "type": "object",
            "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "b": {"type": "integer"}},
            "required": ["a"],
        },
    ),
    ([{str(n): n} for n in range(17)], {"type": "object", "additionalProperties": {"type": "integer"}}),
]


@pytest.mark.parametrize(("values", "schema"), CASES, ids=repr)
def test_schemas(values: list[Any], schema: dict[str, Any]) -> None:
    """Types are joined, keys that are not always there are optional, and many keys are a mapping."""
    turned = values[::-1]
    inferred = infer(values)

    assert is_inferred(inferred)
    assert not is_inferred(schema)
    assert schema == {key: value for key, value in inferred.items() if key != "$comment"}
    assert inferred == infer(turned) or "required" in schema


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, min_size=1, max_size=6))
def test_what_was_seen_fits(values: list[Any]) -> None:
    """Every value that a schema was inferred from is valid by it, as another implementation judges."""
    checker = jsonschema.Draft202012Validator(infer(values))

    assert [] == [value for value in values if not checker.is_valid(value)]
