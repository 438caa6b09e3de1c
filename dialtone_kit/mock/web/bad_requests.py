"""Requests that are not even HTTP get a JSON error, too: clients that poll fail on plain text."""

from __future__ import annotations

import json

from dialtone_kit.base.reason import description
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import MAX_HEAD
from dialtone_kit.mock.web.connections import Connection
from dialtone_kit.mock.web.dates import in_http

MAX_FRAMES = 8 * MAX_HEAD  # bytes around the chunks of a body: enough for one byte in each chunk


class JsonErrors(Connection):
    """The server's protocol, with its own answers in the same shape as all others.

    A head that never ends is cut off, since the parser would keep all of it, and so are chunks with
    too much around them, such as an endless trailer. gate.py counts exactly what fits into one
    piece from the network.
    """

    _beside, _most = 0, MAX_HEAD  # bytes of a message besides its body, and the most allowed

    def data_received(self, data: bytes) -> None:
        self._beside += len(data)
        super().data_received(data)
        if self._beside > self._most and not self.transport.is_closing():
            self._cut_off()

    def on_headers_complete(self) -> None:
        self._beside, self._most = 0, MAX_FRAMES
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside, self._most = 0, MAX_HEAD
        super().on_message_complete()

    def _cut_off(self) -> None:
        if self._most == MAX_HEAD:
            self.send_400_response("The head of this request does not end within 64 KiB.")
        elif self.cycle is not None and self.cycle.response_started:
            self.transport.abort()
        else:
            self.send_400_response("There is too much around the chunks of this body.")

    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", msg)

    def send_408_response(self) -> None:
        self._refuse(
            b"408 Request Timeout", "This request did not arrive in full in time. Try again."
        )

    def _refuse(self, status: bytes, text: str) -> None:
        problem = {"error": "invalid_request", "error_description": description(text)}
        body = json.dumps(problem).encode()
        head = (
            b"HTTP/1.1 %s\r\n"
            b"date: %s\r\n"
            b"content-type: application/json\r\n"
            b"cache-control: no-store\r\n"
            b"content-length: %d\r\n"
            b"connection: close\r\n\r\n"
        )
        date = in_http(int(clock.machine_now()))
        self.transport.write(head % (status, date, len(body)) + body)
        self.transport.close()
