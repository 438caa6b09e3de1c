"""A line of JSON messages over a socket, with limits on size, number and time."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

LONGEST = 1024 * 1024  # bytes of one message
MOST = 20_000  # messages that one end sends
ALL = 64 * 1024 * 1024  # bytes of them together
NO_MESSAGE = "It sent something that isn't a message."


class LineBroken(BaseException):
    """The other end is gone, or doesn't keep to the protocol. The text is for a report.

    Not an Exception: no check and no answer may take it for a failure of its own.
    """


class Line:
    """One end. `deadline` is in seconds of the monotonic clock; after it, every wait ends."""

    def __init__(self, end: socket.socket, *, deadline: float = float("inf")) -> None:
        self.deadline = deadline
        self._end, self._rest = end, b""
        self._received = self._bytes = 0
        self._writing = threading.Lock()

    def write(self, message: dict[str, Any]) -> None:
        """Send one message. ValueError if it is too long for the other end."""
        data = json.dumps(message).encode() + b"\n"
        if len(data) > LONGEST:
            raise ValueError(f"this is too large to hand over: {len(data)} bytes")
        with self._writing:
            self._wait_at_most()
            try:
                self._end.sendall(data)
            except TimeoutError:
                raise LineBroken("It took too long.") from None
            except OSError:
                raise LineBroken(_GONE) from None

    def read(self) -> dict[str, Any]:
        """The next message. LineBroken if there is none, or it isn't a message."""
        data = self._next()
        self._received, self._bytes = self._received + 1, self._bytes + len(data)
        if self._received > MOST or self._bytes > ALL:
            raise LineBroken("It sent too many messages.")
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            raise LineBroken(NO_MESSAGE) from None
        if not isinstance(message, dict):
            raise LineBroken(NO_MESSAGE)
        return message

    def close(self) -> None:
        self._end.close()

    def _next(self) -> bytes:
        pieces = [self._rest]
        while b"\n" not in pieces[-1]:
            if sum(map(len, pieces)) > LONGEST:
                raise LineBroken("It sent a message without an end.")
            pieces.append(self._piece())
        found, _, self._rest = b"".join(pieces).partition(b"\n")
        return found

    def _piece(self) -> bytes:
        self._wait_at_most()
        try:
            piece = self._end.recv(65536)
        except TimeoutError:
            raise LineBroken("It took too long.") from None
        except OSError:
            piece = b""
        if not piece:
            raise LineBroken(_GONE)
        return piece

    def _wait_at_most(self) -> None:
        left = self.deadline - time.monotonic()
        self._end.settimeout(None if left == float("inf") else max(left, 0.001))


_GONE = "The program ended before it answered."
