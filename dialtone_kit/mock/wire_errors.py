"""Also what is no HTTP at all gets its answer as JSON: clients poll, and trip over a text error."""

from __future__ import annotations

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JsonErrors(HttpToolsProtocol):
    """The server's protocol, with its one answer of its own in the shape of all the others."""

    def send_400_response(self, msg: str) -> None:
        told = {"error": "invalid_request", "error_description": msg}
        body = json.dumps(told).encode()
        head = (
            b"HTTP/1.1 400 Bad Request\r\n"
            b"content-type: application/json\r\n"
            b"cache-control: no-store\r\n"
            b"content-length: %d\r\n"
            b"connection: close\r\n\r\n"
        )
        self.transport.write(head % len(body) + body)
        self.transport.close()
