"""A judge reaches this machine's own servers and nothing else, whatever a learner's code asks for.

The lesson's client calls any URL; in a judge, a learner's code chooses it.
"""

from __future__ import annotations

import sys
from typing import Any

import psutil

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Outward:
    """Allows connections to `ports`, and to servers of this process and its children."""

    def __init__(self, *ports: int) -> None:
        self._ports = set(ports)

    def guard(self) -> None:
        """From here on, for as long as the process lives."""
        sys.addaudithook(self._audited)

    def _audited(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._judge(args[1])
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
            self._must_be_here(args[0] if event != "socket.sendto" else args[1][0])

    def _judge(self, address: object) -> None:
        if not isinstance(address, tuple):  # a socket of this machine, by its path
            return
        self._must_be_here(address[0])
        if address[1] not in self._ports and not _is_ours(address[1]):
            raise ConnectionRefusedError("A judge talks to its own servers only.")

    def _must_be_here(self, host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in _HERE:
            raise ConnectionRefusedError("A judge talks to this machine only.")


def _is_ours(port: int) -> bool:
    """Whether a process of ours listens there."""
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        try:
            listening = process.net_connections("inet")
        except psutil.Error:
            continue
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in listening):
            return True
    return False
