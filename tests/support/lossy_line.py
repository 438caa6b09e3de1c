"""A proxy to a PostgreSQL server that breaks at the worst moment: around a COMMIT."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class LossyLine:
    """Forwards everything from a port of its own, until `lose` makes it break."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server, self._lose = server, ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, what: str) -> None:
        """Break at the next COMMIT: lose the "request" before it arrives, or the "answer" to it."""
        self._lose = what

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._server)
                broken = threading.Event()
                threading.Thread(target=self._up, args=(near, far, broken), daemon=True).start()
                threading.Thread(target=self._down, args=(near, far, broken), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket, broken: threading.Event) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if self._lose and b"COMMIT\0" in data:
                    lost, self._lose = self._lose, ""
                    broken.set()
                    if lost == "request":
                        break
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR if broken.is_set() else socket.SHUT_WR)

    def _down(self, near: socket.socket, far: socket.socket, broken: threading.Event) -> None:
        with suppress(OSError):
            while (data := far.recv(65536)) and not broken.is_set():
                near.sendall(data)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
