"""Values of options: read by the same readers as a run's settings, refused by argparse under the option's name."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

from pytest_distil.core import readers
from pytest_distil.mark.errors import SettingError

T = TypeVar("T")


def read_by(reader: Callable[[str, str], T]) -> Callable[[str], T]:
    """Return what argparse reads an option with; it names the option by itself."""

    def read(text: str) -> T:
        try:
            return reader("", text)
        except SettingError as error:
            raise ArgumentTypeError(str(error).removeprefix(": ")) from error

    return read


count = read_by(readers.count)
seconds = read_by(readers.seconds)
positive = read_by(readers.positive)
prices = read_by(readers.prices)
