"""A real HTTP server on loopback that plays OpenAI's files, models and fine-tuning jobs, well or as badly as asked.

    with TuningServer() as server:
        jobs = Jobs.at(Endpoint(server.url))
    assert 1 == len(server.created)

A job moves one step each time that it is retrieved, along `Script.statuses`. What can go wrong: a training file that
is no good fails its job while it is validated, as at OpenAI; `server.faults` holds responses that come in place of
the right ones, by route (`"POST /files"`), each once.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from support.tuning_world import Body, Script, Tuning, error

__all__ = ["Fault", "Script", "TuningServer"]


@dataclass(frozen=True)
class Fault:
    """A response that comes in place of the right one."""

    status: int = 500
    message: str = "the server had an error"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection without a response."""
    after: bool = False
    """Do what was asked before it goes wrong, so that only the response is lost."""


class TuningServer(Tuning):
    """The server, running between `with` and its end."""

    def __init__(self, script: Script | None = None, *, shutdown: str | None = None, key: str = "") -> None:
        super().__init__(script or Script(), shutdown=shutdown)
        self.asked: list[str] = []
        """All requests: `GET /models/gpt`."""
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.key = key
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each response waits for the other side's delayed acknowledgement
    owner: TuningServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer."""
        self._handle("GET")

    def do_POST(self) -> None:
        """Answer."""
        self._handle("POST")

    def _handle(self, verb: str) -> None:
        url = urlsplit(self.path)
        route = url.path.removeprefix("/v1/").strip("/").split("/")
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.owner.asked.append(f"{verb} /{'/'.join(route)}")
        fault = self._fault(f"{verb} /{'/'.join(route)}")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.owner.key and self.headers["authorization"] != f"Bearer {self.owner.key}":
            return self._send(401, error(f"Incorrect API key: {self.headers['authorization']}", "invalid_api_key"))
        if fault is None or fault.after:
            status, body = self.owner.answer(route, verb, query, self._body(sent))
        if fault is None:
            return self._send(status, body)
        if fault.cut:
            self.close_connection = True
            return None
        return self._send(fault.status, error(fault.message, fault.code), fault.headers)

    def _fault(self, route: str) -> Fault | None:
        waiting = self.owner.faults[route]
        return waiting.pop(0) if waiting else None

    def _body(self, sent: bytes) -> Any:
        """Return a request's JSON, or name and content of the file that it uploads."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return json.loads(sent or b"{}")
        whole = BytesParser().parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + sent)
        parts = whole.get_payload()
        assert isinstance(parts, list)
        file = next(part for part in parts if part.get_filename())  # type: ignore[union-attr]
        return file.get_filename(), file.get_payload(decode=True)  # type: ignore[union-attr]

    def _send(self, status: int, body: Body, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
