"""What type checkers see of marked methods: they bind as before, in either order of decorators.

Checked by `tox run -e types`, never run. A line that must be refused says so for mypy and for pyright.
"""

from __future__ import annotations

from typing import assert_type

from pytest_distil import distil


class Parser:
    """Reads numbers in some base."""

    def __init__(self, base: int) -> None:
        self.base = base

    @distil
    def bare(self, text: str) -> int:
        """Return the number."""
        return int(text, self.base)

    @distil(exclude={"self"})
    def configured(self, text: str, *, strict: bool = True) -> int | None:
        """Return the number, or None where there is none."""
        return int(text, self.base) if strict else None

    @distil
    async def awaited(self, text: str) -> int:
        """Return the number."""
        return int(text, self.base)

    @classmethod
    @distil
    def class_above(cls, base: int) -> Parser:
        """Return a parser."""
        return cls(base)

    @distil
    @classmethod
    def class_below(cls, base: int) -> Parser:
        """Return a parser."""
        return cls(base)

    @distil(name="parser.for_base")
    @classmethod
    def class_configured(cls, base: int) -> Parser:
        """Return a parser."""
        return cls(base)

    @staticmethod
    @distil
    def static_above(text: str) -> bytes:
        """Return the text as bytes."""
        return text.encode()

    @distil
    @staticmethod
    def static_below(text: str) -> bytes:
        """Return the text as bytes."""
        return text.encode()

    @distil(name="parser.encoded")
    @staticmethod
    def static_configured(text: str) -> bytes:
        """Return the text as bytes."""
        return text.encode()


async def results_keep_their_types(parser: Parser) -> None:
    """A bound call has the type that the original returns."""
    assert_type(parser.bare("1"), int)
    assert_type(Parser.bare(parser, "1"), int)
    assert_type(parser.configured("1", strict=False), int | None)
    assert_type(await parser.awaited("1"), int)


def class_methods_keep_their_types(parser: Parser) -> None:
    """A class method binds the class, called on the class or on an object."""
    assert_type(Parser.class_above(10), Parser)
    assert_type(parser.class_above(10), Parser)
    assert_type(Parser.class_below(10), Parser)
    assert_type(parser.class_below(10), Parser)
    assert_type(Parser.class_configured(10), Parser)


def static_methods_keep_their_types(parser: Parser) -> None:
    """A static method binds nothing, called on the class or on an object."""
    assert_type(Parser.static_above("a"), bytes)
    assert_type(parser.static_above("a"), bytes)
    assert_type(Parser.static_below("a"), bytes)
    assert_type(parser.static_below("a"), bytes)
    assert_type(Parser.static_configured("a"), bytes)


def wrong_calls_are_refused(parser: Parser) -> None:
    """A call that the original's signature does not allow is refused."""
    parser.bare(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    parser.configured("1", False)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Parser.class_below("10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    parser.static_below()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
