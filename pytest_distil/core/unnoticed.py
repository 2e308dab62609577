"""Running code of the user's types a second time, so that the program under observation does not see it."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from contextvars import Token
from typing import Any, Self

from pytest_distil.mark import tap


class Unnoticed:
    """Until the block ends, in this context: marked functions are not observed.

    With `muted`, what is printed, warned of and logged is dropped too; other threads are heard as ever.
    """

    __slots__ = ("_muted", "_token")

    def __init__(self, *, muted: bool) -> None:
        self._muted = muted

    def __enter__(self) -> Self:
        self._token: Token[bool] = tap.unobserved.set(True)
        if self._muted:
            _MUTE.begin()
        return self

    def __exit__(self, *_: object) -> None:
        if self._muted:
            _MUTE.end()
        tap.unobserved.reset(self._token)


class _Mute:
    """Stands in the ways of output while somebody needs it; blocks may overlap between threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a finalizer may come here while it is held
        self._users = 0
        self._streams: dict[str, _Stream] = {}
        self._filters: list[Any] = []
        self._handle = logging.Logger.handle

    def begin(self) -> None:
        """Stand in the ways of output."""
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            for name in ("stdout", "stderr"):
                if (stream := getattr(sys, name)) is not None:
                    self._streams[name] = _Stream(stream)
                    setattr(sys, name, self._streams[name])
            self._filters = warnings.filters  # type: ignore[assignment] # a list; typeshed says a sequence
            self._filters.insert(0, _IGNORE)
            self._handle = logging.Logger.handle
            logging.Logger.handle = _handled_by(self._handle)  # type: ignore[method-assign]

    def end(self) -> None:
        """Go out of the way again, where nothing else stands there by now."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for name, ours in self._streams.items():
                if getattr(sys, name) is ours:
                    setattr(sys, name, ours.stream)
            self._filters.remove(_IGNORE)
            logging.Logger.handle = self._handle  # type: ignore[method-assign]


class _Stream:
    """A text stream that drops what unobserved code prints."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> Any:
        """Write, unless the code that runs is unobserved."""
        return len(text) if tap.unobserved.get() else self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Unobserved:
    """What a warnings filter has for a pattern: matches every message while the code that runs is unobserved."""

    def match(self, _: str) -> bool:
        """Say whether the filter holds."""
        return tap.unobserved.get()


def _handled_by(handle: Any) -> Any:
    """Return `Logger.handle` for what is observed."""

    def handled(self: logging.Logger, record: logging.LogRecord) -> None:
        if not tap.unobserved.get():
            handle(self, record)

    return handled


_IGNORE = ("ignore", _Unobserved(), Warning, None, 0)
_MUTE = _Mute()
