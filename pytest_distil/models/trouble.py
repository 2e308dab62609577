"""What it means when a request brings no completion: try again, wait, or give up."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection, Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Any

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError

from pytest_distil.core.prompt import Unanswered

_RENAMED = {"max_tokens": "max_completion_tokens"}
"""OpenAI's reasoning models take the new name only, most other servers the old one only."""

_REFUSING = re.compile(r"unsupported|not support|deprecat|not permitted|not allowed|unrecognized|unknown|unexpected")
_TOO_LONG = re.compile(
    r"context.?length|context.?window|context.?size|maximum.{0,20}tokens|too many tokens|(prompt|input) is too long"
)
_NO_QUOTA = re.compile(r"insufficient.{0,3}(quota|balance|credit|funds)|exceeded your current quota|billing")
_FLAGGED = re.compile(r"moderation|flagged|content.?policy|content.?filter")

_LONGEST_REASON = 300

_NEVER_BETTER = {
    401: "check the API key",
    402: "the account has no credit",
    403: "the API key may not do this",
    404: "check the model's id and the base URL, which usually ends in /v1",
    405: "check the base URL, which usually ends in /v1",
}
"""Statuses after which no request of a run does better, and what to do."""

_LIMITED = 429
_RETRIED = (408, 409, 425, _LIMITED)
_SERVERS_FAULT = 500


def unreached(error: APIConnectionError, *, secret: str) -> Unanswered:
    """Say what a request without a response means; only a server that took it and was slow counts as reached."""
    cause = error.__cause__
    if isinstance(error, APITimeoutError) and not isinstance(cause, httpx2.ConnectTimeout):
        return Unanswered("the server did not answer in time", retry=True, silent=True)
    reason = f"no connection: {_root(error)}".replace(secret, "***")
    return Unanswered(reason[:_LONGEST_REASON], retry=True, reached=False)


def unanswered(error: APIStatusError, *, secret: str) -> Unanswered:
    """Say what a status that is no success means; `secret` is the key, which some servers repeat."""
    status, message = error.status_code, _message(error).replace(secret, "***")
    reason = f"status {status}: {message}"[:_LONGEST_REASON]
    told = f"{error.code} {error.type} {message}".lower()
    if status in (402, _LIMITED) and _NO_QUOTA.search(told):
        return Unanswered(f"no quota: {reason}", fatal=True)
    if status in _NEVER_BETTER and not _FLAGGED.search(told):
        return Unanswered(f"{reason}; {_NEVER_BETTER[status]}", fatal=True)
    headers = error.response.headers
    again = (status in _RETRIED or status >= _SERVERS_FAULT) and headers.get("x-should-retry") != "false"
    return Unanswered(reason, retry=again, retry_after=retry_after(headers), limited=status == _LIMITED)


def too_long(error: APIStatusError) -> bool:
    """Tell whether the prompt does not fit into the model's context."""
    told = f"{error.code} {error.type} {_message(error)}".lower()
    return error.status_code in (400, 413, 422) and _TOO_LONG.search(told) is not None


def refused_parameter(error: APIStatusError, body: Mapping[str, Any]) -> str | None:
    """Return the parameter of a request that the server does not take and that an answer may do without."""
    if error.status_code not in (400, 422):
        return None
    told = f"{error.param} {error.code} {_message(error)}".lower()
    if "temperature" in body and _names(told, "temperature"):
        return "temperature"
    # A limit can also be refused for its size, and another name would not help then.
    limits = [name for name in ("max_tokens", "max_completion_tokens") if name in body and _names(told, name)]
    return limits[0] if limits and _REFUSING.search(told) else None


def _names(told: str, parameter: str) -> bool:
    """Tell whether a parameter is named, and not just in a request that is repeated to us."""
    return re.search(rf"(?<![\w\"']){parameter}(?!\w)|'{parameter}'(?!:)", told) is not None


def body_without(body: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    """Return a request's body without the parameters that were refused, renamed where there is another name."""
    renamed = {_RENAMED.get(name, name) if name in refused else name: value for name, value in body.items()}
    return {name: value for name, value in renamed.items() if name not in refused}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return max(0.0, seconds / divisor)
    date = parsedate_tz(headers.get("retry-after", ""))
    try:
        return None if date is None else max(0.0, mktime_tz(date) - time.time())
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _message(error: APIStatusError) -> str:
    """Return the server's own words; `error` may be an object, a text, or something else altogether."""
    body = error.body
    if isinstance(body, Mapping):
        words = next((body[name] for name in ("message", "detail", "msg") if body.get(name)), body)
    else:
        words = body
    return " ".join(str(words).split())


def _root(error: BaseException) -> str:
    """Return what is at the bottom of an exception's causes."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return str(error) or type(error).__name__
