"""What type checkers see of marked functions: exactly the function that was marked.

Checked by `tox run -e types`, never run. A line that must be refused says so for mypy and for pyright.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, assert_type

from pytest_distil import Compare, close, distil, ignore_case, ignored, similar, unordered

T = TypeVar("T")


@distil
def bare(text: str, *, times: int = 1) -> list[str]:
    """Return `text` several times."""
    return [text] * times


@distil(
    name="shop.priced",
    dataset="shop",
    group="text",
    instructions="Say what it costs.",
    exclude={"client"},
    compare=Compare(
        fields={
            "summary": similar(0.8),
            "tags": unordered,
            "note": ignored("free text"),
            "title": ignore_case,
            "total": close(rel=1e-9),
        }
    ),
    format="tools",
    original="recorded",
)
def configured(text: str, client: object) -> float:
    """Return what is said of the price."""
    return float(text)


@distil
async def bare_async(number: int, /) -> str:
    """Return a number in words."""
    return str(number)


@distil(name="words")
async def configured_async(number: int, /) -> str:
    """Return a number in words."""
    return str(number)


@distil
def generic(items: list[T]) -> T:
    """Return the first item."""
    return items[0]


@distil()
def no_options(text: str) -> int:
    """Return the length."""
    return len(text)


def results_keep_their_types() -> None:
    """A call has the type that the original returns."""
    assert_type(bare("a", times=2), list[str])
    assert_type(configured("1", object()), float)
    assert_type(generic([1, 2]), int)
    assert_type(no_options("a"), int)


async def awaited_results_keep_their_types() -> None:
    """An awaited call has the type that the original returns."""
    assert_type(await bare_async(1), str)
    assert_type(await configured_async(1), str)


async def wrong_calls_are_refused() -> None:
    """A call that the original's signature does not allow is refused."""
    bare(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    bare("a", 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    bare()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await bare_async(number=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    configured("1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def wrong_options_are_refused() -> None:
    """An option that does not exist, and a value that an option cannot have, are refused."""
    distil(title="x")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    distil(original="maybe")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    Compare(fields={"total": "close"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


def marked_functions_are_functions() -> None:
    """A marked function goes wherever the original could go."""
    plain: Callable[[str], list[str]] = bare
    coroutine: Callable[[int], Coroutine[Any, Any, str]] = bare_async
    wrong: Callable[[int], str] = bare  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    for function in (plain, coroutine, wrong):
        assert callable(function)
