"""The raw record of `instructor`'s distillation (`FinetuneFormat.RAW`): for export only, nothing is asked with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_distil.core.brief import Brief
from pytest_distil.core.text import Json
from pytest_distil.formats.fit import ordered
from pytest_distil.formats.wording import definition, in_order


def record(brief: Brief, arguments: Mapping[str, Json], result: Json) -> dict[str, Any]:
    """Return one call as a record: every argument by its name, the function without its body."""
    return {
        "fn_name": brief.name,
        "fn_repr": definition(brief),
        "args": [],
        "kwargs": in_order(brief, arguments),
        "resp": ordered(brief, result),
        "schema": brief.schema,
    }
