"""Paths into JSON values as users write them: `total`, `items[*].price`, `prices["a b"]`; `$` is the whole value."""

from __future__ import annotations

import json
import re

Step = str | int | None
"""A key, an index, or (in a rule's path) None for any of them."""

_STEP = re.compile(
    r"""(?:^|\.)(?P<name>[^\W\d][\w-]*)     # the names that core.trial writes as they are
    | \[(?P<index>[0-9]{1,9})\]
    | \[(?P<key>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")\]
    | \.\* | \[\*\]
    """,
    re.VERBOSE,
)


def read_path(path: str) -> tuple[Step, ...]:
    """Return the steps of a path, `[*]` and `.*` any step; raise `ValueError` where it cannot be read."""
    text = path.removeprefix("$")
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise ValueError(
                f"the path {path!r} cannot be read from {text[at:]!r} on; "
                'write it like total, items[*].price, prices["a b"] or $'
            )
        steps.append(_step(found))
        at = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    """Return what one piece of a path stands for."""
    if found["index"]:
        return int(found["index"])
    if found["key"]:
        return str(json.loads(found["key"]))
    return found["name"]
