"""A model that doubles numbers, and is wrong where it is told to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def wrong_on(*numbers: int) -> Callable[[Mapping[str, Any]], str]:
    """Return a model that doubles, but for some numbers."""

    def answer(body: Mapping[str, Any]) -> str:
        number = json.loads(body["messages"][-1]["content"])["number"]
        return json.dumps({"value": -1 if number in numbers else 2 * number})

    return answer
