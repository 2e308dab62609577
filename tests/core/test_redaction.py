"""What rules name is taken out of arguments, everywhere, and no result may tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_distil import EncodingError, SettingError
from pytest_distil.core.redaction import ENVIRONMENT, REDACTED, Redaction, read_rules, rules_of
from pytest_distil.core.text import compact
from pytest_distil.mark.errors import RedactedError

MAIL = r"[\w.+-]+@[\w-]+\.\w+"


def redacted(arguments: dict[str, Any], *rules: str) -> Any:
    """Return arguments without what the rules name."""
    return json.loads(Redaction(rules).arguments(compact(arguments)))


@pytest.mark.parametrize(
    ("given", "rule", "expected"),
    [
        ({"text": "to a@b.org, c@d.org"}, MAIL, {"text": f"to {REDACTED}, {REDACTED}"}),
        ({"mails": [["a@b.org"], {"x": "a@b.org"}]}, MAIL, {"mails": [[REDACTED], {"x": REDACTED}]}),
        ({"by": {"a@b.org": 1}}, MAIL, {"by": {REDACTED: 1}}),
        ({"card": 4111111111111111, "n": 41, "ok": True}, r"\d{16}", {"card": REDACTED, "n": 41, "ok": True}),
        ({"mail": "x"}, "(?:mail)", {"mail": "x"}),
        ({"user": {"name": "Ann", "age": 3}}, "$.user.name", {"user": {"name": REDACTED, "age": 3}}),
        ({"user": {"name": "Ann"}}, "$.user", {"user": REDACTED}),
        ({"items": [{"p": 1}, {"p": 2}, 3]}, "$.items[*].p", {"items": [{"p": REDACTED}, {"p": REDACTED}, 3]}),
        ({"items": ["a", "b"]}, "$.items[1]", {"items": ["a", REDACTED]}),
        ({"by": {"a b": {"c": 1}}}, '$.by["a b"].c', {"by": {"a b": {"c": REDACTED}}}),
        ({"key": None, "other": 1}, "$.key", {"key": None, "other": 1}),
        ({"text": "x"}, "$.nowhere.at[0].all", {"text": "x"}),
    ],
)
def test_arguments(given: dict[str, Any], rule: str, expected: dict[str, Any]) -> None:
    """Patterns hold for text, keys and numbers at any depth, paths for what they lead to; names of parameters stay."""
    assert expected == redacted(given, rule)


@given(
    texts=st.lists(st.text(alphabet="ab1@.[]redacted ", max_size=20), max_size=4),
    rules=st.lists(st.sampled_from(["[a-d]+", r"\[", "e?d", r"^\w|\w$", "$.x", "$.y[*]"]), max_size=3),
)
def test_twice_is_once(texts: list[str], rules: list[str]) -> None:
    """What was redacted stays as it is: lines of production are redacted where they are read, too."""
    once = redacted({"x": "".join(texts), "y": texts}, *rules)

    assert once == redacted(once, *rules)


def test_keys_that_fall_together() -> None:
    """An object of which a key would be lost is refused, for that is not the call."""
    with pytest.raises(EncodingError, match="two keys are the same once they are redacted"):
        redacted({"by": {"a@b.org": 1, "c@d.org": 2}}, MAIL)


ARGUMENTS = {"text": "a@b.org", "name": "Ann Lee", "age": 3, "list": ["Zo", 12345]}


@pytest.mark.parametrize(
    ("result", "tells"),
    [
        ("Dear ANN LEE,", True),
        ({"of": [{"ann lee": 1}]}, True),
        ("other@mail.org", True),
        ({"total": 123456}, True),
        ("Zo", True),
        ("Zoology", False),
        ({"age": 3}, True),
        ({"age": 3.5, "n": [30, None, True]}, False),
        ("Ann", False),
        (None, False),
    ],
)
def test_results_that_tell(result: Any, *, tells: bool) -> None:
    """A result tells what was taken out, whatever its case, and what a pattern would have; a short text only alone."""
    redaction = Redaction((MAIL, "$.name", "$.age", "$.list"))
    arguments = redaction.arguments(compact(ARGUMENTS))
    if not tells:
        redaction.refuse_told(compact(result), arguments)
        return

    with pytest.raises(RedactedError) as caught:
        redaction.refuse_told(compact(result), arguments)

    assert "$: it tells what was redacted" == str(caught.value)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("email", r"may be a field or a text: write \$\.email for the field, \(\?:email\) for the text"),
        ("user.items[*].key", "may be a field or a text"),
        ("[a", "is no regular expression: unterminated"),
        ("x*", "matches where there is nothing"),
        ("$", "names no argument"),
        ("$.a[", "cannot be read from"),
    ],
)
def test_rules_that_mean_nothing(rule: str, message: str) -> None:
    """A rule that means nothing, or may mean two things, is refused under the name of its option."""
    with pytest.raises(SettingError, match=message) as caught:
        read_rules("distil_redact", ["", f" {rule} "])

    assert "distil_redact" == caught.value.name


def test_rules_of_the_environment() -> None:
    """Outside of pytest the rules stand in a variable, one a line."""
    assert (MAIL, "$.key") == rules_of({ENVIRONMENT: f"\n {MAIL}\n$.key\n"})
    assert () == rules_of({})
    with pytest.raises(SettingError, match="DISTIL_REDACT"):
        rules_of({ENVIRONMENT: "["})
