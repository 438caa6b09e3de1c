"""What the small HTTP servers of the lessons share: JSON answers, a limit on time, and no log."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


class PlainHandler(BaseHTTPRequestHandler):
    """Answers one request at a time, on a connection that may wait 10 s for it."""

    timeout = 10
    sys_version = ""

    def answer(self, status: int, body: str, challenge: str = "") -> None:
        """Send `body`, which is JSON; `challenge` goes into `WWW-Authenticate`."""
        sent = body.encode()
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *arguments: object) -> None:
        """No log: a request could hold a token or a secret."""
