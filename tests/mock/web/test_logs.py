"""The log is bounded: a repeated line is counted, and a full file makes way."""

import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialtone_kit.mock.web.logs import BoundedHandler
from tests.support.running_mock import Mock


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("dialtone.mock", logging.WARNING, __file__, 1, text, None, None)


def test_a_repeated_line_is_written_once_with_a_count(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", mine.port), timeout=10) as line:
            line.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 400 ")
    assert mine.stop() == 0
    lines = [line for line in mine.log.splitlines() if "Invalid HTTP request" in line]
    assert len(lines) == 2
    assert lines[1].endswith("(49 more times)")


def test_a_full_log_makes_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mock.log"
    with file.open("a") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        handler = BoundedHandler(file, full=2_000)
        for number in range(1000):
            handler.emit(record(f"line {number}"))
    old = tmp_path / "mock.log.1"
    assert file.stat().st_size < 2_000
    assert 2_000 <= old.stat().st_size < 2_100
    assert old.stat().st_mode & 0o077 == 0
    assert "line 999" in old.read_text() + file.read_text()
