"""What is done with a task's calls where no collecting or evaluating run watches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pytest_distil.mark.errors import DeclarationError

Mode = Literal["distil", "dispatch"]
Fallback = Literal["original", "raise"]

OPTIONS = ("mode", "model", "client", "fallback", "shadow", "timeout", "card")
"""What the decorators take of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Production:
    """How one task is to run in production, as declared; the environment may say otherwise."""

    mode: Mode = "distil"
    """Who answers: the original, or with `dispatch` the model."""
    model: str | None = None
    client: Any = None
    """The user's own `OpenAI` or `AsyncOpenAI`, used as it is."""
    fallback: Fallback = "original"
    """What happens where the model's answer is invalid or failed."""
    shadow: float = 0.0
    """The share of calls, 0 to 1, for which the original runs beside the model to be compared with it."""
    timeout: float = 30.0
    """Seconds that a caller waits for the model at most, tries and waits between them included."""
    card: str | None = None
    """A file that `pytest-distil models export` wrote; a relative path starts beside the function's own file."""
    handlers: tuple[Any, ...] = ()
    """`logging.Handler`s that get a line for each call of the original."""
    log_format: str | None = None
    """The shape of those lines; None for the default."""

    def __post_init__(self) -> None:
        for option, value, choices in (("mode", self.mode, Mode), ("fallback", self.fallback, Fallback)):
            if value not in get_args(choices):
                raise DeclarationError(f"{option} is {' or '.join(map(repr, get_args(choices)))}, not {value!r}")
        if not 0 <= self.shadow <= 1:
            raise DeclarationError(f"shadow is a share of calls from 0 to 1, not {self.shadow!r}")
        if not self.timeout > 0:
            raise DeclarationError(f"timeout is in seconds, above 0, not {self.timeout!r}")

    @property
    def is_idle(self) -> bool:
        """Whether nothing but the original is to run."""
        return self.mode == "distil" and not self.handlers


IDLE = Production()
