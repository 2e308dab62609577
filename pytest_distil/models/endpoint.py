"""Where models are served, and the key to it: read from the environment, shown without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from pytest_distil.mark.errors import ModelError

OPENAI = "https://api.openai.com/v1"
"""What a key without a base URL is for."""

_NOTHING_SET = (
    "no model server is known: set DISTIL_BASE_URL (or distil_base_url, or OPENAI_BASE_URL) to its base URL,"
    " or DISTIL_API_KEY (or OPENAI_API_KEY) to ask OpenAI"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that speaks the Chat Completions interface."""

    base_url: str
    key: str | None = field(default=None, repr=False)
    """None: the server asks for none."""

    def __post_init__(self) -> None:
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            # Said without the key: the library that would find it out later repeats it.
            raise ModelError("the API key has characters that no key has; copy it again")

    @property
    def shown(self) -> str:
        """Return the base URL without user name, password and query: fit for output, files and digests."""
        parts = urlsplit(self.base_url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def endpoint(variables: Mapping[str, str], *, base_url: str | None = None, needed: bool = True) -> Endpoint:
    """Return the endpoint that environment variables name; `base_url` is the setting `distil_base_url`.

    DISTIL_BASE_URL stands before the setting, the setting before OPENAI_BASE_URL, DISTIL_API_KEY before
    OPENAI_API_KEY. Raises `ModelError` where nothing is set; unless it is not `needed` (stored answers only), then it
    is OpenAI's.
    """
    url = variables.get("DISTIL_BASE_URL") or base_url or variables.get("OPENAI_BASE_URL")
    key = (variables.get("DISTIL_API_KEY") or variables.get("OPENAI_API_KEY") or "").strip()
    if not url and not key and needed:
        raise ModelError(_NOTHING_SET)
    return Endpoint(_checked_url(url or OPENAI), key or None)


def _checked_url(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ModelError(f"the base URL {Endpoint(url).shown!r} is none; write it like http://localhost:8000/v1")
    return url.strip()
