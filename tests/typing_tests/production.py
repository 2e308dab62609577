"""What type checkers see of functions in production: the options, and the ancestor's interface.

Checked by `tox run -e types`, never run. A line that must be refused says so for mypy and for pyright.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from openai import AsyncOpenAI, OpenAI

from pytest_distil import FinetuneFormat, Instructions, distil

instructions = Instructions(
    name="math",
    id="1",
    log_handlers=[logging.StreamHandler()],
    finetune_format=FinetuneFormat.MESSAGES,
    indent=2,
    include_code_body=False,
    openai_client=OpenAI(),
)


@instructions.distil
def bare(a: int, b: int = 1) -> float:
    """Divide."""
    return a / b


@instructions.distil(
    name="math.divided",
    mode="dispatch",
    model="student",
    fine_tune_format="tools",
    client=AsyncOpenAI(),
    fallback="raise",
    shadow=0.05,
    timeout=5.0,
    card="math.distil.json",
)
async def configured(a: int, /) -> float:
    """Halve."""
    return a / 2


@distil(mode="dispatch", model="student", fallback="original", shadow=0.05, timeout=5.0)
def dispatched(a: int) -> float:
    """Halve."""
    return a / 2


assert_type(bare(4, b=2), float)
assert_type(dispatched(4), float)
half: Callable[[int], Coroutine[Any, Any, float]] = configured
assert_type(instructions.track(bare, (4,), {"b": 2}, 2.0), None)

bare("4")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
instructions.distil(mode="off")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
distil(fallback="zero")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
distil(shadow="5 %")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
