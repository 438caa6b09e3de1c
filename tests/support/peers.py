"""Servers on a real socket that say whatever a test makes them say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

JSON = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
Speak = Callable[[socket.socket], None]


@contextmanager
def peer(speak: Speak) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and then says whatever `speak` makes it say."""
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client hangs up, as it should
            heard.append(connection.recv(65536))
            speak(connection)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)


def saying(answer: bytes) -> Speak:
    return lambda connection: connection.sendall(answer)


def body(content: bytes, head: bytes = JSON) -> Speak:
    return saying(head + b"Content-Length: %d\r\n\r\n" % len(content) + content)
