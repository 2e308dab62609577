"""Options as they are written: what each takes, and what is said of what it does not take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_distil import SettingError
from pytest_distil.core import readers

GOOD: list[tuple[Callable[[str, Any], Any], Any, Any]] = [
    (readers.share, "95", 0.95),
    (readers.share, "0", 0.0),
    (readers.share, "99.5", 0.995),
    (readers.share, "100", 1.0),
    (readers.share, " 20 ", 0.2),
    (readers.holdout, "0", 0.0),
    (readers.holdout, "99.9", 0.999),
    (readers.sample, "100", 1.0),
    (readers.points, "0.5", 0.005),
    (readers.points, "2", 0.02),
    (readers.thresholds, "a=95 a.total=99", {"a": 0.95, "a.total": 0.99}),
    (readers.thresholds, "", {}),
    (readers.seconds, "0.5", 0.5),
    (readers.count, "32", 32),
    (readers.one_of("a", "b"), "b", "b"),
    (readers.models, ["gpt"], {"": "gpt"}),
    (readers.models, ["shop.price=gpt", "other"], {"shop.price": "gpt", "": "other"}),
    (readers.models, ["f=id:a=b"], {"f": "id:a=b"}),
    (readers.models, ["recorded:a=b.jsonl"], {"": "recorded:a=b.jsonl"}),
    (readers.models, ["models/a=b"], {"": "models/a=b"}),
    (readers.as_it_is, ["a.json", "b.md"], ("a.json", "b.md")),
    (readers.as_it_is, True, True),
]


@pytest.mark.parametrize(("read", "text", "expected"), GOOD)
def test_good(read: Callable[[str, Any], Any], text: Any, expected: Any) -> None:
    """A value is read as what it means."""
    assert expected == read("--distil-it", text)


BAD: list[tuple[Callable[[str, Any], Any], Any, str]] = [
    (readers.share, "0.95", "is a percentage: write 95, not 0.95"),
    (readers.share, "1", "is a percentage: write 100, not 1"),
    (readers.share, "0.29", "is a percentage: write 29, not 0.29"),
    (readers.share, "101", "is a percentage from 0 to 100, not 101"),
    (readers.share, "-5", "is a percentage from 0 to 100, not -5"),
    (readers.share, "95%", "takes a number, not '95%'"),
    (readers.share, "nan", "takes a number, not 'nan'"),
    (readers.share, "inf", "takes a number, not 'inf'"),
    (readers.share, "", "takes a number, not ''"),
    (readers.holdout, "100", "must leave something to train on: less than 100"),
    (readers.sample, "0", "must leave something to ask: more than 0"),
    (readers.points, "101", "takes points from 0 to 100, not '101'"),
    (readers.points, "-1", "takes points from 0 to 100, not '-1'"),
    (readers.thresholds, "a", "takes TASK=PCT or TASK.FIELD=PCT, not 'a'"),
    (readers.thresholds, "=95", "takes TASK=PCT or TASK.FIELD=PCT, not '=95'"),
    (readers.seconds, "0", "takes seconds above 0, not '0'"),
    (readers.seconds, "-1", "takes seconds above 0, not '-1'"),
    (readers.seconds, "inf", "takes a number, not 'inf'"),
    (readers.seconds, "1m", "takes a number, not '1m'"),
    (readers.count, "0", "takes a whole number from 1, not '0'"),
    (readers.count, "1.5", "takes a whole number from 1, not '1.5'"),
    (readers.count, "-3", "takes a whole number from 1, not '-3'"),
    (readers.count, "²", "takes a whole number from 1, not '²'"),
    (readers.count, "9" * 13, f"takes a whole number from 1, not '{'9' * 13}'"),
    (readers.one_of("a", "b"), "c", "is one of a, b, not 'c'"),
    (readers.models, [""], "takes MODEL or TASK=MODEL, not ''"),
    (readers.models, ["f="], "takes MODEL or TASK=MODEL, not 'f='"),
    (readers.models, ["=gpt"], "takes MODEL or TASK=MODEL, not '=gpt'"),
    (readers.models, ["a", "b"], "two models, 'a' and 'b'; give each its own task: --distil-it=TASK=MODEL"),
    (readers.models, ["f=a", "f=b"], "two models for the task 'f'; give each its own task: --distil-it=TASK=MODEL"),
]


@pytest.mark.parametrize(("read", "text", "message"), BAD)
def test_bad(read: Callable[[str, Any], Any], text: Any, message: str) -> None:
    """A value that an option cannot have is refused under the option's name, with what to write."""
    with pytest.raises(SettingError) as caught:
        read("--distil-it", text)

    assert f"--distil-it: {message}" == str(caught.value)


def test_bad_thresholds_name_their_target() -> None:
    """One bad threshold of several says which it is."""
    with pytest.raises(SettingError, match=r"^distil_thresholds: a.total: is a percentage: write 99, not 0.99$"):
        readers.thresholds("distil_thresholds", "a=95 a.total=0.99")


def test_prices() -> None:
    """Prices are read by model, whatever is in its name; cached tokens may have their own."""
    text = "ft:gpt=x:2026=0.15/0.6\n meta/llama-3=1/0.5/4 free=0/0 train:gpt=25"
    expected = {"ft:gpt=x:2026": (0.15, 0.6), "meta/llama-3": (1, 0.5, 4), "free": (0, 0), "train:gpt": (25,)}

    assert expected == readers.prices("distil_prices", text)


@pytest.mark.parametrize(
    "text", ["m", "=1/2", "m=1", "m=1/2/3/4", "m=-1/2", "m=/2", "m=a/b", "m=nan/1", "train:m=1/2", "train:m=-1"]
)
def test_bad_prices(text: str) -> None:
    """What is no price is refused under the option's name."""
    with pytest.raises(SettingError, match="distil_prices"):
        readers.prices("distil_prices", text)
