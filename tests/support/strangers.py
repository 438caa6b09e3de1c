"""Programs that sit on our port and are not our service."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def stranger(port: int, body: object = "Hello") -> Iterator[list[str]]:
    """Answer every request with `body`; yields all that was heard, headers and all."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.requestline}\n{self.headers}")
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_DELETE = do_GET

        def log_message(self, *parts: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silence(port: int) -> Iterator[None]:
    """Take calls, and never say a word."""
    with socket.create_server(("127.0.0.1", port)):
        yield


@contextmanager
def dripping(port: int, start: bytes) -> Iterator[None]:
    """Take calls, say `start`, and from then on a byte now and then, forever."""
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(start)
            while not ended.wait(0.05):
                connection.sendall(b" ")

    def listen(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as server:
        threading.Thread(target=listen, args=(server,), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)


class Lurker:
    """Another user's program: it waits for a port, takes it when it can, and keeps what it hears.

    It answers everything with 200 and a little JSON, so that a caller keeps talking.
    """

    def __init__(self, port: int) -> None:
        self.port, self.heard = port, bytearray()
        self.connections = 0
        self.has_port = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._lurk, daemon=True)

    def __enter__(self) -> Lurker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)

    def _lurk(self) -> None:
        while not self._end.is_set():
            try:
                server = socket.create_server(("127.0.0.1", self.port))
            except OSError:
                time.sleep(0.001)
                continue
            with server:
                self.has_port.set()
                server.settimeout(0.05)
                self._listen(server)

    def _listen(self, server: socket.socket) -> None:
        while not self._end.is_set():
            with suppress(TimeoutError):
                connection, _ = server.accept()
                self.connections += 1
                threading.Thread(target=self._listen_to, args=(connection,), daemon=True).start()

    def _listen_to(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(2)
            while data := connection.recv(65536):
                self.heard += data
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b'Content-Length: 15\r\n\r\n{"answer": "x"}'
                )
