"""Why a service ended: never by an ordinary refusal from minutes before."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit.local.last_words import MOMENTS, LastWords

AT = "2026-11-27 22:33:31,257"
REFUSAL = f"{AT} WARNING dialtone.mock: proof refused in realm lab-1: jwk_is_public\n"
ERROR = f"{AT} ERROR dialtone.mock: the disk is full.\n"
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1\n\nOSError: no room\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mock.log"
    path.touch(mode=0o600)
    return path


def say(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (REFUSAL, ""),
        (ERROR + REFUSAL, "the disk is full."),
        (REFUSAL + TRACEBACK + REFUSAL, "OSError: no room."),
        (f"{REFUSAL}dialtone: Port 9 is taken.\n", "Port 9 is taken."),
        ("", ""),
    ],
)
def test_only_an_error_counts(log: Path, said: str, error: str) -> None:
    words = LastWords(log)
    say(log, said)
    last = f" Its last error: {error}" if error else ""
    assert words.why(-9) == f"The service ended by SIGKILL.{last} Its log: {log} ."
    assert words.why(3) == f"The service ended with exit code 3.{last} Its log: {log} ."


def test_only_the_last_moments_count(log: Path) -> None:
    words = LastWords(log)
    say(log, ERROR)
    for _ in range(MOMENTS - 1):
        words.look()
    assert "the disk is full" in words.why(1)
    words.look()
    assert "the disk is full" not in words.why(1)


def test_a_log_that_began_anew_counts_from_its_beginning(log: Path) -> None:
    say(log, REFUSAL * 9)
    words = LastWords(log)
    log.write_text(ERROR)
    assert "the disk is full" in words.why(1)


def test_without_a_log_it_is_said_how_it_ended(tmp_path: Path) -> None:
    assert "with exit code 1" in LastWords(tmp_path / "mock.log").why(1)
