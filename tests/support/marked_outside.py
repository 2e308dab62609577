"""Functions of all sorts that others mark by their paths, and references to them of all sorts."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any


def plain(n: int) -> int:
    """Return the next number."""
    return n + 1


def everything(a: int, /, b: int = 2, *rest: int, key: int = 3, **more: int) -> tuple[Any, ...]:
    """Return what arrived."""
    return (a, b, rest, key, more)


class Base:
    """Has what a method of a subclass asks for."""

    def asks_its_class(self) -> Any:
        """Return a word."""
        return "base"


class Shop(Base):
    """Methods of every kind."""

    @staticmethod
    def static(n: int) -> int:
        """Return the number."""
        return n

    @classmethod
    def of_class(cls, n: int) -> tuple[str, int]:
        """Return the class's name too."""
        return (cls.__name__, n)

    def method(self, n: int) -> int:
        """Return the number."""
        return n

    def asks_its_class(self) -> Any:
        """Return the names that the cell and `super()` give."""
        return (__class__.__name__, super().asks_its_class())  # type: ignore[name-defined]

    def private(self, *, __secret: int) -> int:
        """Take a parameter whose name is mangled."""
        return __secret


def fibonacci(n: int) -> int:
    """Call itself."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


async def fetch(n: int) -> int:
    """Return the next number, awaited."""
    return n + 1


def raises() -> int:
    """Fail."""
    raise ValueError("no")


def _calling(function: Callable[[int], int]) -> Callable[[int], int]:
    def call(n: int) -> int:
        return function(n)

    return call


def _make_counter() -> Callable[[], int]:
    count = 0

    def counter() -> int:
        nonlocal count
        count += 1
        return count

    return counter


counter_of = _make_counter()
static_alias = Shop.static
bound_class_method = Shop.of_class
bound_method = Shop().method
partial_of_plain = functools.partial(plain, 1)
closure = _calling(plain)
TABLE = {"plain": plain}


def with_default(function: Callable[[int], int] = plain) -> int:
    """Hold a function as a default."""
    return function(1)


class Property:
    """What cannot be marked."""

    @property
    def value(self) -> int:
        """Return a number."""
        return 1

    def __init__(self) -> None:
        self.made = True

    def valued(self) -> int:
        """Return a number, and can be marked."""
        return self.value

    @functools.lru_cache  # noqa: B019 - what is refused
    def cached(self) -> int:
        """Return a number."""
        return 1

    @functools.cached_property
    def kept(self) -> int:
        """Return a number."""
        return 1


def generator() -> Any:
    """Yield."""
    yield 1


class Hostile:
    """Answers nothing that it is asked, and wraps itself without end."""

    def __init__(self) -> None:
        self.__dict__["__wrapped__"] = self

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __call__(self) -> int:
        """Return a number."""
        return 1

    def __repr__(self) -> str:
        raise RuntimeError("shown")


hostile = Hostile()
cached = functools.lru_cache(plain)
partial_of_method = functools.partial(Shop.static, 1)
builtin = len


def descend(n: int) -> int:
    """Call itself, `n` levels deep."""
    return 0 if n == 0 else 1 + descend(n - 1)


def warns() -> int:
    """Warn."""
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    return 1


async def fetch_down(n: int) -> int:
    """Await itself, `n` levels deep."""
    return 0 if n == 0 else 1 + await fetch_down(n - 1)


@functools.lru_cache
def only_cached(n: int) -> int:
    """Return the number."""
    return n
