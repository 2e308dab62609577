"""A live task with its types: its brief, its calls as JSON, and why it may have none."""

from __future__ import annotations

import itertools
import math
import re
import sys
import textwrap
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, Self, TypedDict, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_serializer

from pytest_distil import EncodingError, close
from pytest_distil.core.call import fingerprint
from pytest_distil.core.text import parse
from pytest_distil.mark.task import Compare, Kind, Task
from pytest_distil.run.typed import TypedTask
from support.kinds import Leafy, Plain

T = TypeVar("T")


def typed(function: Callable[..., Any], kind: Kind = "function", **options: Any) -> TypedTask:
    """Return a function as a task with its types."""
    return TypedTask(Task(name="shop.it", function=function, dataset="shop", kind=kind, **options))


def price(text: str, /, currency: str = "EUR", *codes: int, when: Decimal | None = None, **more: Any) -> Leafy:
    """Read a price.

    Of any currency.
    """
    return Leafy(a=len(text))


def plain(a: Any, b: Any = 5, *, c: Any = (1, 2)) -> int:
    """Take anything."""
    return 1


def test_a_brief() -> None:
    """A brief says everything that a prompt needs of a task."""
    options: dict[str, Any] = {"instructions": "Read it.", "format": "tools", "group": "currency"}
    rules = Compare(fields={"a": close(abs=1)})
    brief = typed(price, exclude=frozenset({"more"}), compare=rules, **options).brief

    assert ("shop.it", "shop", "price", "Read it.", "tools", "currency") == (
        brief.task,
        brief.dataset,
        brief.name,
        brief.instructions,
        brief.format,
        brief.group,
    )
    assert (
        "price(text: str, currency: str = 'EUR', *codes: int, when: Decimal | None = None) -> Leafy" == brief.signature
    )
    assert "Read a price.\n\nOf any currency." == brief.docstring
    assert (("text", "currency", "codes", "when"), ("more",)) == (brief.parameters, brief.excluded)
    assert {"currency": "EUR", "codes": [], "when": None} == brief.defaults
    assert ["a", "b", "c"] == [*(brief.schema or {})["properties"]]
    assert {"kind": "close", "threshold": 1.0, "reason": "", "rel": 0.0, "abs": 1} == brief.compare["a"]
    assert brief.source is not None


def test_the_source() -> None:
    """The source's digest changes with the source; a function that has none is no obstacle."""
    made: dict[str, Any] = {}
    exec("def one(a: int) -> int:\n    return a", made)  # noqa: S102 - a function without a file

    assert typed(price).brief.source != typed(plain).brief.source
    assert typed(made["one"]).brief.source is None


def test_calls() -> None:
    """Arguments stand in signature order, defaults applied, `*` and `**` as what they hold."""
    encode = typed(price).encode_call

    assert '{"text":"1","currency":"EUR","codes":[],"when":null,"more":{}}' == encode(("1",), {})
    assert '{"text":"1","currency":"$","codes":[1,2],"when":"1.50","more":{"z":[1]}}' == encode(
        ("1", "$", 1, 2), {"when": Decimal("1.50"), "z": [1]}
    )


values = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | st.lists(st.integers())


@given(a=values, b=values, c=values, leave=st.booleans())
def test_equal_calls(a: Any, b: Any, c: Any, leave: bool) -> None:  # noqa: FBT001 - drawn
    """However a call is written, by position or by name, with its defaults or without: one fingerprint."""
    task = typed(plain)
    if leave:
        b, c = 5, (1, 2)
    ways: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((a, b), {"c": c}),
        ((a,), {"c": c, "b": b}),
        ((), {"c": c, "b": b, "a": a}),
        *([((a,), {}), ((a, b), {}), ((), {"a": a}), ((a,), {"c": c})] if leave else []),
    ]
    texts = {task.encode_call(*way) for way in ways}

    assert 1 == len(texts)
    assert 1 == len({fingerprint("f", parse(text)) for text in texts})


@given(pairs=st.tuples(values, values))
def test_different_calls(pairs: tuple[Any, Any]) -> None:
    """Calls whose arguments differ have different fingerprints: `1`, `1.0`, `True` and `"1"` do."""
    one, other = (fingerprint("f", parse(typed(plain).encode_call((value,), {}))) for value in pairs)

    assert (one == other) is (repr(pairs[0]) == repr(pairs[1]))


def test_calls_that_do_not_fit() -> None:
    """A call that Python would refuse has no arguments to encode."""
    for args, kwargs in [((), {}), ((1, 2, 3), {}), ((1,), {"a": 2}), ((1,), {"d": 2})]:
        with pytest.raises(EncodingError, match=r"^\$: the call does not fit the signature$"):
            typed(plain).encode_call(args, kwargs)


def takes(client: Plain, text: str, hint: dict[str, int]) -> str:
    """Use a client."""
    return text


def test_arguments_without_json() -> None:
    """What has no JSON form is named by its path, with the way to leave it out of the call."""
    with pytest.raises(EncodingError) as caught:
        typed(takes).encode_call((Plain(), "a", {}), {})
    left_out = typed(takes, exclude=frozenset({"client"}))

    assert "$.client: a Plain has no JSON form; to leave it out of the call: @distil(exclude='client')" == (
        str(caught.value)
    )
    assert '{"text":"a","hint":{}}' == left_out.encode_call((Plain(), "a", {}), {})
    with pytest.raises(EncodingError, match=r"^\$.hint: a dict does not come back from JSON as it was$"):
        left_out.encode_call((Plain(), "a", {1: 2}), {})
    with pytest.raises(EncodingError, match=r"^\$.text: text that is not UTF-8 \(a lone surrogate\)$"):
        left_out.encode_call((Plain(), "\ud800", {}), {})


def test_none_never_fails() -> None:
    """None is recorded as null, whatever is annotated."""
    assert '{"client":null,"text":null,"hint":null}' == typed(takes).encode_call((None, None, None), {})


def test_results() -> None:
    """A result goes to JSON and back by the return annotation."""
    task = typed(price)

    assert '{"a":1,"b":null,"c":false}' == task.encode_result(Leafy(a=1))
    assert Leafy(a=1) == task.decode_result('{"a":1,"b":null,"c":false}')
    with pytest.raises(EncodingError, match=r"^\$.a: field required$"):
        task.decode_result("{}")
    with pytest.raises(EncodingError, match="a dict comes back from JSON as a Leafy"):
        task.encode_result({"a": 1})


def returns(annotation: Any) -> Callable[..., Any]:
    """Return a function with that return annotation."""

    def function() -> None:
        """Return something."""

    function.__annotations__["return"] = annotation
    return function


class Fits(TypedDict):
    """Fits."""

    a: int


class Explained(BaseModel):
    """Has in its schema what is no JSON."""

    a: int = Field(json_schema_extra={"example": Plain})  # type: ignore[dict-item]


class Endless(BaseModel):
    """Has a default that is no JSON."""

    a: float = float("nan")


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (Plain, r"^Unable to generate .*Plain.*; return a model, a dataclass or a TypedDict instead$"),
        (
            "Nowhere",
            r"^its return annotation: name 'Nowhere' is not defined at run time; import or define it there too$",
        ),
        ("1 +", r"^its return annotation: SyntaxError: .*; annotate it with a type$"),
        ("nowhere.Type", r"^its return annotation: name 'nowhere' is not defined"),
        ("sys.Type", r"^its return annotation: AttributeError: .*; annotate it with a type$"),
        (Callable[[], int], r"; return a model, a dataclass or a TypedDict instead$"),
        (Explained, r"^Unable to serialize unknown type: <class 'type'>; return a model"),
        (Endless, r"^its signature, docstring or schema is no JSON: .*; change what it names$"),
    ],
    ids=itertools.count(),
)
def test_problems(annotation: Any, problem: str) -> None:
    """What keeps results from being recorded is a line that says what to do, and no exception."""
    task = typed(returns(annotation))

    assert re.search(problem, task.problem or "")
    assert "\n" not in (task.problem or "")


def test_results_without_a_schema() -> None:
    """Where there is a problem, no result is recorded, and it says why."""
    with pytest.raises(EncodingError, match="Unable to generate"):
        typed(returns(Plain)).encode_result(Plain())
    with pytest.raises(EncodingError, match="Unable to generate"):
        typed(returns(Plain)).decode_result("1")


def test_docstrings_that_no_file_holds() -> None:
    """A docstring with a lone surrogate is a problem that is said, not one that a file has later."""
    function = returns(int)
    function.__doc__ = "\ud800"

    assert "its signature, docstring or schema is no JSON" in (typed(function).problem or "")


def test_no_problem() -> None:
    """Types that need nothing have none."""
    for annotation in (int, None, Any, Fits, list[Fits] | None, "Leafy", "list[Leafy]", Leafy):
        assert typed(returns(annotation)).problem is None


class Maker(BaseModel):
    """Makes itself."""

    a: int

    @classmethod
    def make(cls, a: int) -> Self:
        return cls(a=a)


class Child(Maker):
    """Made by its parent's method."""


def test_self() -> None:
    """`Self` is the class of the method; what a subclass makes of it would lose its type."""
    task = typed(Maker.make.__func__, "classmethod")  # type: ignore[attr-defined]

    assert "make(a: int) -> Maker" == task.brief.signature
    assert '{"a":1}' == task.encode_call((Child, 1), {})
    assert '{"a":1}' == task.encode_result(Maker(a=1))
    with pytest.raises(EncodingError, match="a Child comes back from JSON as a Maker"):
        task.encode_result(Child(a=1))


class Box(BaseModel, Generic[T]):
    """A generic model."""

    item: T


def first(items: list[T]) -> Box[T]:
    """Return the first item."""
    return Box(item=items[0])


def test_type_variables() -> None:
    """A type variable stands for anything: what JSON keeps is recorded, and what it does not is left out."""
    task = typed(first)

    assert '{"items":[1,2]}' == task.encode_call(([1, 2],), {})
    assert '{"items":[{"a":1,"b":null,"c":false}]}' == task.encode_call(([Leafy(a=1)],), {})
    assert "first(items: list[T]) -> Box" == task.brief.signature
    assert '{"item":1}' == task.encode_result(Box(item=1))
    with pytest.raises(EncodingError, match=r"\$.item: a Leafy comes back from JSON as a dict"):
        task.encode_result(Box(item=Leafy(a=1)))


PEP_695 = """
    {future}
    from pydantic import BaseModel

    type Names = list[str]

    class Box[T](BaseModel):
        item: T

    def first[T](items: list[T], names: Names) -> list[T]:
        return items[:1]

    def keep[T: (int, str)](item: T) -> T:
        return item

    class Shelf[S]:
        def put(self, item: S) -> Box[int]:
            return Box[int](item=1)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695 is of Python 3.12")
@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_type_parameters(future: str) -> None:
    """Type parameters and aliases of PEP 695 mean what they mean elsewhere, written as strings too."""
    made: dict[str, Any] = {"__name__": "made"}
    exec(textwrap.dedent(PEP_695).replace("{future}", future), made)  # noqa: S102 - older Pythons could not read it
    first, keep, put = made["first"], made["keep"], made["Shelf"].put

    assert "first(items: list[T], names: Names) -> list[T]" == typed(first).brief.signature
    assert '{"items":[1],"names":["a"]}' == typed(first).encode_call(([1], ["a"]), {})
    assert "[1]" == typed(first).encode_result(first([1], []))
    assert '"a"' == typed(keep).encode_result("a")
    assert typed(put, "method").problem is None
    assert '{"item":2}' == typed(put, "method").encode_call((made["Shelf"](), 2), {})


class Ratio(BaseModel):
    """A model with what JSON lacks, with what its schema does not say, and with what is never written."""

    value: float
    shown: int | None = None
    hidden: int = Field(default=0, exclude=True)

    @field_serializer("shown")
    def as_text(self, shown: int | None) -> str | None:
        """Write a number as text, which reads back as the number."""
        return None if shown is None else str(shown)


@pytest.mark.parametrize(
    ("returns", "value", "message"),
    [
        (float, math.nan, r"\$: off its own schema: is string, not number; nan and infinities are no numbers in JSON"),
        (list[float], [1.0, -math.inf], r"\$\[1\]: off its own schema: is string, not number"),
        (Ratio, Ratio(value=math.inf), r"\$\.value: off its own schema: is string, not number"),
        (Ratio, Ratio(value=1, shown=2), r"\$\.shown: off its own schema: is string, not integer$"),
    ],
)
def test_results_off_their_own_schema(returns: Any, value: Any, message: str) -> None:
    """What reads back, and yet is not what the schema says, is no result: no model that is held to it could give it."""
    task = TypedTask(Task(name="shop.it", function=plain, dataset="shop", returns=returns))

    with pytest.raises(EncodingError, match=message):
        task.encode_result(value)


@pytest.mark.parametrize(
    ("returns", "value", "text"),
    [
        (str, "NaN", '"NaN"'),
        (float | None, None, "null"),
        (Ratio, Ratio(value=1), '{"value":1.0,"shown":null}'),
        (Any, math.nan, '"NaN"'),
    ],
)
def test_results_of_their_own_schema(returns: Any, value: Any, text: str) -> None:
    """Text that only looks like nan is a result, and so is nan where no annotation says number."""
    task = TypedTask(Task(name="shop.it", function=plain, dataset="shop", returns=returns))

    assert text == task.encode_result(value)


def test_redacted_calls() -> None:
    """A call is redacted where it is encoded, the defaults of its signature too, and no path tells a key."""

    def find(by: Any, key: str = "k-12345", limit: int = 5) -> Any:
        """Find something."""

    task = Task(name="shop.it", function=find, dataset="shop")
    redacted = TypedTask(task, redact=(r"\d{5}", "$.by.name"))

    assert "find(by: Any, key: str = ..., limit: int = 5) -> Any" == redacted.brief.signature
    assert {"key": "k-[redacted]", "limit": 5} == redacted.brief.defaults
    assert '{"by":{"name":"[redacted]"},"key":"k-[redacted]","limit":5}' == redacted.encode_call(({"name": "Ann"},), {})
    with pytest.raises(EncodingError, match=r"^\$\.by: an? object has no JSON form"):
        redacted.encode_call(({"12345": object()},), {})
    with pytest.raises(EncodingError, match=r"^\$: an? object has no JSON form"):
        redacted.encode_result({"12345": object()})
