"""Connections that only wait, so many that a service without a plan for them has no descriptors."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

DESCRIPTORS, CROWD = 192, 400


def crowded(port: int, processes: Iterable[int], sent: bytes, *, every: int) -> Iterator[None]:
    """Open CROWD connections to a service whose processes may have DESCRIPTORS each.

    Each connection sends `sent` and nothing more. After `every` of them it's your turn to look;
    they are closed at the end.
    """
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with ExitStack() as opened:
        for number in range(1, CROWD + 1):
            line = socket.create_connection(("127.0.0.1", port), timeout=10)
            opened.enter_context(line)
            line.sendall(sent)
            if number % every == 0:
                yield
