"""A small HTTP server on a port of this machine, for what a lesson puts next to the service."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 10  # seconds for a caller to send its request


class Handler(BaseHTTPRequestHandler):
    """One connection to a `Loopback`. It writes no log: a request line could hold a token."""

    timeout = PATIENCE

    def answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole answer."""
        self.send_response_only(status)
        own = {"date": self.date_time_string(), "content-length": str(len(content))}
        for name, value in (own | {n.lower(): v for n, v in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """No log."""


class Loopback:
    """Serves on a free port, in a thread, until `close()`."""

    def __init__(self, handler: type[Handler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        often = {"poll_interval": 0.1}  # seconds: how soon it notices that it is to end
        threading.Thread(target=self._server.serve_forever, kwargs=often, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.shutdown()
        self._server.server_close()
