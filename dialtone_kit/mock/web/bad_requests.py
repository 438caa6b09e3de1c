"""Requests that are not even HTTP get a JSON error, too: clients that poll trip over plain text."""

from __future__ import annotations

import json

from dialtone_kit.base.reason import description
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import MAX_HEAD
from dialtone_kit.mock.web.connections import Connection
from dialtone_kit.mock.web.dates import in_http


class JsonErrors(Connection):
    """The server's protocol, with its own answers in the shape of all the others.

    A head that never ends is cut off, since the parser would keep all of it. gate.py counts exactly
    what fits into one piece from the network.
    """

    _head = 0  # bytes received of a head that is not complete yet

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of this request does not end within 64 KiB.")

    def on_headers_complete(self) -> None:
        self._head = -(2**62)  # what follows is the body, which is counted elsewhere
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", msg)

    def send_408_response(self) -> None:
        self._refuse(b"408 Request Timeout", "This request did not come whole in time. Try again.")

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
