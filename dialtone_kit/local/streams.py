"""A stream that is already open as the socket that `http.client` wants, with one deadline."""

from __future__ import annotations

import io
import socket
import time
from typing import Any, Protocol


class Line(Protocol):
    """As much of a stream of httpx's as a challenge needs; times are in seconds."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...
    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...
    def close(self) -> None: ...


class Stream:
    """A plain socket as such a stream."""

    def __init__(self, plain: socket.socket) -> None:
        self._socket, self.close = plain, plain.close

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(timeout)
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(timeout)
        self._socket.sendall(buffer)


class Socket:
    """As much of a socket as `http.client` uses, with one deadline for all that is read."""

    def __init__(self, stream: Line, timeout: float) -> None:
        self._stream, self._timeout = stream, timeout
        self._deadline = time.monotonic() + timeout

    def sendall(self, data: bytes) -> None:
        self._stream.write(data, self._timeout)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        return io.BufferedReader(_Reading(self._stream, self._deadline))

    def close(self) -> None:
        self._stream.close()


class _Reading(io.RawIOBase):
    def __init__(self, stream: Line, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError  # a stranger who sends a byte at a time could hold us forever
        data = self._stream.read(len(buffer), left)
        buffer[: len(data)] = data
        return len(data)
