"""Comparing two encoded values."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_distil.core.text import canonical
from pytest_distil.core.trial import Difference, Ignored
from pytest_distil.mark.task import Rule, close, ignore_case, ignored, similar, unordered
from pytest_distil.run.compare import Comparison, compare
from pytest_distil.run.rules import parse
from support import oracle

leaf = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, 1.05, 1.1, "1", "1.0", "1.05", "", "a", "A", "a b", "B a", "b a c"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
key = st.sampled_from(["a", "b", "__x", "a b", "a-b", "0", "", "$", "*"])
json = st.recursive(leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=3))
small = st.sampled_from([None, True, 0, 1, 1.0, 1.05, "1", "1.0", "a", "A", "a b", "B a", "b a c"])
"""Few enough for values to meet again."""
alike = st.recursive(small, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=2))
steps = st.sampled_from([".a", '["a b"]', "[0]", "[1]", "[*]"])
paths = st.lists(steps, max_size=3).map(lambda some: "$" + "".join(some))
exact = st.sampled_from([unordered, ignored("noise"), ignore_case])
rule = exact | st.sampled_from([similar(0.6), close(rel=0.06), close(abs=0.2)])


def varied(value: Any, chance: Random) -> Any:
    """Return a value that shares much with another: in other order, in other case, or with something gone."""
    if isinstance(value, dict):
        return {key: varied(part, chance) for key, part in value.items() if chance.random() > 0.1}
    if isinstance(value, list):
        parts = [varied(part, chance) for part in value if chance.random() > 0.1]
        return parts if chance.random() > 0.5 else chance.sample(parts, len(parts))
    if isinstance(value, float):
        return value + chance.choice([0, 0.05])
    return value.swapcase() if isinstance(value, str) and chance.random() > 0.5 else value


two = st.tuples(alike, alike) | st.tuples(alike, st.randoms()).map(lambda drawn: (drawn[0], varied(*drawn)))


def reached(value: Any, place: str) -> list[Any]:
    """Return, in a list, what stands at a path; nothing where the path leads nowhere."""
    for step in parse(place):
        parts = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        if step not in parts:
            return []
        value = parts[step]
    return [value]


def differences(original: Any, model: Any, rules: dict[str, Rule] | None = None) -> list[tuple[str, str]]:
    """Return paths and kinds."""
    return [(one.path, one.kind) for one in compare(original, model, rules or {}, equal=False).differences]


@settings(deadline=None)
@given(json, json)
def test_exact_without_rules(original: Any, model: Any) -> None:
    """Without rules, values agree where their canonical texts are equal, and only there."""
    assert (canonical(original) == canonical(model)) == compare(original, model, {}, equal=None).agree


@settings(deadline=None)
@given(two)
def test_exact_without_rules_where_values_are_alike(values: tuple[Any, Any]) -> None:
    """The same holds for values that share much."""
    original, model = values

    assert (canonical(original) == canonical(model)) == compare(original, model, {}, equal=None).agree


@settings(deadline=None)
@given(json, json, st.dictionaries(paths, rule, max_size=4))
def test_never_raises(original: Any, model: Any, rules: dict[str, Rule]) -> None:
    """Any two values can be compared by any rules, and there are differences exactly where they do not agree."""
    found = compare(original, model, rules, equal=None)

    assert found.agree == (not found.differences)


@settings(deadline=None, max_examples=400)
@given(two, st.dictionaries(paths, exact, max_size=4))
def test_rules_mean_what_they_say(values: tuple[Any, Any], rules: dict[str, Rule]) -> None:
    """The verdict is that of trying every order of every unordered list, and differences say where it comes from."""
    original, model = values
    found = compare(original, model, rules, equal=None)

    assert oracle.agrees(original, model, rules) == found.agree
    assert found.agree == (not found.differences)


@settings(deadline=None, max_examples=400)
@given(two, st.dictionaries(paths, rule, max_size=4))
def test_rules_by_degree_accept_nothing_else(values: tuple[Any, Any], rules: dict[str, Rule]) -> None:
    """What is accepted by degree would be accepted in some order; in fixed order the verdicts are the same."""
    original, model = values
    found = compare(original, model, rules, equal=None)

    assert oracle.agrees(original, model, rules) >= found.agree
    assert found.agree == (not found.differences)
    if unordered not in rules.values():
        assert oracle.agrees(original, model, rules) == found.agree


@settings(deadline=None)
@given(two, st.dictionaries(paths, rule, max_size=2))
def test_paths_exist(values: tuple[Any, Any], rules: dict[str, Rule]) -> None:
    """A difference's path leads to what differs: in the model's value where it is added, else in the original's."""
    original, model = values

    for one in compare(original, model, rules, equal=None).differences:
        assert [one.model if one.kind == "added" else one.original] == reached(
            model if one.kind == "added" else original, one.path
        )


@settings(deadline=None)
@given(two)
def test_values_that_differ_are_told(values: tuple[Any, Any]) -> None:
    """The two values of a difference are never the same, but for `missing` and `added`, which have one."""
    for one in compare(*values, {}, equal=None).differences:
        assert one.kind in {"missing", "added"} or canonical(one.original) != canonical(one.model)


@settings(deadline=None)
@given(st.lists(alike, max_size=5), st.lists(alike, max_size=5) | st.none(), st.randoms())
def test_unordered_is_a_multiset(original: list[Any], model: list[Any] | None, chance: Any) -> None:
    """Lists without order agree where their sorted texts are equal, and only there."""
    other = chance.sample(original, len(original)) if model is None else model
    texts = [sorted(map(canonical, value)) for value in (original, other)]

    assert (texts[0] == texts[1]) == compare(original, other, {"$": unordered}, equal=None).agree


@settings(deadline=None)
@given(json, json, st.dictionaries(paths, rule, max_size=2))
def test_equal_values_agree(original: Any, model: Any, rules: dict[str, Rule]) -> None:
    """Values that were equal once decoded agree, whatever their texts are."""
    found = compare(original, model, rules, equal=True)

    assert found.agree
    assert () == found.differences


def test_a_difference() -> None:
    """A difference says where it is, what it is, and both values."""
    found = compare({"items": [{"price": "3.50", "n": 1}]}, {"items": [{"price": "35.0", "n": 1}]}, {}, equal=False)

    assert (
        Comparison(
            agree=False,
            differences=(Difference("items[0].price", "value", "3.50", "35.0"),),
            fields=("items[*].n", "items[*].price"),
        )
        == found
    )


@pytest.mark.parametrize(("original", "model"), list(pairwise([1, True, 1.0, "1", None, [], {}, 1])))
def test_types(original: Any, model: Any) -> None:
    """Values of different JSON types differ in type, also those that are equal for Python."""
    assert [("a", "type")] == differences({"a": original}, {"a": model})
    assert [("$[1]", "type")] == differences([0, original], [0, model])
    assert [("$", "type")] == differences(original, model)


def test_negative_zero() -> None:
    """Zeros of different signs have different texts."""
    assert [("a", "value")] == differences({"a": 0.0}, {"a": -0.0})


def test_keys() -> None:
    """Keys missing and added are told one by one, however few are shared, and also those with two underscores."""
    assert [("__a", "missing"), ("b", "missing"), ('$["c d"]', "added")] == differences({"__a": 1, "b": 2}, {"c d": 3})


def test_one_element_missing() -> None:
    """An element missing or added moves no other: those behind it are compared with their own."""
    full = [{"name": "tea", "n": 1}, {"name": "milk", "n": 2}, {"name": "bread", "n": 3}]

    assert [("$[0]", "missing")] == differences(full, full[1:])
    assert [("$[1]", "added")] == differences([full[0], full[2]], full)


def test_one_element_differs() -> None:
    """Elements of lists of one length are compared by their index where that explains as much."""
    assert [("$[1]", "value")] == differences([1, 2, 3], [1, 5, 3])


def test_another_order() -> None:
    """A list in another order is one difference, which says so."""
    assert [("tags", "order")] == differences({"tags": ["b", "a"]}, {"tags": ["a", "b"]})


def test_a_rule_that_accepts_in_order() -> None:
    """Elements that a rule accepts as they stand are not torn apart for others that are the same."""
    assert [] == differences(["a b", "b c", "c d"], ["b c", "c d", "c d"], {"[*]": similar(0.5)})


def test_ignored() -> None:
    """What is ignored is told with its reason, and does not count."""
    found = compare({"note": "a", "n": 1}, {"note": "b", "n": 1}, {"note": ignored("free text")}, equal=False)

    assert found.agree
    assert (Ignored("note", "free text"),) == found.ignored


def test_ignored_and_absent() -> None:
    """Whether an ignored field is there does not count either."""
    found = compare({"n": 1, "note": {"a": []}}, {"n": 1}, {"note": ignored("free text")}, equal=False)

    assert found.agree
    assert (Ignored("note", "free text"),) == found.ignored


def test_ignored_but_for_one_field() -> None:
    """A more specific path takes over, so that one field can be compared alone."""
    rules = {"$": ignored("noise"), "total": close(rel=0.01)}
    original = {"total": 100, "a": 1}

    assert compare(original, {"total": 100.5, "b": 2}, rules, equal=False).agree
    assert [("total", "value")] == differences(original, {"total": 105}, rules)
    assert [("$", "type")] == differences(original, None, rules)


def test_rules_inside_unordered_elements() -> None:
    """Elements of an unordered list are found by what counts in them."""
    original = [{"n": 1, "note": "x", "tags": ["a", "b"]}, {"n": 2, "note": "y", "tags": []}]
    model = [{"n": 2, "note": "z", "tags": []}, {"n": 1, "note": "x", "tags": ["b", "a"]}]
    rules = {"items": unordered, "items[*].note": ignored("free text"), "items[*].tags": unordered}
    found = compare({"items": original}, {"items": model}, rules, equal=False)

    assert found.agree
    assert (Ignored("items[1].note", "free text"),) == found.ignored


def test_what_is_ignored_in_unordered_elements() -> None:
    """Whether an ignored field is there is no matter in unordered elements either, nor is an ignored element."""
    noted = [{"n": 1}, {"n": 2, "note": 1}]
    but_for_n = {"$": unordered, "[*]": ignored("noise"), "[*].n": ignore_case}

    assert compare(noted, [{"n": 2}, {"n": 1}], {"$": unordered, "[*].note": ignored("free text")}, equal=False).agree
    assert compare(["a", {"n": 1}], [{"n": 1}, "b"], but_for_n, equal=False).agree


def test_no_index_in_unordered_lists() -> None:
    """A rule for one index means nothing in an unordered list."""
    assert [("$[0]", "value")] == differences([1], [2], {"$": unordered, "[0]": ignored("first")})


def test_added_to_an_element_that_moved() -> None:
    """What only the model's value has is found along the model's own indexes."""
    original = [{"n": 1}, {"n": 2}]
    model = [{"n": 2, "a": 5}, {"n": 1}]

    assert [("$[0].a", "added")] == differences(original, model, {"$": unordered})


def test_unordered_elements_that_differ() -> None:
    """Elements left over are compared with those most like them."""
    original = [{"name": "tea", "n": 1}, {"name": "milk", "n": 2}, {"name": "bread", "n": 3}]
    model = [{"name": "bread", "n": 3}, {"name": "milk", "n": 9}, {"name": "tea", "n": 1}, {"name": "jam", "n": 4}]

    assert [("$[1].n", "value"), ("$[3]", "added")] == differences(original, model, {"$": unordered})


def test_unordered_numbers_by_degree() -> None:
    """Unordered elements that match by degree in one order only are all matched."""
    rules = {"$": unordered, "[*]": close(abs=0.15)}

    assert [] == differences([1.0, 1.1, 1.2], [1.25, 1.05, 0.9], rules)
    assert [("$[0]", "value")] == differences([1.0, 1.1, 1.2], [1.25, 1.3, 1.3], rules)


def test_unordered_elements_by_degree() -> None:
    """So are elements with several numbers, whatever order each of these would put them in."""
    original = [{"x": 0, "y": 0}, {"x": 1, "y": 5}]
    model = [{"x": 0.5, "y": 5.5}, {"x": 0.6, "y": 0.5}]

    assert [] == differences(original, model, {"$": unordered, "[*]": close(abs=1)})


@pytest.mark.parametrize("count", [20, 1000])
def test_many_unordered_numbers_by_degree(count: int) -> None:
    """The verdict on a long unordered list is exact, also where no element is the same."""
    original = [{"price": f"{index}.0", "name": f"n{index % 7}"} for index in range(count)]
    model = [{"price": f"{index}.05", "name": f"n{index % 7}"} for index in reversed(range(count))]
    rules = {"$": unordered, "[*].price": close(abs=0.1)}

    assert compare(original, model, rules, equal=False).agree
    model[-1]["price"] = "0.5"
    assert not compare(original, model, rules, equal=False).agree


def test_long_lists() -> None:
    """Of very many differences some are told in detail and some as whole elements; what is ignored comes last."""
    original = [{"n": index, "note": "x"} for index in range(3000)]
    model = [{"n": index, "note": "y"} for index in range(2999)] + [{"n": 0, "note": "y"}]
    rules = {"[*].note": ignored("free text")}
    found = compare(original, model, rules, equal=False)

    assert Difference("$[2999].n", "value", 2999, 0) == found.differences[0]
    assert len(found.differences) == 1
    assert 0 < len(found.ignored) < 1000
    assert not compare(original, [{"n": -1, "note": ""}] * 3000, rules, equal=False).agree


def test_long_lists_that_share_most() -> None:
    """One element missing in the middle of a long list is told as such."""
    whole = [{"n": index} for index in range(10_000)]

    assert [("$[5000]", "missing")] == differences(whole, whole[:5000] + whole[5001:])


def test_too_deep() -> None:
    """Values too deep for Python's stack differ as a whole, unless they were found equal."""
    original: Any = 0
    model: Any = 1
    for _ in range(2000):
        original, model = [original], [model]

    assert [("$", "value")] == differences(original, model)
    assert compare(original, model, {}, equal=True).agree


def test_plain_rules() -> None:
    """Rules may be as a brief carries them."""
    rules = {"title": {"kind": "ignore_case", "threshold": 1.0, "reason": "", "rel": 0.0, "abs": 0.0}}

    assert compare({"title": "A"}, {"title": "a"}, rules, equal=False).agree
