"""Every error that pytest-distil raises.

DistilError
├── DeclarationError    (also a TypeError)
├── SettingError        (also a ValueError)
├── EncodingError       (also a ValueError)
│   └── RedactedError
├── DataError           (also a ValueError)
├── ModelError
└── InvalidAnswer
"""

from __future__ import annotations


class DistilError(Exception):
    """Something in pytest-distil, or in what it was given, is wrong."""


class DeclarationError(DistilError, TypeError):
    """A mark stands where it cannot stand, or contradicts another."""


class SettingError(DistilError, ValueError):
    """An option or setting has a value that it cannot have."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class EncodingError(DistilError, ValueError):
    """A value cannot be recorded without loss."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        """Where in the value, such as `$.items[0].price`."""
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class RedactedError(EncodingError):
    """A result tells what was redacted from the arguments of its call."""


class DataError(DistilError, ValueError):
    """A file does not hold what it should."""

    def __init__(self, path: object, message: str, *, line: int | None = None) -> None:
        super().__init__(path, message)  # what is pickled; the line follows with the attributes
        self.path = str(path)
        self.message = message
        self.line = line
        """Line number, from 1."""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


class ModelError(DistilError):
    """A model cannot be asked at all: it is not there, or its name means nothing."""


class InvalidAnswer(DistilError):
    """The model's answer is not a value of the task's return type."""

    def __init__(self, task: str, reason: str) -> None:
        super().__init__(task, reason)
        self.task = task
        self.reason = reason

    def __str__(self) -> str:
        return f"the model's answer for {self.task} is invalid: {self.reason}"
