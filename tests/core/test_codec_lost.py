"""What would not read back the same is refused, with where and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import (
    PlainSerializer,
    SecretStr,
)

from pytest_distil import EncodingError
from pytest_distil.core.codec import Adapter
from support.kinds import (
    Child,
    Color,
    Derived,
    Doubling,
    Excluding,
    Failing,
    Hidden,
    Keeper,
    Leafy,
    Measured,
    Open,
    Picky,
    Redacting,
    Rounding,
    Secretive,
    Ticket,
    changed,
    hidden,
    named,
)

LOST = [
    (int, True, r"\$: a bool comes back from JSON as an int"),
    (int, "1", r"\$: a str comes back from JSON as an int"),
    (int, "x", r"\$: input should be a valid integer"),
    (int, 10**4300, r"\$: a number of more than 4300 digits"),
    (list[int], [10**4300], r"\$: "),
    (str, "\ud800", r"\$: text that is not UTF-8 \(a lone surrogate\)"),
    (dict[str, int], {"\ud800": 1}, r"\$"),
    (list[str], ["ok", "\udcff"], r"\$\[1\]: text that is not UTF-8"),
    (set[int], {True, 2}, r"\$: a set does not come back from JSON as it was"),
    (dict[int, int], {1.0: 2}, r"\$: a dict does not come back"),
    (dict[int | str, int], {1: 2, "1": 3}, r"\$: a dict does not come back"),
    (list[int], (1, 2), r"\$: a tuple comes back from JSON as a list"),
    (tuple[int, ...], [1], r"\$: a list comes back from JSON as a tuple"),
    (Any, {"a": Decimal(1)}, r"\$.a: a Decimal comes back from JSON as a str"),
    (Any, [Leafy(a=1)], r"\$\[0\]: a Leafy comes back from JSON as a dict"),
    (Any, int, r"\$: a type has no JSON form"),
    (Any, object(), r"\$: an object has no JSON form"),
    (Any, {1, 2}, r"\$: a set comes back from JSON as a list"),
    (Any, {"a": 1}.keys(), r"\$: a dict_keys has no JSON form"),
    (Any, [1, {"b": 1j}], r"\$\[1\].b: a complex comes back"),
    (Iterable[int], [1], r"\$: a list comes back from JSON as a ValidatorIterator"),
    (Color, "red", r"\$: a str comes back from JSON as a Color"),
    (Leafy, Child(a=1), r"\$: a Child comes back from JSON as a Leafy"),
    (Leafy, {"a": 1}, r"\$: a dict comes back from JSON as a Leafy"),
    (Keeper, Keeper(items=[Child(a=1)]), r"\$.items\[0\]: a Child comes back from JSON as a Leafy"),
    (Leafy, changed(Leafy(a=1), a=True), r"\$.a: a bool comes back from JSON as an int"),
    (Leafy, changed(Leafy(a=1), a=None), r"\$.a: input should be a valid integer"),
    (Leafy, changed(Leafy(a=1), b="\ud800"), r"\$.b: text that is not UTF-8"),
    (Leafy, changed(Leafy(a=1), a=10**4300), r"\$"),
    (Leafy, changed(Leafy(a=1), b=Color.RED), r"\$.b: a Color comes back from JSON as a str"),
    (Leafy, Leafy.model_construct(b="x"), r"\$.a: field required"),
    (Excluding, Excluding(a=1, secret=5), r"\$.secret: an int does not come back from JSON as it was"),
    (Hidden, hidden(9), r"\$._b: an int does not come back from JSON as it was"),
    (Open, Open(a=1, more=Decimal(1)), r"\$.more: a Decimal comes back from JSON as a str"),  # type: ignore[call-arg]
    (Rounding, Rounding(a=1.5), r"\$.a: a float does not come back from JSON as it was"),
    (Redacting, Redacting(a=1), r"\$.a: an int does not come back from JSON as it was"),
    (Doubling, Doubling(a=1), r"\$.a: an int does not come back from JSON as it was"),
    (Failing, Failing(a=1), r"\$: .*not now"),
    (Picky, Picky.model_construct(a=1), r"\$: LookupError: never"),
    (
        Measured,
        Measured(value=1, raw=b"\xff"),
        r"\$.raw: bytes that are not UTF-8; ConfigDict\(ser_json_bytes",
    ),
    (Secretive, Secretive(key=SecretStr("hunter2")), r"\$.key: a SecretStr does not come back from JSON as it was$"),
    (Annotated[int, PlainSerializer(lambda _: 1)], 2, r"\$: an int does not come back"),
    (Derived, changed(Derived(3), b=7), r"\$.b: an int does not come back from JSON as it was"),  # type: ignore[arg-type]
    (Ticket, {"label": "other"}, r"\$.label: input should be 'bug' or 'idea'"),
    (Ticket, {"label": "bug", "more": 1}, r"\$: a dict does not come back"),
]


@pytest.mark.parametrize(("annotation", "value", "message"), LOST, ids=named(LOST))
def test_lost(annotation: Any, value: Any, message: str) -> None:
    """What would not read back the same is refused, with its path, and by types alone: values may be secret."""
    with pytest.raises(EncodingError, match=message) as caught:
        Adapter(annotation).encode(value)

    assert "hunter2" not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_each_value_on_its_own() -> None:
    """That one value reads back says nothing of the next one, which may be written the same."""
    for annotation, kept, lost in [
        (Excluding, Excluding(a=1), Excluding(a=1, secret=5)),
        (Hidden, hidden(0), hidden(1)),
        (Open, Open(a=1, more="1"), Open(a=1, more=Decimal(1))),  # type: ignore[call-arg]
        (Rounding, Rounding(a=1.0), Rounding(a=1.4)),
        (Redacting, Redacting(a=0), Redacting(a=1)),
        (Leafy, Leafy(a=1), changed(Leafy(a=1), a=True)),
    ]:
        adapter = Adapter(annotation)
        adapter.encode(kept)
        with pytest.raises(EncodingError):
            adapter.encode(lost)
        adapter.encode(kept)
