"""A judge talks to its own servers: the port it was told, and what it or a child listens on."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

SCRIPT = """
import socket, sys
from dialtone_kit.classroom.grading.outward import Outward

def reached(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 2).close()
    except ConnectionRefusedError as refused:
        return str(refused)
    return "reached"

told, other = map(int, sys.argv[1:])
own = socket.create_server(("127.0.0.1", 0))
Outward(told).guard()
print(reached(told), reached(own.getsockname()[1]), reached(other), sep="\\n")
print(reached(80, "192.0.2.1"), reached(80, "example.com"), sep="\\n")
"""


@pytest.fixture
def ports() -> Iterator[list[int]]:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()


def test_a_judge_reaches_its_servers_and_nothing_else(ports: list[int]) -> None:
    arguments = [sys.executable, "-c", SCRIPT, *map(str, ports)]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.splitlines() == [
        "reached",
        "reached",
        "A judge talks to its own servers only.",
        "A judge talks to this machine only.",
        "A judge talks to this machine only.",
    ]
