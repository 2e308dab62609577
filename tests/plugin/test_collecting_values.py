"""Values that bite: each is kept as it was or left out with its reason, and no test notices which."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_distil.core.call import ARGUMENT, RESULT
from support.suites import collected

HEAD = '''
    import math
    from unittest.mock import MagicMock, Mock
    from pydantic import BaseModel
    from pytest_distil import distil

    class Plain:
        """Its repr is an address."""

    class Base(BaseModel):
        a: int = 1

    class Derived(Base):
        b: int = 2

    @distil(name="values.take")
    def take(value):
        return 1

    @distil(name="values.based")
    def based(value: Base) -> int:
        return value.a

    def test_it():
        TEST
'''

KEPT: dict[str, tuple[str, Any]] = {
    "nan": ("assert take(math.nan) == 1", "NaN"),
    "bytes that are not UTF-8": (r"assert take(b'\xff\xfe') == 1", "__4="),
    "a set": ("assert take({'b', 'a', 'c'}) == 1", ["a", "b", "c"]),
    "a subclass behind its base": ("assert based(Derived()) == 1", {"a": 1, "b": 2}),
    "a tuple": ("assert take((1, 'a')) == 1", [1, "a"]),
}

LEFT_OUT: dict[str, tuple[str, str]] = {
    "a lone surrogate": (r"assert take('\ud800') == 1", "text that is not UTF-8 (a lone surrogate)"),
    "a view of a dict": ("assert take({'a': 1}.keys()) == 1", "a dict_keys has no JSON form"),
    "a type": ("assert take(int) == 1", "a type has no JSON form"),
    "a mock": ("assert take(Mock()) == 1", "a Mock is no value"),
    "a mock in a list": ("assert take([MagicMock(spec=Base)]) == 1", "a MagicMock is no value"),
    "an address": ("assert take(Plain()) == 1", "a Plain has no JSON form"),
    "an address in a dict": ("assert take({'k': [Plain()]}) == 1", "a Plain has no JSON form"),
    "a function": ("assert take(len) == 1", "a builtin_function_or_method has no JSON form"),
    "an iterator": ("given = iter('ab'); assert take(given) == 1; assert list(given) == ['a', 'b']", "an iterator"),
}


@pytest.mark.parametrize("what", KEPT)
def test_kept(pytester: pytest.Pytester, what: str) -> None:
    """What JSON can hold becomes an example, by its own type where the annotation would lose something."""
    line, encoded = KEPT[what]
    session = collected(pytester, HEAD.replace("TEST", line))

    assert [({"value": encoded}, 1)] == session.calls
    assert {"passed": 1, "not_passed": 0} == session.manifest["tests"]


@pytest.mark.parametrize("what", LEFT_OUT)
def test_left_out(pytester: pytest.Pytester, what: str) -> None:
    """What JSON cannot hold is left out by its type's name: never by its repr, which may be an address or a secret."""
    line, reason = LEFT_OUT[what]
    session = collected(pytester, HEAD.replace("TEST", line))
    told = (session.folder / "session.json").read_text(encoding="utf-8")

    assert {ARGUMENT: 1} == session.left_out
    assert reason in session.manifest["left_out_examples"][ARGUMENT]["detail"]
    assert {"passed": 1, "not_passed": 0} == session.manifest["tests"]
    assert "0x" not in told


RESULTS = """
    import math
    from unittest.mock import Mock
    from pytest_distil import distil

    class Plain:
        pass

    @distil
    def listed(n: int) -> list[int]:
        return [n]

    @distil
    def ratio(n: int) -> float:
        return math.nan if n == 0 else math.inf if n == 1 else 1.5

    @distil
    def anything(kind: str):
        made = {"mock": Mock(), "view": {1: 2}.values(), "type": int, "plain": Plain(), "text": "\\ud800"}
        return made[kind]

    def test_mutated():
        found = listed(1)
        found.append(2)
        assert found == [1, 2]

    def test_ratios():
        assert math.isnan(ratio(0))
        assert [ratio(1), ratio(2)] == [math.inf, 1.5]

    def test_anything():
        for kind in ("mock", "view", "type", "plain", "text"):
            anything(kind)
"""


def test_results(pytester: pytest.Pytester) -> None:
    """A result is kept as it was when it was returned; what has no JSON, or no place in its schema, is left out."""
    session = collected(pytester, RESULTS)

    assert [({"n": 1}, [1]), ({"n": 2}, 1.5)] == session.calls
    assert {RESULT: 7} == session.left_out
    assert {"passed": 3, "not_passed": 0} == session.manifest["tests"]
    assert "0x" not in (session.folder / "session.json").read_text(encoding="utf-8")


DEEP = """
    from pytest_distil import distil

    @distil
    def same(value):
        return value

    def test_same():
        for depth in range(10, 1000, 30):
            listed, keyed = "x", "x"
            for _ in range(depth):
                listed, keyed = [listed], {"a": keyed}
            assert same(listed) is listed
            assert same(keyed) is keyed
"""


def test_deep_values(pytester: pytest.Pytester) -> None:
    """What is recorded can be written when the run ends, however deep it is; what is deeper is left out alone."""
    session = collected(pytester, DEEP)

    assert [ARGUMENT] == [*session.left_out]
    assert 66 == len(session.calls) + session.left_out[ARGUMENT]
    assert 10 <= len(session.calls)
