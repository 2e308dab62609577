"""Phrases and values as every report writes them, and escaping for the places where reports go."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from pytest_distil.core.phrases import percent, plural
from pytest_distil.core.text import Json
from pytest_distil.core.wants import NOUNS

_LEAST_MONEY = 0.0001
"""Of an amount that is told in digits."""

MAX_VALUE = 40
"""Characters of a value in one line."""

_JOINERS = "\u200c\u200d"
"""Invisible, and part of words and emoji in use."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that move the cursor, reverse the text or cannot be seen."""
_MARKED = re.compile(r"([\\`*_\[\]<>|~#&])")
"""What means something to Markdown inside a line, and can be escaped by a backslash."""
_NAMED = re.compile(r"@(?=\w)|:(?=//)|:(?=[\w+-]+:)")
"""What GitHub makes of text after it was rendered: mentions, links, emoji. A comment in the middle keeps it text."""


def visible(text: str) -> str:
    r"""Escape what is no visible character, so that text stays on its line and is seen as it is: `\x1b`, `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(one) if unicodedata.category(one) in _UNSEEN and one not in _JOINERS else one for one in text
    )


def markdown(text: str) -> str:
    """Escape text for a line or a table cell of GitHub's Markdown: it is shown as it is and starts nothing."""
    marked = _MARKED.sub(r"\\\1", visible(text))
    return _NAMED.sub(r"\g<0><!-- -->", marked).replace("$", "<span>$</span>")


def command(name: str, message: str, **properties: object) -> str:
    """Write a GitHub workflow command: `::warning file=a.py,line=3::message`, whatever is in the message."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' * bool(given)}{given}::{_data(message)}"


def value(data: Json, *, limit: int = MAX_VALUE) -> str:
    """Write a value as JSON in one line, shortened."""
    return shorten(visible(json.dumps(data, ensure_ascii=False)), limit=limit)


def shorten(text: str, *, limit: int, keep: str = "start") -> str:
    """Cut text to at most `limit` columns, keeping its start or its `end`; `...` stands for what is gone."""
    if columns(text) <= limit:
        return text
    order = text if keep == "start" else text[::-1]
    kept, width = "", 3
    for one in order:
        width += columns(one)
        if width > limit:
            break
        kept += one
    return f"{kept}..." if keep == "start" else f"...{kept[::-1]}"


def columns(text: str) -> int:
    """Return the columns that text takes in a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def rate(counts: Mapping[str, Any]) -> str:
    """Write an agreement: `92.5 %`, or `-` where nothing was compared."""
    return "-" if counts["agreement"] is None else percent(counts["agreement"])


def compared(counts: Mapping[str, Any]) -> int:
    """Return the number of compared calls."""
    return int(sum(counts[name] for name in ("agree", "differ", "invalid", "failed")))


def interval(counts: Mapping[str, Any]) -> str:
    """Write the 95 % interval of COUNTS: `80.1 to 97.4`, and what the calls are worth where that is less."""
    if not compared(counts):
        return ""
    if counts["interval"] is None:
        return "too few groups or tests" if counts["clusters"] < compared(counts) else "too few calls"
    low, high = (percent(one).removesuffix(" %") for one in counts["interval"])
    worth = round(counts["effective"])
    return f"{low} to {high}" + (f", worth {worth:,}" if worth < compared(counts) else "")


def seconds(duration: float) -> str:
    """Write a duration: `0.4 s`, `14 s`, `3 min 20 s`."""
    if duration < 10:  # noqa: PLR2004 - tenths matter below ten seconds
        return f"{duration:.1f} s".replace(".0 ", " ")
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def tokens(usage: Mapping[str, Any]) -> str:
    """Write the tokens of a USAGE, and what they cost where prices were given; empty where there were none."""
    if not usage["prompt_tokens"] and not usage["completion_tokens"]:
        return ""
    cached = f" ({usage['cached_tokens']:,} cached)" if usage["cached_tokens"] else ""
    thought = f" ({usage['reasoning_tokens']:,} of them reasoning)" if usage["reasoning_tokens"] else ""
    paid = "" if usage["cost"] is None else f", cost {money(usage['cost'])}"
    return f"{usage['prompt_tokens']:,} tokens in{cached}, {usage['completion_tokens']:,} out{thought}{paid}"


def money(amount: float) -> str:
    """Write an amount in whatever currency the prices are: `12.34`, `0.0312`, `less than 0.0001`, `0`."""
    if not amount:
        return "0"
    if amount < _LEAST_MONEY:
        return f"less than {_LEAST_MONEY:f}".rstrip("0")
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"


def ruling(report: Mapping[str, Any]) -> str:
    """Write the ruling on a report in one line, the same wherever it is told."""
    found = report["ruling"]
    return f"distil: {_judged(report)}{_verdict(found)}"


def _judged(report: Mapping[str, Any]) -> str:
    """Write the rate that is judged; where there is none, one that is there."""
    found = report["ruling"]
    counts = found["counts"]
    n = compared(counts)
    if n:
        shown = percent(counts["agreement"], beside=found["overall"]["threshold"] if found["overall"] else None)
        known = f"Wilson {interval(counts)}" if counts["interval"] else f"{interval(counts)} for an interval"
        return f"{shown} agreement on {plural(n, *NOUNS[found['judged']])} ({known})"
    rest = compared(report["totals"])
    if rest:
        none = "none of a new pattern" if found["judged"] == "new-patterns" else "none held out"
        return f"{rate(report['totals'])} agreement on {plural(rest, 'call')}, {none}"
    return "nothing was compared"


def _verdict(found: Mapping[str, Any]) -> str:
    """Write what follows from the rate."""
    if found["interrupted"]:
        return " - interrupted: not judged"
    limit = _limit(found)
    if found["passed"] is None:
        return ": not gated"
    if found["passed"]:
        return f"{limit}: passed"
    reasons = found["reasons"]
    if len(reasons) > 1:
        return f"{limit}: FAILED for {len(reasons):,} reasons"
    # What there is too little of has a remedy, which the rate beside its threshold does not tell.
    told = limit and found["overall"]["lack"] == "agreement" and reasons[0] == found["overall"]["reason"]
    return f"{limit}: FAILED" if told else f"{limit}: FAILED: {visible(reasons[0])}"


def _limit(found: Mapping[str, Any]) -> str:
    """Write how the judged rate stands to its threshold."""
    overall = found["overall"]
    if overall is None or not compared(found["counts"]):
        return ""
    threshold = percent(overall["threshold"])
    bound = ""
    if overall["bound"] is not None:
        least = percent(overall["bound"], beside=overall["threshold"])
        bound = f", at least {least} at {percent(found['confidence'])} confidence"
    sides = {
        None: f"at least {threshold}",
        "agreement": f"below {threshold}",
        "calls": "too few calls to judge",
        "clusters": f"too few groups or tests for {percent(found['confidence'] or 0)} confidence",
        "independent": f"too few to show {threshold}",
    }
    return f"{bound} - {sides[overall['lack']]}"


def _escaped(one: str) -> str:
    """Write an invisible character as Python does."""
    return one.encode("unicode_escape").decode("ascii")


def _data(text: str) -> str:
    """Escape a workflow command's message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a workflow command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
