"""A real HTTP server on loopback that plays the Hugging Face hub: one model and its files."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "ann/small-GGUF"
_COMMIT = "c" * 40


@contextmanager
def hub(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve the files of `MODEL`, and give what `HF_ENDPOINT` is to be."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            name = path.removeprefix(f"/{MODEL}/resolve/main/").removeprefix(f"/{MODEL}/resolve/{_COMMIT}/")
            if path in (f"/api/models/{MODEL}/tree/main", f"/api/models/{MODEL}/tree/{_COMMIT}"):
                listed = [{"type": "file", "path": one, "size": len(data), "oid": "0"} for one, data in files.items()]
                self._send(200, json.dumps(listed).encode(), {"content-type": "application/json"})
            elif path.startswith(f"/api/models/{MODEL}"):
                about = {"id": MODEL, "sha": _COMMIT, "siblings": [{"rfilename": one} for one in files]}
                self._send(200, json.dumps(about).encode(), {"content-type": "application/json"})
            elif name in files:
                marked = f'"{hashlib.sha256(files[name]).hexdigest()}"'
                self._send(200, files[name], {"etag": marked, "x-repo-commit": _COMMIT})
            else:
                self._send(404, b"{}", {"x-error-code": "RepoNotFound"})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for header, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
