"""A small HTTP server on a port of this machine, for what a lesson sets up itself."""

from __future__ import annotations

import json
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

PATIENCE = 10  # seconds for a caller to send its request
OFTEN = 0.02  # seconds between two looks at whether to end
LONGEST = 64 * 1024  # bytes of a body


@dataclass(frozen=True)
class Asked:
    """A request: `path` with its query, header fields by any case of their names, the body."""

    method: str
    path: str
    headers: Message = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Answered:
    """A response: JSON or bytes, and header fields besides those that every response has."""

    status: int
    body: Mapping[str, Any] | bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_basic(asked: Mapping[str, str] | Message) -> tuple[str, str]:
    """The client_id and secret that came by HTTP Basic (RFC 6749 §2.3.1); empty if none did."""
    scheme, _, packed = (asked.get("Authorization") or "").partition(" ")
    try:
        name, _, secret = b64decode(packed).decode().partition(":")
    except ValueError:
        name = secret = ""
    return (unquote_plus(name), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


class Loopback:
    """Answers at `origin` what `answer` makes of each request, until `close()`.

    Several requests may come at the same time. `now` is the time in `Date`, in Unix seconds.
    """

    def __init__(
        self,
        answer: Callable[[Asked], Answered],
        name: str,
        now: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(answer, name, now))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        serve = threading.Thread(target=self._server.serve_forever, args=(OFTEN,), daemon=True)
        serve.start()

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with 5, a few idle callers keep everyone else out

    def handle_error(self, *about: Any) -> None:
        """No traceback in the notebook for a caller that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*about)


def _handler(
    answer: Callable[[Asked], Answered], name: str, now: Callable[[], float | None]
) -> type[BaseHTTPRequestHandler]:
    """The handler class that http.server makes an object of for each connection."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_GET(self) -> None:
            length = self.headers.get("Content-Length", "0")
            host = f"127.0.0.1:{self.connection.getsockname()[1]}"
            if self.headers.get("Host") != host or not length.isdecimal():
                self._send(Answered(400, {"error": "invalid_request"}))  # or DNS rebinding works
            elif int(length) > LONGEST:
                self._send(Answered(413, {"error": "payload_too_large"}))
            else:
                body = self.rfile.read(int(length))
                self._send(answer(Asked(self.command, self.path, self.headers, body)))

        do_POST = do_GET

        def _send(self, answered: Answered) -> None:
            body, fields = answered.body, {"server": name, "date": formatdate(now(), usegmt=True)}
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
                fields["content-type"] = "application/json"
            fields |= {header.lower(): value for header, value in answered.headers.items()}
            self.send_response_only(answered.status)
            for header, value in (fields | {"content-length": str(len(body))}).items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """No log: a request line could hold a token."""

    return Handler
