"""A small HTTP server on a port of this machine, for what a lesson sets up itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
    """A response: JSON, and header fields besides those of its body."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer, name, now))
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        serve = threading.Thread(target=self._server.serve_forever, args=(OFTEN,), daemon=True)
        serve.start()

    def close(self) -> None:
        """Stop serving; doing so twice is fine."""
        self._server.shutdown()
        self._server.server_close()


def _handler(
    answer: Callable[[Asked], Answered], name: str, now: Callable[[], float | None]
) -> type[BaseHTTPRequestHandler]:
    """The handler class that http.server makes an object of for each connection."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version, sys_version = name, ""

        def do_GET(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = min(int(length), LONGEST) if length.isdecimal() else 0
            asked = Asked(self.command, self.path, self.headers, self.rfile.read(size))
            self._send(answer(asked))

        do_POST = do_GET

        def _send(self, answered: Answered) -> None:
            sent = json.dumps(answered.body).encode()
            self.send_response(answered.status)
            fields = {"Content-Type": "application/json", "Content-Length": str(len(sent))}
            for name, content in (fields | dict(answered.headers)).items():
                self.send_header(name, content)
            self.end_headers()
            self.wfile.write(sent)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(now() if timestamp is None else timestamp, usegmt=True)

        def log_message(self, format: str, *arguments: object) -> None:
            """No log: a request line could hold a token."""

    return Handler
